"""Episodes over the price of a coin, and of all coins side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from streamlit_app.charts import DOWN, GRID, UP, dress, times
from streamlit_app.formatting import HOVER_PRICE, change, duration

COLOURS = {"up": UP, "down": DOWN}
SYMBOLS = {"up": "triangle-up", "down": "triangle-down"}
WORDS = {"up": "▲ up", "down": "▼ down"}
ROW_HEIGHT = 24
SHADE = 0.16


def told(episode: Any, now: datetime) -> str:
    """One line about an episode (a row's tuple), shown on hover."""
    if pd.isna(episode.closed_at):
        ended = f"open for {duration(now - episode.opened_at)}"
    else:
        ended = f"{duration(episode.closed_at - episode.opened_at)} long"
    return f"peak {change(episode.peak_change_pct)}, {ended}"


def over_price(prices: pd.DataFrame, episodes: pd.DataFrame, now: datetime) -> go.Figure:
    """Mean prices of one coin with its episodes shaded and their openings marked."""
    traces = [
        trace
        for direction, of_direction in _by_direction(episodes)
        for trace in (_shades(direction, of_direction, now), _marks(direction, of_direction, now))
    ]
    line = go.Scatter(
        x=times(prices["bucket"]),
        y=prices["mean"].to_numpy(),
        mode="lines",
        name="price",
        line={"color": "#0072B2", "width": 1.8},
        connectgaps=False,
        hovertemplate="%{y:" + HOVER_PRICE + "}<extra></extra>",
    )
    figure = go.Figure([*traces, line])
    return dress(
        figure,
        height=380,
        unit="USD",
        x={} if prices.empty else {"range": [prices["bucket"].min(), now]},
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
        showlegend=True,
        hovermode="closest",
        barmode="overlay",
    )


def _by_direction(episodes: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(direction), rows) for direction, rows in episodes.groupby("direction")]


def _shades(direction: str, episodes: pd.DataFrame, now: datetime) -> go.Bar:
    """From opening to end over the full height; drawn as bars, because shapes take ten times
    longer."""
    lengths = episodes["closed_at"].fillna(now) - episodes["opened_at"]
    return go.Bar(
        x=times(episodes["opened_at"]),
        y=np.ones(len(episodes)),
        width=(lengths.dt.total_seconds() * 1000).to_numpy(),
        offset=0,
        yaxis="y2",
        marker={"color": COLOURS[direction], "opacity": SHADE, "line": {"width": 0}},
        showlegend=False,
        hoverinfo="skip",
    )


def _marks(direction: str, episodes: pd.DataFrame, now: datetime) -> go.Scatter:
    return go.Scatter(
        x=times(episodes["opened_at"]),
        y=episodes["price_usd_at_open"].to_numpy(),
        mode="markers",
        name=WORDS[direction],
        customdata=[told(episode, now) for episode in episodes.itertuples()],
        marker={
            "symbol": SYMBOLS[direction],
            "size": 11,
            "color": COLOURS[direction],
            "line": {"width": 1, "color": "white"},
        },
        hovertemplate="opened at %{y:" + HOVER_PRICE + "}, %{customdata}<extra></extra>",
    )


def side_by_side(
    episodes: pd.DataFrame, names: dict[str, str], order: list[str], start: datetime, now: datetime
) -> go.Figure:
    """A bar from opening to end for each episode, a row for each coin of `order`."""
    bars = []
    for direction, of_direction in _by_direction(episodes):
        ends = of_direction["closed_at"].fillna(now)
        begins = of_direction["opened_at"].clip(lower=start)  # type: ignore[call-overload] # the stubs lack times
        bars.append(
            go.Bar(
                base=times(begins),
                x=((ends - begins).dt.total_seconds() * 1000).to_numpy(),
                y=of_direction["coin_id"].map(names).tolist(),
                orientation="h",
                name=WORDS[direction],
                customdata=[told(episode, now) for episode in of_direction.itertuples()],
                marker={
                    "color": COLOURS[direction],
                    "line": {"width": 0},
                    "pattern": {
                        "shape": "" if direction == "up" else "/",
                        "fillmode": "overlay",
                        "fgcolor": "rgba(255, 255, 255, 0.55)",
                        "size": 6,
                        "solidity": 0.3,
                    },
                },
                hovertemplate="%{y} " + direction + ": %{customdata}<extra></extra>",
            )
        )
    return dress(
        go.Figure(bars),
        height=ROW_HEIGHT * len(order) + 80,
        prices=False,
        x={"type": "date", "range": [start, now], "showgrid": True, "gridcolor": GRID},
        y={
            "categoryorder": "array",
            "categoryarray": [names[coin] for coin in reversed(order)],
            "nticks": 0,
            "dtick": 1,
            "showgrid": False,
        },
        showlegend=True,
        hovermode="closest",
        barmode="overlay",
        bargap=0.35,
    )
