"""Charts of daily volume. Days that are not finished are hatched."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from streamlit_app.charts import colours, dress, times
from streamlit_app.formatting import dollars

METHODS = {
    "rolling_24h_at_close": "24-hour figure at the day's close",
    "traded_sum": "sum of the trades that were seen",
}


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
                        dollars(row.volume_usd),
                        METHODS.get(row.volume_method, row.volume_method),
                        "" if row.is_complete else " · day still running",
                        "" if pd.isna(row.share) else f" · {row.share:.1f} % of all",
                    )
                    for row in of_coin.rename(columns={"share_of_total_pct": "share"}).itertuples()
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
