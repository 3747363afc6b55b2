"""Daily volume: one figure per day and coin, and how it was determined."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import streamlit as st

from streamlit_app import data, states
from streamlit_app.charts import put
from streamlit_app.coin_choice import choose_coins, majors, short_names
from streamlit_app.formatting import MOMENT, CellFormats, dollars, instant, percent
from streamlit_app.frame import shown_snapshot
from streamlit_app.periods import DAYS, Span, choose_period
from streamlit_app.volume_charts import METHODS, volume_bars

MART = "fct_daily_volumes"
DEFAULT_COINS = 3

snapshot = shown_snapshot()
coins = data.coins(snapshot)
names = short_names(coins)


def show(rows: pd.DataFrame, chosen: list[str]) -> None:
    put(
        volume_bars(rows, names, chosen),
        key="volumes",
        alt=f"Daily volume of {', '.join(chosen)} in US dollars",
    )
    unfinished = rows[~rows["is_complete"]]
    if unfinished["volume_usd"].notna().any():
        st.caption("Hatched: the day is still running, or an hour of it was not observed.")
    elif not unfinished.empty:
        st.caption("The running day has no bar yet: its figure is known once it ends at midnight.")
    with st.expander("What this figure is", icon=":material/info:", expanded=False):
        st.markdown(
            "The source reports a **rolling sum over 24 hours**. A day's volume is that figure as "
            "observed nearest to the midnight that closes the day, at most 90 minutes from it; "
            "without one it is unknown. Such figures are never added up over time, which would "
            "count the same trades many times. Only individually observed trades are added up. "
            "The share is relative to all coins of the source on that day."
        )


def show_table(rows: pd.DataFrame, until: datetime) -> None:
    newest = rows.sort_values(["volume_date", "volume_usd"], ascending=False)
    table = pd.DataFrame(
        {
            "Day": newest["volume_date"].dt.date,
            "Coin": newest["coin_id"].map(names),
            "Volume": newest["volume_usd"],
            "Share": newest["share_of_total_pct"],
            "Day is over": newest["is_complete"],
            "Found by": newest["volume_method"].map(METHODS).fillna(newest["volume_method"]),
            "Observed at (UTC)": newest["observed_at"],
        }
    )
    formats: CellFormats = {"Volume": dollars, "Share": percent}
    st.dataframe(
        table.style.format(formats),
        hide_index=True,
        height=340,
        placeholder="-",
        column_config={
            "Volume": st.column_config.NumberColumn(help="US dollars"),
            "Share": st.column_config.NumberColumn(help="Of all coins of the source on that day"),
            "Observed at (UTC)": st.column_config.DatetimeColumn(format=MOMENT),
        },
    )
    st.caption(f"Days end at midnight UTC; observed until {instant(until)}.")


def days_of(span: Span) -> tuple[date, date]:
    return span.start.date(), span.end.date()


def page() -> None:
    if not snapshot.has(MART):
        states.missing_mart(MART, "Volumes")
        return
    sources = data.volume_sources(snapshot)
    until = data.observed_until(snapshot)
    if not sources or until is None:
        states.nothing("No volume has been observed yet. The next `make refresh` brings some.")
        return
    chosen = choose_coins(coins, majors(coins).head(DEFAULT_COINS).tolist())
    source = sources[0]
    if len(sources) > 1:
        source = st.segmented_control(
            "Source", sources, default=source, required=True, key="reporter", bind="query-params"
        )
    first = data.first_volume_day(snapshot, source)
    span = choose_period(first, until, "30 d", periods=DAYS, key="days")
    if not chosen:
        states.nothing("Choose a coin above: search by its name, symbol or id.")
        return
    rows = data.volumes(snapshot, chosen, source, *days_of(span))
    if rows.empty:
        states.nothing(
            f"{source} has no day of {', '.join(names[coin] for coin in chosen)} in this period."
        )
        return
    show(rows, chosen)
    show_table(rows, until)


page()
