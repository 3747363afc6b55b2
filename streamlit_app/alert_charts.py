"""Episodes over the price of a coin, and of all coins side by side."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import plotly.graph_objects as go

from streamlit_app.charts import DOWN, GRID, UP, dress
from streamlit_app.formatting import HOVER_PRICE, change, duration

COLOURS = {"up": UP, "down": DOWN}
SYMBOLS = {"up": "triangle-up", "down": "triangle-down"}
WORDS = {"up": "▲ up", "down": "▼ down"}
ROW_HEIGHT = 24
SHADE = 0.16


def told(episode: object, now: datetime) -> str:
    """One line on an episode (a row's tuple), for hovering."""
    if pd.isna(episode.closed_at):
        ended = f"open for {duration(now - episode.opened_at)}"
    else:
        ended = f"{duration(episode.closed_at - episode.opened_at)} long"
    return f"peak {change(episode.peak_change_pct)}, {ended}"


def over_price(prices: pd.DataFrame, episodes: pd.DataFrame, now: datetime) -> go.Figure:
    """Mean prices of one coin with its episodes shaded and their openings marked."""
    figure = go.Figure(
        go.Scatter(
            x=prices["bucket"],
            y=prices["mean"].to_numpy(),
            mode="lines",
            name="price",
            line={"color": "#0072B2", "width": 1.8},
            connectgaps=False,
            hovertemplate="%{y:" + HOVER_PRICE + "}<extra></extra>",
        )
    )
    for direction, of_direction in episodes.groupby("direction"):
        figure.add_trace(
            go.Scatter(
                x=of_direction["opened_at"],
                y=of_direction["price_usd_at_open"].to_numpy(),
                mode="markers",
                name=WORDS[direction],
                customdata=[told(episode, now) for episode in of_direction.itertuples()],
                marker={
                    "symbol": SYMBOLS[direction],
                    "size": 11,
                    "color": COLOURS[direction],
                    "line": {"width": 1, "color": "white"},
                },
                hovertemplate="opened at %{y:" + HOVER_PRICE + "}, %{customdata}<extra></extra>",
            )
        )
    dress(figure, height=380, unit="USD")
    figure.update_layout(
        showlegend=True,
        hovermode="closest",
        shapes=[
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": episode.opened_at,
                "x1": now if pd.isna(episode.closed_at) else episode.closed_at,
                "y0": 0,
                "y1": 1,
                "fillcolor": COLOURS[episode.direction],
                "opacity": SHADE,
                "line": {"width": 0},
                "layer": "below",
            }
            for episode in episodes.itertuples()
        ],
    )
    if not prices.empty:
        figure.update_xaxes(range=[prices["bucket"].min(), now])
    return figure


def side_by_side(
    episodes: pd.DataFrame, names: dict[str, str], order: list[str], start: datetime, now: datetime
) -> go.Figure:
    """A bar from opening to end for each episode, a row for each coin of `order`."""
    figure = go.Figure()
    for direction, of_direction in episodes.groupby("direction"):
        ends = of_direction["closed_at"].fillna(now)
        begins = of_direction["opened_at"].clip(lower=start)
        figure.add_trace(
            go.Bar(
                base=begins,
                x=(ends - begins).dt.total_seconds() * 1000,
                y=of_direction["coin_id"].map(names),
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
    dress(figure, height=ROW_HEIGHT * len(order) + 80, prices=False)
    figure.update_layout(showlegend=True, hovermode="closest", barmode="overlay", bargap=0.35)
    figure.update_xaxes(type="date", range=[start, now], showgrid=True, gridcolor=GRID)
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[names[coin] for coin in reversed(order)],
        nticks=None,
        dtick=1,
        showgrid=False,
        tickformat="",
    )
    return figure
