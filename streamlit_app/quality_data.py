"""What came in, what was checked and with what result, for one snapshot."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from published.reading import Snapshot
from streamlit_app.data import query


def loads(snapshot: Snapshot) -> pd.DataFrame:
    """Rows of fct_load_audit, the newest run first."""
    return query(
        snapshot, "from fct_load_audit order by last_fetched_at desc, run_id desc, table_name"
    )


def freshness(snapshot: Snapshot) -> pd.DataFrame:
    """source, last_fetched_at, last_price_hour: when each was asked last, and its newest hour."""
    return query(
        snapshot,
        """
        with fetched as (
            select source, max(last_fetched_at) as last_fetched_at
            from fct_load_audit group by source
        ),
        priced as (
            select source, max(price_hour) as last_price_hour
            from fct_hourly_prices group by source
        )
        select * from fetched full join priced using (source) order by source
        """,
    )


def refused_answers(snapshot: Snapshot, most: int) -> pd.DataFrame:
    """Rows of fct_refused_answers, the newest `most`, with `answer_count`, how many there are in
    all; none in an older snapshot."""
    if not snapshot.has("fct_refused_answers"):
        return pd.DataFrame()
    return query(
        snapshot,
        """
        select *, count(*) over () as answer_count
        from fct_refused_answers
        order by fetched_at desc, response_id limit $most
        """,
        {"most": most},
    )


def rejected_reasons(snapshot: Snapshot) -> pd.DataFrame:
    """source, table_name, reason and how many rows each has; most first."""
    return query(
        snapshot,
        """
        select source, table_name, reason, count(*) as row_count, max(fetched_at) as last_at
        from fct_rejected_rows
        group by all order by row_count desc, source, table_name, reason
        """,
    )


def rejected_rows(snapshot: Snapshot, reasons: list[str], most: int) -> pd.DataFrame:
    """The newest rejected rows of some reasons, of all when none is named."""
    return query(
        snapshot,
        """
        select fetched_at, source, table_name, reason, payload
        from fct_rejected_rows
        where len($reasons) = 0 or list_contains($reasons, reason)
        order by fetched_at desc, rejected_row_id limit $most
        """,
        {"reasons": reasons, "most": most},
    )


def repaired_fields(snapshot: Snapshot) -> pd.DataFrame:
    """source, table_name, field_name, reason, how many rows each has and one example; most first.

    None in a snapshot from before they were kept.
    """
    if not snapshot.has("fct_repaired_fields"):
        return pd.DataFrame()
    return query(
        snapshot,
        """
        select
            source, table_name, field_name, reason,
            count(*) as field_count,
            arg_max(original_text, (fetched_at, repaired_field_id)) as example
        from fct_repaired_fields
        group by all order by field_count desc, source, table_name, field_name, reason
        """,
    )


def unmapped_ids(snapshot: Snapshot) -> pd.DataFrame:
    """source, source_coin_id, row_count, first and last seen; none in an older snapshot."""
    if not snapshot.has("fct_unmapped_ids"):
        return pd.DataFrame()
    return query(snapshot, "from fct_unmapped_ids order by row_count desc, source, source_coin_id")


def suspected_coins(snapshot: Snapshot) -> pd.DataFrame:
    """Rows of fct_suspected_coins with symbol and name, of those that are suspected now, the
    longest first; none in an older snapshot."""
    if not snapshot.has("fct_suspected_coins"):
        return pd.DataFrame()
    return query(
        snapshot,
        """
        select suspected.*, upper(coins.symbol) as symbol, coins.name
        from fct_suspected_coins as suspected
        inner join dim_coins as coins using (coin_id)
        where suspected.is_suspected
        order by suspected.suspected_day_count desc, coin_id
        """,
    )


def coverage_sources(snapshot: Snapshot) -> list[str]:
    """Sources with coverage, the one with most days first."""
    rows = query(
        snapshot,
        "select source from fct_coverage_daily group by source order by count(*) desc, source",
    )
    return rows["source"].tolist()


def coverage(snapshot: Snapshot, source: str, days: int) -> pd.DataFrame:
    """coin_id, coverage_date, coverage_pct, hours_seen, hours_expected of the last `days` days."""
    return query(
        snapshot,
        """
        select coin_id, coverage_date, coverage_pct, hours_seen, hours_expected
        from fct_coverage_daily
        where
            source = $source
            and coverage_date > (select max(coverage_date) from fct_coverage_daily) - $days::integer
        order by coin_id, coverage_date
        """,
        {"source": source, "days": days},
    )


def least_covered(coverage: pd.DataFrame, most: int) -> list[str]:
    """Coins with the most missing hours first."""
    missing = (coverage["hours_expected"] - coverage["hours_seen"]).groupby(coverage["coin_id"])
    order = missing.sum().sort_values(ascending=False, kind="stable")
    return order.index[:most].tolist()


def first_day(coverage: pd.DataFrame) -> date:
    first: pd.Timestamp = coverage["coverage_date"].min()
    return first.date()


def gates(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return snapshot.manifest.get("gates") or {}


def dbt_tests(snapshot: Snapshot) -> list[dict[str, Any]]:
    """model, column, name, status and failures; empty in a snapshot that does not record them."""
    return (snapshot.manifest.get("dbt") or {}).get("data_tests") or []


def runs(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The history of runs, oldest first; in an older snapshot only its own."""
    manifest = snapshot.manifest
    own = {
        "run_id": snapshot.id,
        "outcome": "published",
        "built_at": manifest["built_at"],
        "stage_seconds": manifest.get("stage_seconds") or {},
    }
    return manifest.get("runs") or [own]
