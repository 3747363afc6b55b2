"""What all charts share: palette, margins, axes, and the way they are put on a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from streamlit_app.formatting import AXIS_PRICE

# Okabe and Ito's colours without yellow, which is too pale on white, and two neighbours.
PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#56B4E9",
    "#8A7FD1",
    "#868E96",
)
# A second mark beside the colour.
DASHES = ("solid", "solid", "solid", "solid", "dash", "dash", "dash", "dash")
UP = "#009E73"
DOWN = "#D55E00"
NEUTRAL = "#868E96"
GRID = "rgba(128, 138, 155, 0.22)"


def colours(coin_ids: Iterable[str]) -> dict[str, str]:
    """By coin, in order of choice; the same on every chart of a page."""
    return {coin: PALETTE[place % len(PALETTE)] for place, coin in enumerate(coin_ids)}


def dashes(coin_ids: Iterable[str]) -> dict[str, str]:
    return {coin: DASHES[place % len(DASHES)] for place, coin in enumerate(coin_ids)}


def times(column: pd.Series) -> np.ndarray:
    """As Plotly takes them at once; a Series it would turn into objects one by one."""
    return column.to_numpy(dtype="datetime64[ms]")


def dress(figure: go.Figure, *, height: int, unit: str = "", prices: bool = True) -> go.Figure:
    """Common layout: legend above, a light grid, the unit at the top of the axis."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 34, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        bargap=0.18,
        dragmode="zoom",
    )
    figure.update_xaxes(showgrid=False, zeroline=False, automargin=True, title=None)
    figure.update_yaxes(
        gridcolor=GRID,
        zeroline=False,
        automargin=True,
        title={"text": unit, "standoff": 6},
        tickformat=AXIS_PRICE if prices else None,
        nticks=6,
    )
    return figure


def put(figure: go.Figure, *, key: str, alt: str, **options: Any) -> None:
    """Show a figure; `alt` tells those who do not see it what it shows."""
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config={"displayModeBar": False, "scrollZoom": False, "doubleClick": "reset"},
        **options,
    )
