"""Episodes of large moves: when they opened, how far they went, when they ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from streamlit_app import alert_charts, alert_data, data, states, visits
from streamlit_app.alert_data import CLOSE_REASONS, DIRECTIONS, SEVERITIES, SEVERITY_MARKS
from streamlit_app.charts import put
from streamlit_app.coin_choice import choose_coins, labels, short_names
from streamlit_app.formatting import (
    MOMENT,
    NARROW,
    CellFormats,
    change,
    coloured_change,
    instant,
    price,
    short_instant,
)
from streamlit_app.frame import shown_snapshot
from streamlit_app.periods import AUTO, Span, choose_period, interval_hours

THRESHOLDS = (1, 20)
ROWS_ON_TIMELINE = 25
MOST_NEWS = 8
NEWS = {"opened": f"○{NARROW}opened", "closed": f"✓{NARROW}closed"}
MOST_ROWS = 50
MOST_FILTERED = 20

snapshot = shown_snapshot()
coins = data.coins(snapshot)
names = short_names(coins)


def show_news(now: datetime) -> None:
    seen = visits.from_cookie(st.context.cookies.get(visits.COOKIE))
    choices: dict[str, datetime] = {}
    if seen is not None and seen.before is not None:
        choices["your last visit"] = seen.before
    choices |= {"24 h": now - timedelta(hours=24), "7 d": now - timedelta(days=7)}
    with st.container(border=True):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.subheader("What is new", anchor=False, width="content")
            since = st.segmented_control(
                "Since",
                list(choices),
                default=next(iter(choices)),
                required=True,
                key="since",
                bind="query-params",
                label_visibility="collapsed",
            )
        news = alert_data.news(snapshot, choices[since])
        if news.empty:
            st.caption(f"Nothing has opened or closed since {instant(choices[since])}.")
            return
        shown = news.head(MOST_NEWS)
        st.table(
            pd.DataFrame(
                {
                    "When": shown["happened_at"].map(short_instant),
                    "What": shown["what"].map(NEWS),
                    "Coin": shown["coin_id"].map(names),
                    "Peak": shown["peak_change_pct"].map(coloured_change),
                    "●": shown["severity"].map(SEVERITY_MARKS).str.split().str[0],
                }
            ),
            border="horizontal",
            hide_index=True,
        )
        counts = news["what"].value_counts()
        newest = f", the newest {len(shown)} above" if len(news) > len(shown) else ""
        st.caption(
            f"{counts.get('opened', 0)} opened and {counts.get('closed', 0)} closed since "
            f"{instant(choices[since])}{newest}. {', '.join(SEVERITY_MARKS.values())}."
        )


def choose_threshold() -> int:
    configured = alert_data.configured_threshold(snapshot)
    default = int(configured) if configured and configured in range(1, 21) else 5
    if not snapshot.has(alert_data.THRESHOLD_EPISODES):
        states.missing_mart(alert_data.THRESHOLD_EPISODES, "Episodes of other thresholds")
        return default
    return st.slider(
        "Threshold: change within 24 hours",
        *THRESHOLDS,
        default,
        format="%d %%",
        key="threshold",
        bind="query-params",
        help=f"Alerts are published from {default} % on. Episodes at every other whole threshold "
        "are computed by the same rule.",
    )


def find_episodes(now: datetime) -> tuple[pd.DataFrame, Span]:
    threshold = choose_threshold()
    published = threshold == alert_data.configured_threshold(snapshot)
    chosen = choose_coins(coins, [], key="only", label="Only these coins", most=MOST_FILTERED)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        directions = st.pills(
            "Direction",
            DIRECTIONS,
            selection_mode="multi",
            default=DIRECTIONS,
            format_func=alert_charts.WORDS.__getitem__,
            key="direction",
            bind="query-params",
        )
        severities = st.pills(
            "Severity",
            SEVERITIES,
            selection_mode="multi",
            default=SEVERITIES,
            format_func=SEVERITY_MARKS.__getitem__,
            key="severity",
            bind="query-params",
            disabled=not published,
            help="By the largest move. Severities belong to the published threshold.",
        )
    span = choose_period(data.first_observation(snapshot), now, "30 d")
    wanted = chosen or coins["coin_id"].tolist()
    if published or not snapshot.has(alert_data.THRESHOLD_EPISODES):
        return (
            alert_data.alerts(snapshot, wanted, directions, severities, span.start, span.end),
            span,
        )
    return (
        alert_data.threshold_episodes(
            snapshot, threshold, wanted, directions, span.start, span.end
        ),
        span,
    )


def show_over_price(episodes: pd.DataFrame, span: Span, now: datetime) -> None:
    counts = episodes["coin_id"].value_counts()
    shown = labels(coins)
    newest = list(dict.fromkeys(episodes["coin_id"]))
    coin = st.selectbox(
        "Price of",
        newest,
        format_func=lambda coin_id: f"{shown[coin_id]} ({counts[coin_id]})",
        key="price_of",
        help="Coins with an episode in the period, latest first, with the number of episodes.",
    )
    of_coin = episodes[episodes["coin_id"] == coin]
    source = of_coin["source"].iloc[0]
    prices = data.prices(snapshot, [coin], source, span.start, span.end, interval_hours(span, AUTO))
    put(
        alert_charts.over_price(prices, of_coin[of_coin["source"] == source], min(now, span.end)),
        key="over_price",
        alt=f"Price of {coin} with its episodes",
    )
    st.caption("Shaded: an episode, from the mark where it opened to where it closed.")


def show_side_by_side(episodes: pd.DataFrame, span: Span, now: datetime) -> None:
    st.subheader("All coins", anchor=False)
    order = list(dict.fromkeys(episodes["coin_id"]))
    rows = order[:ROWS_ON_TIMELINE]
    put(
        alert_charts.side_by_side(
            episodes[episodes["coin_id"].isin(rows)], names, rows, span.start, min(now, span.end)
        ),
        key="side_by_side",
        alt="Episodes of each coin over time",
    )
    if len(order) > len(rows):
        st.caption(f"The {len(rows)} of {len(order)} coins with the most recent episodes.")
    table = pd.DataFrame(
        {
            "Coin": episodes["coin_id"].map(names),
            "Direction": episodes["direction"].map(alert_charts.WORDS),
            "Severity": episodes["severity"].map(SEVERITY_MARKS)
            if "severity" in episodes
            else None,
            "Opened (UTC)": episodes["opened_at"],
            "Closed (UTC)": episodes["closed_at"],
            "Closed by": episodes["close_reason"].map(CLOSE_REASONS),
            "Peak": episodes["peak_change_pct"],
            "Peak at (UTC)": episodes["peak_at"],
            "Price at opening": episodes["price_usd_at_open"],
        }
    ).dropna(axis=1, how="all")
    moment = st.column_config.DatetimeColumn(format=MOMENT)
    formats: CellFormats = {"Peak": change, "Price at opening": price}
    st.dataframe(
        table.head(MOST_ROWS).style.format(formats),
        hide_index=True,
        height=320,
        placeholder="open",
        column_config=dict.fromkeys(("Opened (UTC)", "Closed (UTC)", "Peak at (UTC)"), moment),
    )
    st.caption(
        f"{len(episodes):,} episodes in the period{', the newest 500' * (len(episodes) > 500)}."
    )


def show_depegs(span: Span) -> None:
    st.subheader("Stablecoins off their peg", anchor=False)
    rows = alert_data.depegs(snapshot, span.start, span.end)
    if rows.empty:
        st.caption("None moved off its peg by the threshold or more in this period.")
        return
    st.table(
        pd.DataFrame(
            {
                "Coin": rows["coin_id"].map(names),
                "Severity": rows["severity"].map(SEVERITY_MARKS),
                "Opened": rows["opened_at"].map(short_instant),
                "Closed": rows["closed_at"].map(lambda at: short_instant(at, "open")),
                "Closed by": rows["close_reason"].map(CLOSE_REASONS).fillna(""),
                "Furthest": rows["peak_change_pct"].map(coloured_change),
            }
        ).head(50),
        border="horizontal",
        hide_index=True,
    )
    st.caption("Distance from 1 USD; 1 % is 100 basis points.")


def page() -> None:
    if not snapshot.has(alert_data.ALERTS):
        states.missing_mart(alert_data.ALERTS, "Alerts")
        return
    now = data.observed_until(snapshot)
    if now is None:
        states.nothing("No coin has been observed yet. The next `make refresh` brings some.")
        return
    show_news(now)
    episodes, span = find_episodes(now)
    if episodes.empty:
        states.nothing(
            "No episode matches: widen the period, lower the threshold or clear a filter."
        )
    else:
        show_over_price(episodes, span, now)
        show_side_by_side(episodes, span, now)
    show_depegs(span)


page()
