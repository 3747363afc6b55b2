"""The day's ranking by 24-hour change, and the history of ranks."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from streamlit_app import data, states
from streamlit_app.charts import put
from streamlit_app.coin_choice import choose_coins, short_names
from streamlit_app.formatting import MOMENT, CellFormats, change, dollars, instant, price
from streamlit_app.frame import shown_snapshot
from streamlit_app.periods import DAYS
from streamlit_app.rank_chart import rank_lines

REASONS = {
    "stablecoin": "stablecoin",
    "wrapped": "copy of another coin",
    "suspected": "looks like a dollar or a copy, undecided",
    "low_volume": "volume too low",
    "no_change": "change unknown",
}
FIRST_RANKS = 3

snapshot = shown_snapshot()
coins = data.coins(snapshot)
names = short_names(coins)


def choose_day(days: list[date]) -> date:
    return st.date_input(
        "Day (UTC)",
        days[0],
        min_value=days[-1],
        max_value=days[0],
        key="day",
        bind="query-params",
        width=170,
    )


def table_of(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Rank": rows["performance_rank"].astype("Int64"),
            "Coin": rows["name"].fillna(rows["coin_id"]),
            "Symbol": rows["symbol"],
            "24 h change": rows["change_24h_pct"],
            "Vendor's figure": rows["vendor_change_24h_pct"],
            "Price": rows["price_usd"],
            "Volume 24 h": rows["volume_24h_usd"],
            "Not ranked because": rows["exclusion_reason"].map(REASONS),
            "As of (UTC)": rows["as_of_at"],
        }
    )


def show_day(rows: pd.DataFrame, day: date) -> None:
    ranked = rows["performance_rank"].notna()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        every = st.toggle("Show unranked coins", key="unranked", bind="query-params", value=False)
    shown = rows if every else rows[ranked]
    if shown.empty:
        states.nothing(
            "No coin has a rank on this day: changes over 24 hours are unknown at its close. "
            "Show unranked coins to see the reasons."
        )
        return
    table = table_of(shown)
    if not every:
        table = table.drop(columns="Not ranked because")
    formats: CellFormats = {
        "24 h change": change,
        "Vendor's figure": change,
        "Price": price,
        "Volume 24 h": dollars,
    }
    st.dataframe(
        table.style.format(formats, na_rep="-"),
        hide_index=True,
        placeholder="-",
        height=min(38 + 35 * len(table), 460),
        column_config={
            "Rank": st.column_config.NumberColumn(width=60, pinned=True),
            "Coin": st.column_config.TextColumn(pinned=True),
            "24 h change": st.column_config.NumberColumn(
                help="Own figure: the price over the one in force 24 hours before"
            ),
            "Vendor's figure": st.column_config.NumberColumn(
                help="The vendor's own figure, for comparison; empty where history has none"
            ),
            "As of (UTC)": st.column_config.DatetimeColumn(format=MOMENT),
        },
    )
    running = "" if rows["is_complete"].all() else " The day is still running: latest quotes."
    st.caption(
        f"{int(ranked.sum())} of {len(rows)} coins ranked on {day}, 1 is the best; equal changes "
        f"share a rank. As of {instant(rows['as_of_at'].max())}.{running} Click a column to sort."
    )


def show_history(rows: pd.DataFrame, day: date) -> None:
    st.subheader("History of ranks", anchor=False)
    best = rows[rows["performance_rank"].notna()]["coin_id"].head(FIRST_RANKS).tolist()
    chosen = choose_coins(coins, best, key="ranks", label="Coins")
    length = st.segmented_control(
        "Days until then",
        list(DAYS),
        default="30 d",
        required=True,
        key="until",
        bind="query-params",
    )
    back = DAYS[length]
    start = date.min if back is None else day - back
    history = data.rank_history(snapshot, chosen, start, day)
    if history["performance_rank"].notna().any():
        put(
            rank_lines(history, names, chosen),
            key="ranks_chart",
            alt=f"Daily rank of {', '.join(chosen)}",
        )
        st.caption("Rank 1 at the top. A line has a gap on days when the coin was not ranked.")
    elif chosen:
        states.nothing("None of these coins was ranked in this period.")
    else:
        states.nothing("Choose a coin to see its ranks.")


def page() -> None:
    days = data.rank_dates(snapshot)
    if not days:
        states.nothing(
            "No day has been ranked yet. The next `make refresh` that brings quotes adds one."
        )
        return
    day = choose_day(days)
    rows = data.rankings(snapshot, day)
    if rows.empty:
        states.nothing(f"Nothing was observed on {day}. Choose another day.")
        return
    show_day(rows, day)
    show_history(rows, day)


page()
