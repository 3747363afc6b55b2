"""The market at a glance: prices, movers, open alerts, and how broad the move is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from streamlit_app import alert_data, data, states
from streamlit_app.alert_data import SEVERITY_MARKS
from streamlit_app.breadth_chart import breadth_bar, breadth_history
from streamlit_app.charts import put
from streamlit_app.coin_choice import choose_coins, majors, short_names
from streamlit_app.formatting import change, coloured_change, price, short_instant
from streamlit_app.frame import shown_snapshot

TILES = 6
MOST_TILES = 24
MOVERS = 5
MOST_ALERTS = 10
SPARKLINE = timedelta(days=7)
BREADTH_DAYS = 30

snapshot = shown_snapshot()
coins = data.coins(snapshot)
names = short_names(coins)


def show_tiles(chosen: list[str], until: datetime) -> None:
    latest = coins.set_index("coin_id").to_dict("index")
    sources = data.price_sources(snapshot)
    closes = {}
    if sources and chosen:
        closes = data.sparklines(snapshot, chosen, sources[0], until - SPARKLINE)
    with st.grid(TILES, min_column_width=155, gap="xsmall"):
        for coin_id in chosen:
            coin = latest[coin_id]
            known = pd.notna(coin["change_24h_pct"])
            st.metric(
                names[coin_id],
                price(coin["price_usd"]),
                f"{coin['change_24h_pct']:+.2f} %" if known else "24 h unknown",
                delta_color="normal" if known else "off",
                delta_arrow="auto" if known else "off",
                chart_data=closes.get(coin_id),
                chart_type="area",
                border=True,
            )
    st.caption("Latest price, change over 24 hours, and the closes of the last seven days.")


def show_movers() -> None:
    st.subheader("Movers over 24 hours", anchor=False)
    ranked = coins[coins["performance_rank"].notna()].sort_values(["performance_rank", "coin_id"])
    if ranked.empty:
        states.nothing("No coin has a rank today: changes over 24 hours are not known yet.")
        return
    half = min(MOVERS, len(ranked) // 2)
    shown = pd.concat([ranked.head(half), ranked.tail(len(ranked) - half).tail(half)])
    st.table(
        pd.DataFrame(
            {
                "Rank": shown["performance_rank"].astype("Int64").astype(str),
                "Coin": shown["coin_id"].map(names),
                "24 h": shown["change_24h_pct"].map(coloured_change),
                "Price": shown["price_usd"].map(price),
            }
        ),
        border="horizontal",
        hide_index=True,
    )
    st.caption(f"First and last {half} of {len(ranked)} ranked coins.")


def show_alerts() -> None:
    st.subheader("Open alerts", anchor=False)
    if not snapshot.has(alert_data.ALERTS):
        states.missing_mart(alert_data.ALERTS, "Alerts")
        return
    alerts = alert_data.open_alerts(snapshot)
    if alerts.empty:
        states.nothing("No alerts are open: no coin is beyond its threshold.")
        return
    shown = alerts.head(MOST_ALERTS)
    st.table(
        pd.DataFrame(
            {
                "Severity": shown["severity"].map(SEVERITY_MARKS),
                "Coin": shown["coin_id"].map(names),
                "Peak": shown["peak_change_pct"].map(coloured_change),
                "Since": shown["opened_at"].map(short_instant),
            }
        ),
        border="horizontal",
        hide_index=True,
    )
    more = f"{len(shown)} most severe of {len(alerts)} open. " if len(alerts) > len(shown) else ""
    st.caption(f"{more}A move beyond the threshold within 24 hours, or a stablecoin off its peg.")


def show_breadth() -> None:
    st.subheader("Market breadth", anchor=False)
    if not snapshot.has("fct_market_breadth_daily"):
        states.missing_mart("fct_market_breadth_daily", "Counts of rising and falling coins")
        return
    days = data.breadth(snapshot)
    if days.empty:
        states.nothing("There is no day with a ranked coin yet.")
        return
    day = days.iloc[-1]
    put(breadth_bar(day), key="breadth_today", alt="Coins that rise and fall today")
    st.caption(
        f"{day['advancing_count']} of {day['ranked_count']} ranked coins are up over 24 hours; "
        f"the median change is {change(day['median_change_24h_pct'])}"
        f"{'' if day['is_complete'] else ', the day is still running'}."
    )
    put(
        breadth_history(days.tail(BREADTH_DAYS)),
        key="breadth_history",
        alt="Rising and falling coins by day",
    )


observed_until = data.observed_until(snapshot)
if observed_until is None:
    states.nothing("No coin has been observed yet. The next `make refresh` brings some.")
else:
    tiles = st.container()
    with st.expander("Choose the coins on the tiles", icon=":material/tune:"):
        on_tiles = choose_coins(
            coins, majors(coins).head(TILES).tolist(), key="tiles", label="Coins", most=MOST_TILES
        )
    with tiles:
        show_tiles(on_tiles, observed_until)
    with st.grid(3, min_column_width=330, gap="medium") as grid:
        for show in (show_movers, show_alerts, show_breadth):
            with grid.cell():
                show()
