"""Alert episodes of one snapshot: the published ones, and those of any whole threshold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from published.reading import Snapshot
from streamlit_app.data import query

ALERTS = "fct_price_alerts"
THRESHOLD_EPISODES = "fct_threshold_episodes"
DIRECTIONS = ("up", "down")
SEVERITIES = ("watch", "high", "critical")
# As many marks as the severity has steps, so that it is seen without reading.
SEVERITY_MARKS = {"watch": "● watch", "high": "●● high", "critical": "●●● critical"}
CLOSE_REASONS = {"reset": "fell back", "reversed": "turned round", "unobserved": "not observed"}


def open_alerts(snapshot: Snapshot) -> pd.DataFrame:
    """Rows of fct_price_alerts that are open, most severe first."""
    return query(
        snapshot,
        """
        select *
        from fct_price_alerts
        where closed_at is null
        order by
            list_position(['critical', 'high', 'watch'], severity),
            abs(peak_change_pct) desc, coin_id
        """,
    )


def alerts(
    snapshot: Snapshot,
    coin_ids: Sequence[str],
    directions: Sequence[str],
    severities: Sequence[str],
    start: datetime,
    end: datetime,
) -> pd.DataFrame:
    """Price moves of fct_price_alerts that were open at some time in [start, end), newest first."""
    return query(
        snapshot,
        """
        select
            alert_id as episode_id, threshold_pct, coin_id, source, direction, severity, opened_at,
            closed_at, close_reason, peak_change_pct, peak_at, price_usd_at_open
        from fct_price_alerts
        where
            alert_type = 'price_move'
            and list_contains($coins, coin_id) and list_contains($directions, direction)
            and list_contains($severities, severity)
            and opened_at < $end and (closed_at is null or closed_at > $start)
        order by opened_at desc, coin_id
        """,
        {
            "coins": list(coin_ids),
            "directions": list(directions),
            "severities": list(severities),
            "start": start,
            "end": end,
        },
    )


def threshold_episodes(
    snapshot: Snapshot,
    threshold_pct: int,
    coin_ids: Sequence[str],
    directions: Sequence[str],
    start: datetime,
    end: datetime,
) -> pd.DataFrame:
    """Rows of fct_threshold_episodes of a threshold open at some time in [start, end)."""
    return query(
        snapshot,
        """
        select
            episode_id, threshold_pct, coin_id, source, direction, opened_at, closed_at,
            close_reason, peak_change_pct, peak_at, price_usd_at_open
        from fct_threshold_episodes
        where
            threshold_pct = $threshold
            and list_contains($coins, coin_id) and list_contains($directions, direction)
            and opened_at < $end and (closed_at is null or closed_at > $start)
        order by opened_at desc, coin_id
        """,
        {
            "threshold": threshold_pct,
            "coins": list(coin_ids),
            "directions": list(directions),
            "start": start,
            "end": end,
        },
    )


def depegs(snapshot: Snapshot, start: datetime, end: datetime) -> pd.DataFrame:
    """Rows of fct_price_alerts about pegs that were open at some time in [start, end)."""
    return query(
        snapshot,
        """
        select * from fct_price_alerts
        where
            alert_type = 'depeg' and opened_at < $end
            and (closed_at is null or closed_at > $start)
        order by opened_at desc, coin_id
        """,
        {"start": start, "end": end},
    )


def news(snapshot: Snapshot, since: datetime) -> pd.DataFrame:
    """Alerts that opened or closed after `since`: what (opened or closed), happened_at, the row."""
    return query(
        snapshot,
        """
        select 'opened' as what, opened_at as happened_at, alerts.*
        from fct_price_alerts as alerts where opened_at > $since
        union all
        select 'closed' as what, closed_at as happened_at, alerts.*
        from fct_price_alerts as alerts where closed_at > $since
        order by happened_at desc, coin_id, what
        """,
        {"since": since},
    )


def configured_threshold(snapshot: Snapshot) -> float | None:
    """Per cent from which published alerts of price moves open; null without any alert."""
    rows = query(
        snapshot,
        "select max(threshold_pct) as pct from fct_price_alerts where alert_type = 'price_move'",
    )
    value = rows["pct"].iloc[0]
    return None if pd.isna(value) else float(value)
