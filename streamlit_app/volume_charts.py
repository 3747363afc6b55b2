"""Charts of daily volume. Unfinished days are hatched."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from streamlit_app.charts import colours, dress, times
from streamlit_app.formatting import dollars

METHODS = {
    "rolling_24h_at_close": "24-hour figure at the day's close",
    "traded_sum": "sum of the observed trades",
}

TOLD_OF_A_DAY = ("volume_usd", "volume_method", "is_complete", "share_of_total_pct")


def volume_bars(rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Figure:
    """Bars side by side for each day, USD."""
    figure = go.Figure()
    for coin in order:
        of_coin = rows[rows["coin_id"] == coin]
        figure.add_trace(
            go.Bar(
                x=times(of_coin["volume_date"]),
                y=of_coin["volume_usd"],
                name=names[coin],
                meta=names[coin],
                customdata=[
                    (
                        dollars(volume),
                        METHODS.get(method, method),
                        "" if is_complete else " · day still running",
                        "" if pd.isna(share) else f" · {share:.1f} % of all",
                    )
                    for volume, method, is_complete, share in zip(
                        *(of_coin[name] for name in TOLD_OF_A_DAY), strict=True
                    )
                ],
                marker={
                    "color": colours(order)[coin],
                    "line": {"width": 0},
                    "pattern": {
                        "shape": ["" if done else "/" for done in of_coin["is_complete"]],
                        "fillmode": "overlay",
                        "fgcolor": "rgba(255, 255, 255, 0.7)",
                        "size": 6,
                        "solidity": 0.35,
                    },
                },
                hovertemplate=(
                    "%{meta} %{customdata[0]}%{customdata[3]}%{customdata[2]}<br>"
                    "<i>%{customdata[1]}</i><extra></extra>"
                ),
            )
        )
    return dress(
        figure,
        height=400,
        unit="USD",
        prices=False,
        y={"exponentformat": "B", "tickprefix": "$", "rangemode": "tozero"},
        barmode="group",
        showlegend=True,
    )
