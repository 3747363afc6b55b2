"""Ranks over time, the best at the top."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from streamlit_app.charts import colours, dashes, dress, times


def rank_lines(rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Figure:
    figure = go.Figure()
    for coin in order:
        of_coin = rows[rows["coin_id"] == coin].copy()
        if of_coin.empty:
            continue
        # Days without a row are gaps like days without a rank.
        of_coin = of_coin.set_index("rank_date").asfreq("D")
        figure.add_trace(
            go.Scatter(
                x=times(of_coin.index.to_series()),
                y=of_coin["performance_rank"].astype(float),
                customdata=of_coin["change_24h_pct"].to_numpy(dtype=float),
                mode="lines+markers",
                name=names[coin],
                meta=names[coin],
                line={
                    "color": colours(order)[coin],
                    "dash": dashes(order)[coin],
                    "width": 1.5,
                    "shape": "linear",
                },
                marker={"size": 6},
                connectgaps=False,
                hovertemplate="%{meta} rank %{y:d} · %{customdata:+.2f} %<extra></extra>",
            )
        )
    worst = rows["performance_rank"].max()
    return dress(
        figure,
        height=400,
        unit="rank",
        prices=False,
        y={"range": [worst + 0.7, 0.3], "tickformat": "d", "nticks": 8},
        showlegend=True,
    )
