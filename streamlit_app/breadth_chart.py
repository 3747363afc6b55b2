"""How many coins rise and how many fall."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from streamlit_app.charts import DOWN, NEUTRAL, UP, dress, times

KINDS = (
    ("advancing_count", "▲ rising", UP),
    ("unchanged_count", "■ unchanged", NEUTRAL),
    ("declining_count", "▼ falling", DOWN),
)


def breadth_bar(day: pd.Series) -> go.Figure:
    """One bar of a day's counts."""
    figure = go.Figure(
        [
            go.Bar(
                x=[day[column]],
                y=[""],
                name=name,
                orientation="h",
                marker={"color": colour, "line": {"width": 0}},
                text=[f"{name.split()[0]} {day[column]}"],
                textposition="inside",
                insidetextanchor="middle",
                textfont={"color": "white", "size": 14},
                hovertemplate="%{x} coins " + name.split()[1] + "<extra></extra>",
            )
            for column, name, colour in KINDS
            if day[column]
        ]
    )
    return dress(
        figure,
        height=64,
        prices=False,
        x={"visible": False, "fixedrange": True, "range": [0, int(day["ranked_count"])]},
        y={"visible": False, "fixedrange": True},
        barmode="stack",
        showlegend=False,
        hovermode="closest",
        margin={"l": 0, "r": 0, "t": 8, "b": 8},
        bargap=0,
    )


def breadth_history(days: pd.DataFrame) -> go.Figure:
    """Rising coins above the line and falling ones below it, by day."""
    figure = go.Figure(
        [
            go.Bar(
                x=times(days["breadth_date"]),
                y=days[column] * sign,
                customdata=days[column],
                name=name,
                marker={"color": colour, "line": {"width": 0}},
                hovertemplate="%{customdata} " + name + "<extra></extra>",
            )
            for (column, name, colour), sign in ((KINDS[0], 1), (KINDS[2], -1))
        ]
    )
    return dress(
        figure, height=190, unit="coins", prices=False, y={"nticks": 5}, barmode="relative"
    )
