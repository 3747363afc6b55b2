"""Charts of sampled prices. Stretches without a sample stay open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from streamlit_app.charts import DOWN, NEUTRAL, UP, colours, dashes, dress, times
from streamlit_app.formatting import HOVER_PRICE

CHART_HEIGHT = 430
GROUP_HEIGHT = 280
SMALL_HEIGHT = 210
# Fewer points than this are marked, for a line through two says little of where they lie.
MARKED_POINTS = 60
# Curves whose levels differ by more than this flatten each other on one scale.
FLATTENING_RATIO = 10

BANDS = (
    ("Above 1,000 USD", 1000.0, np.inf),
    ("1 to 1,000 USD", 1.0, 1000.0),
    ("Below 1 USD", 0.0, 1.0),
)

HOVER = (
    "%{meta} %{y:" + HOVER_PRICE + "} · low %{customdata[0]:" + HOVER_PRICE + "} · high "
    "%{customdata[1]:" + HOVER_PRICE + "} · %{customdata[2]:,d} samples<extra></extra>"
)
REBASED_HOVER = (
    "%{meta} %{y:+.2f} % · mean %{customdata[3]:" + HOVER_PRICE + "} · %{customdata[2]:,d} samples"
    "<extra></extra>"
)


def levels(rows: pd.DataFrame) -> dict[str, float]:
    """By coin, its last known mean price."""
    known = rows.dropna(subset=["mean"])
    last = known.groupby("coin_id")["mean"].last()
    return dict(zip(last.index, last, strict=True))


def by_band(rows: pd.DataFrame, coin_ids: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Coins grouped by the band of their last price, dearest first; empty bands are left out."""
    last = levels(rows)
    groups = [
        (name, [coin for coin in coin_ids if low < last.get(coin, -1.0) <= high])
        for name, low, high in BANDS
    ]
    return [(name, coins) for name, coins in groups if coins]


def flatten_each_other(rows: pd.DataFrame) -> bool:
    last = levels(rows).values()
    return len(last) > 1 and max(last) > FLATTENING_RATIO * min(last)


def shared_scale(
    rows: pd.DataFrame,
    names: dict[str, str],
    order: Sequence[str],
    *,
    log: bool = False,
    groups: int = 1,
) -> go.Figure:
    """All coins on one axis, in USD; colours by `order`. Of several `groups` each is lower."""
    figure = go.Figure([_line(coin, of_coin, names, order) for coin, of_coin in _split(rows)])
    height = CHART_HEIGHT if groups == 1 else GROUP_HEIGHT
    return dress(
        figure,
        height=height,
        unit="USD, log scale" if log else "USD",
        y={"type": "log", "dtick": "D2", "nticks": 0} if log else {},
        showlegend=True,
    )


def rebased(rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Figure:
    """Per cent from each coin's first point of the period."""
    figure = go.Figure()
    for coin, of_coin in _split(rows):
        first = of_coin["mean"].dropna().iloc[:1]
        if not first.empty:
            line = _line(coin, of_coin, names, order)
            line.update(
                y=((of_coin["mean"] / first.iloc[0] - 1) * 100).to_numpy(),
                hovertemplate=REBASED_HOVER,
            )
            figure.add_trace(line)
    return dress(
        figure,
        height=CHART_HEIGHT,
        unit="% from the first point",
        prices=False,
        y={"ticksuffix": " %", "zeroline": True, "zerolinecolor": NEUTRAL, "zerolinewidth": 1},
        showlegend=True,
    )


def own_scales(rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Figure:
    """A chart for each coin under one time axis."""
    figure = _stacked(rows, names, order)
    for place, (coin, of_coin) in enumerate(_split(rows, order), start=1):
        figure.add_trace(_line(coin, of_coin, names, order), row=place, col=1)
    return figure


def candles(rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Figure:
    """Open, high, low and close of the samples; rising ones are hollow, falling ones filled."""
    figure = _stacked(rows, names, order)
    for place, (coin, of_coin) in enumerate(_split(rows, order), start=1):
        figure.add_trace(
            go.Candlestick(
                x=times(of_coin["bucket"]),
                open=of_coin["open"],
                high=of_coin["high"],
                low=of_coin["low"],
                close=of_coin["close"],
                name=names[coin],
                increasing={"line": {"color": UP, "width": 1.2}, "fillcolor": "rgba(0,0,0,0)"},
                decreasing={"line": {"color": DOWN, "width": 1.2}, "fillcolor": DOWN},
                yhoverformat=HOVER_PRICE,
            ),
            row=place,
            col=1,
        )
    return figure


def _split(
    rows: pd.DataFrame, order: Sequence[str] | None = None
) -> list[tuple[str, pd.DataFrame]]:
    groups = {str(coin): of_coin for coin, of_coin in rows.groupby("coin_id", sort=False)}
    return [(coin, groups[coin]) for coin in (order or groups) if coin in groups]


def _line(coin: str, rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Scatter:
    return go.Scatter(
        x=times(rows["bucket"]),
        y=rows["mean"].to_numpy(),
        customdata=rows[["low", "high", "sample_count", "mean"]].to_numpy(dtype=float),
        mode="lines+markers" if _needs_marks(rows["mean"]) else "lines",
        name=names[coin],
        meta=names[coin],
        line={"color": colours(order)[coin], "dash": dashes(order)[coin], "width": 2},
        marker={"size": 5},
        connectgaps=False,
        hovertemplate=HOVER,
    )


def _needs_marks(values: pd.Series) -> bool:
    """Few points, or one that stands alone between gaps and would draw no line at all."""
    known = values.notna()
    alone = known & ~known.shift(fill_value=False) & ~known.shift(-1, fill_value=False)
    return len(values) <= MARKED_POINTS or bool(alone.any())


def _stacked(rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Figure:
    coins = [coin for coin, _ in _split(rows, order)]
    count = max(len(coins), 1)
    height = SMALL_HEIGHT * count + 40 if count > 1 else CHART_HEIGHT
    figure = make_subplots(
        rows=count,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=34 / height,
        subplot_titles=[f"{names[coin]}, USD" for coin in coins],
    )
    dress(
        figure,
        height=height,
        x={"rangeslider": {"visible": False}},
        showlegend=False,
        hoversubplots="axis",
    )
    figure.update_annotations(x=0, xanchor="left", font={"size": 14})
    return figure
