"""Coverage as a heat map, and how long runs took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from streamlit_app.charts import PALETTE, dress, times

ROW_HEIGHT = 17
# Only a full day is blue; the more hours are missing the darker the orange.
COVERAGE_SCALE = ((0.0, "#7A2E00"), (0.6, "#D55E00"), (0.99, "#F5C9A5"), (1.0, "#8CC5E6"))
MOST_RUNS = 40


def coverage_map(rows: pd.DataFrame, names: dict[str, str], order: Sequence[str]) -> go.Figure:
    """Per cent of hours seen, a row for each coin of `order` and a column for each day."""
    wide = rows.pivot(index="coin_id", columns="coverage_date", values="coverage_pct")
    seen = rows.pivot(index="coin_id", columns="coverage_date", values="hours_seen")
    expected = rows.pivot(index="coin_id", columns="coverage_date", values="hours_expected")
    places = list(reversed(order))
    wide, seen, expected = (table.reindex(places) for table in (wide, seen, expected))
    figure = go.Figure(
        go.Heatmap(
            x=times(wide.columns.to_series()),
            y=[names[coin] for coin in places],
            z=wide.to_numpy(),
            customdata=pd.concat([seen, expected], axis=1)
            .to_numpy()
            .reshape(len(places), 2, -1)
            .transpose(0, 2, 1),
            zmin=0,
            zmax=100,
            colorscale=COVERAGE_SCALE,
            xgap=1,
            ygap=1,
            colorbar={"ticksuffix": " %", "thickness": 10, "len": 0.8, "outlinewidth": 0},
            hovertemplate=(
                "%{y}, %{x|%d %b %Y}: %{z:.0f} %<br>%{customdata[0]} of %{customdata[1]} hours"
                "<extra></extra>"
            ),
            hoverongaps=False,
        )
    )
    return dress(
        figure,
        height=ROW_HEIGHT * len(places) + 90,
        prices=False,
        y={"showgrid": False, "nticks": 0, "dtick": 1},
        hovermode="closest",
    )


def stage_times(runs: Sequence[dict[str, Any]]) -> go.Figure:
    """Seconds of each stage, a bar for each of the last runs; failed ones carry a cross."""
    shown = list(runs)[-MOST_RUNS:]
    labels = [run_label(run) for run in shown]
    seconds = [run.get("stage_seconds") or {} for run in shown]
    stages = list(dict.fromkeys(stage for run in seconds for stage in run))
    figure = go.Figure(
        [
            go.Bar(
                x=labels,
                y=[run.get(stage) for run in seconds],
                name=stage,
                marker={"color": PALETTE[place % len(PALETTE)], "line": {"width": 0}},
                hovertemplate="%{fullData.name} %{y:.1f} s<extra></extra>",
            )
            for place, stage in enumerate(stages)
        ]
    )
    failed = [label for run, label in zip(shown, labels, strict=True) if has_failed(run)]
    if failed:
        figure.add_trace(
            go.Scatter(
                x=failed,
                y=[0] * len(failed),
                mode="markers",
                name="✕ failed",
                marker={"symbol": "x", "size": 11, "color": "#D55E00"},
                hovertemplate="failed, nothing was published<extra></extra>",
            )
        )
    return dress(
        figure,
        height=320,
        unit="seconds",
        prices=False,
        # Few runs are not drawn as wide as many.
        x={"type": "category", "nticks": 8, "range": [-0.5, max(len(shown), 12) - 0.5]},
        barmode="stack",
        showlegend=True,
    )


def has_failed(run: dict[str, Any]) -> bool:
    return run.get("outcome") == "failed"


def run_label(run: dict[str, Any]) -> str:
    """When it ended, by the clock of the machine that ran it."""
    at: str = run.get("built_at") or run.get("failed_at") or run["run_id"]
    return at[:16].replace("T", " ")
