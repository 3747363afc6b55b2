"""Sampled prices by the hour, on scales that let each curve be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from streamlit_app import data, price_charts, states
from streamlit_app.charts import put
from streamlit_app.coin_choice import choose_coins, majors, short_names
from streamlit_app.formatting import instant
from streamlit_app.frame import shown_snapshot
from streamlit_app.periods import AUTO, INTERVAL_HOURS, Span, choose_period, interval_hours

DEFAULT_COINS = 3
# An hour of history holds one sample, which makes no candle.
CANDLE_BOUNDS = {"most": 200, "least": 4}
SHARED, OWN, REBASED, LOG, CANDLES = "Shared", "Separate", "Per cent", "Log", "Candles"

snapshot = shown_snapshot()
coins = data.coins(snapshot)
names = short_names(coins)


@dataclass(frozen=True)
class Choice:
    """What the reader wants to see."""

    coin_ids: list[str]
    source: str
    view: str
    span: Span
    hours: int
    in_bands: bool


def choose(sources: list[str], until: datetime) -> Choice:
    coin_ids = choose_coins(coins, majors(coins).head(DEFAULT_COINS).tolist())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        view = st.segmented_control(
            "View",
            [SHARED, OWN, REBASED, LOG, CANDLES],
            default=SHARED,
            required=True,
            key="view",
            bind="query-params",
            help="One scale for all, a scale for each, change from the period's first point, "
            "equal distances for equal ratios, or open, high, low and close of the samples.",
        )
        interval = st.selectbox(
            "Interval",
            [AUTO, *INTERVAL_HOURS],
            key="interval",
            bind="query-params",
            width=110,
            help="The time each point covers. Prices are kept by the hour.",
        )
        source = sources[0]
        if len(sources) > 1:
            source = st.selectbox("Source", sources, key="source", bind="query-params", width=140)
        in_bands = view == SHARED and st.toggle(
            "Group by price",
            value=True,
            key="bands",
            bind="query-params",
            help="Coins above 1,000 USD, from 1 to 1,000 and below 1 get a chart each.",
        )
    span = choose_period(data.first_price_hour(snapshot, source), until, "7 d")
    bounds = CANDLE_BOUNDS if view == CANDLES else {}
    hours = interval_hours(span, interval, **bounds)
    return Choice(coin_ids, source, view, span, hours, in_bands)


def draw(rows: pd.DataFrame, choice: Choice) -> None:
    told = f"Prices of {', '.join(choice.coin_ids)}"
    if choice.view == SHARED:
        draw_shared(rows, choice)
    elif choice.view == LOG:
        figure = price_charts.shared_scale(rows, names, choice.coin_ids, log=True)
        put(figure, key="prices_log", alt=f"{told} on a log scale")
    elif choice.view == REBASED:
        figure = price_charts.rebased(rows, names, choice.coin_ids)
        put(figure, key="prices_rebased", alt=f"{told} in per cent of the first")
    elif choice.view == OWN:
        figure = price_charts.own_scales(rows, names, choice.coin_ids)
        put(figure, key="prices_own", alt=f"{told}, each on its own scale")
    else:
        figure = price_charts.candles(rows, names, choice.coin_ids)
        put(figure, key="prices_candles", alt=f"{told} as candlesticks")


def draw_shared(rows: pd.DataFrame, choice: Choice) -> None:
    everything = [("", choice.coin_ids)]
    groups = price_charts.by_band(rows, choice.coin_ids) if choice.in_bands else everything
    for place, (band, coin_ids) in enumerate(groups):
        of_band = rows[rows["coin_id"].isin(coin_ids)]
        if len(groups) > 1:
            st.markdown(f"**{band}**")
        put(
            price_charts.shared_scale(of_band, names, choice.coin_ids, groups=len(groups)),
            key=f"prices_{place}",
            alt=f"Prices of {', '.join(coin_ids)}",
        )
    flat = any(
        price_charts.flatten_each_other(rows[rows["coin_id"].isin(coin_ids)])
        for _, coin_ids in groups
    )
    if flat:
        st.info(
            "Prices on one scale differ more than tenfold here, so the cheaper curve looks flat. "
            f"**{OWN}**, **{REBASED}** or **{LOG}** shows its moves.",
            icon=":material/lightbulb:",
        )


def describe(rows: pd.DataFrame, choice: Choice, until: datetime) -> None:
    empty = [names[coin] for coin in choice.coin_ids if coin not in set(rows["coin_id"])]
    if empty:
        st.caption(f"No price of {', '.join(empty)} from {choice.source} in this period.")
    step = "an hour" if choice.hours == 1 else f"{choice.hours} hours"
    running = "" if rows["is_complete"].dropna().all() else " The last point is still running."
    drawn = (
        f"a candle for {step}: first, highest, lowest and last sample; rising ones are hollow"
        if choice.view == CANDLES
        else f"a point for {step}: the mean of the samples, with their range and number on hover"
    )
    st.caption(
        f"{instant(rows['bucket'].min())} to {instant(until)}, {drawn}. "
        f"These are quotes as sampled, not trades. Gaps are times without a sample.{running}"
    )


def page() -> None:
    sources = data.price_sources(snapshot)
    until = data.observed_until(snapshot)
    if not sources or until is None:
        states.nothing("No price has been observed yet. The next `make refresh` brings some.")
        return
    choice = choose(sources, until)
    if not choice.coin_ids:
        states.nothing("Choose a coin above: search by its name, symbol or id.")
        return
    rows = data.prices(
        snapshot,
        choice.coin_ids,
        choice.source,
        choice.span.start,
        choice.span.end,
        choice.hours,
    )
    if rows.empty:
        states.nothing(
            f"{choice.source} has no price of {', '.join(names[c] for c in choice.coin_ids)} in "
            "this period. Choose a longer one or another source."
        )
        return
    draw(rows, choice)
    describe(rows, choice, until)


page()
