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
    """In the form Plotly accepts directly; it would convert a Series to objects one by one."""
    return column.to_numpy(dtype="datetime64[ms]")


def dress(
    figure: go.Figure,
    *,
    height: int,
    unit: str = "",
    prices: bool = True,
    x: dict[str, Any] | None = None,
    y: dict[str, Any] | None = None,
    **layout: Any,
) -> go.Figure:
    """Common layout: legend above, a light grid, the unit beside the axis.

    `x` and `y` override what all axes have, `layout` the rest. Everything is set at once, which
    takes a fifth of the time of Plotly's own updates of one axis after another.
    """
    was = figure.layout.to_plotly_json()
    of_x = {"showgrid": False, "zeroline": False, "automargin": True} | (x or {})
    of_y = {
        "gridcolor": GRID,
        "zeroline": False,
        "automargin": True,
        "title": {"text": unit, "standoff": 6},
        "tickformat": AXIS_PRICE if prices else "",
        "nticks": 6,
    } | (y or {})
    axes = {name: was[name] | of_x for name in was if name.startswith("xaxis")}
    axes |= {name: was[name] | of_y for name in was if name.startswith("yaxis")}
    common = {
        "xaxis": of_x,
        "yaxis": of_y,
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 34, "b": 8},
        "hovermode": "x unified",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "bargap": 0.18,
        "dragmode": "zoom",
    }
    figure.update_layout(common | axes | layout, overwrite=True)
    return figure


def put(figure: go.Figure, *, key: str, alt: str, **options: Any) -> None:
    """Show a figure; `alt` describes it to those who cannot see it."""
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config={"displayModeBar": False, "scrollZoom": False, "doubleClick": "reset"},
        **options,
    )
