"""Gate 2: what must hold of the marts just built, whatever the models' own tests say."""

# ruff: noqa: S608 - queries are put together from constants and load numbers.

from collections.abc import Iterator, Sequence

from expectations.alert_claims import price_alerts, threshold_episodes
from expectations.claims import (
    Claim,
    Suite,
    filled,
    found_in,
    none_where,
    one_row_per,
)
from expectations.intake_claims import (
    load_audit,
    refused_answers,
    rejected_rows,
    repaired_fields,
    unmapped_ids,
)
from expectations.price_claims import (
    daily_volumes,
    hourly_prices,
    market_breadth,
    rankings,
)
from expectations.suspicion_claims import suspected_coins

# The columns that the claims read; a mart may hold more.
MART_COLUMNS: dict[str, tuple[str, ...]] = {
    "dim_coins": (
        "coin_id",
        "is_stablecoin",
        "is_wrapped",
        "is_suspected",
        "peg_currency",
        "first_seen_at",
        "last_seen_at",
    ),
    "dim_coin_symbols": ("coin_id", "symbol", "valid_from", "valid_to", "is_current"),
    "fct_hourly_prices": (
        "coin_id",
        "source",
        "price_hour",
        "price_date",
        "open_price_usd",
        "high_price_usd",
        "low_price_usd",
        "close_price_usd",
        "avg_price_usd",
        "time_weighted_price_usd",
        "sample_count",
        "is_complete",
    ),
    "fct_daily_volumes": (
        "coin_id",
        "source",
        "volume_date",
        "volume_usd",
        "volume_method",
        "observed_at",
        "is_complete",
        "share_of_total_pct",
    ),
    "fct_daily_rankings": (
        "rank_date",
        "coin_id",
        "performance_rank",
        "change_24h_pct",
        "vendor_change_24h_pct",
        "volume_24h_usd",
        "exclusion_reason",
        "is_complete",
    ),
    "fct_market_breadth_daily": (
        "breadth_date",
        "advancing_count",
        "declining_count",
        "unchanged_count",
        "ranked_count",
        "median_change_24h_pct",
        "is_complete",
    ),
    "fct_price_alerts": (
        "alert_id",
        "coin_id",
        "source",
        "alert_type",
        "direction",
        "severity",
        "opened_at",
        "closed_at",
        "peak_change_pct",
        "peak_at",
        "threshold_pct",
    ),
    "fct_threshold_episodes": (
        "episode_id",
        "threshold_pct",
        "coin_id",
        "source",
        "direction",
        "opened_at",
        "closed_at",
        "peak_change_pct",
        "peak_at",
    ),
    "fct_coverage_daily": (
        "coin_id",
        "source",
        "coverage_date",
        "hours_seen",
        "hours_expected",
        "coverage_pct",
        "is_complete",
    ),
    "fct_refused_answers": (
        "response_id",
        "run_id",
        "source",
        "table_name",
        "http_status",
        "reason",
        "answer_bytes",
    ),
    "fct_rejected_rows": ("rejected_row_id", "run_id", "source", "table_name", "reason"),
    "fct_repaired_fields": (
        "repaired_field_id",
        "run_id",
        "source",
        "table_name",
        "field_name",
        "original_text",
        "reason",
    ),
    "fct_unmapped_ids": (
        "source",
        "source_coin_id",
        "row_count",
        "first_seen_at",
        "last_seen_at",
    ),
    "fct_suspected_coins": (
        "coin_id",
        "is_suspected",
        "suspected_reason",
        "tracked_coin_id",
        "worst_deviation_bp",
        "days_compared",
        "first_suspected_date",
        "last_suspected_date",
    ),
    "fct_load_audit": (
        "run_id",
        "table_name",
        "source",
        "received_count",
        "accepted_count",
        "duplicate_count",
        "rejected_count",
        "error_response_count",
    ),
}


def mart_suites(tables: Sequence[str]) -> list[Suite]:
    """One suite for each of the marts that are in `tables`, over all of its rows."""
    claims: dict[str, Iterator[Claim]] = {
        "dim_coins": _coins(),
        "dim_coin_symbols": _coin_symbols(),
        "fct_hourly_prices": hourly_prices(),
        "fct_daily_volumes": daily_volumes(),
        "fct_daily_rankings": rankings(),
        "fct_market_breadth_daily": market_breadth(),
        "fct_price_alerts": price_alerts(),
        "fct_threshold_episodes": threshold_episodes(),
        "fct_coverage_daily": _coverage(),
        "fct_refused_answers": refused_answers(),
        "fct_rejected_rows": rejected_rows(),
        "fct_repaired_fields": repaired_fields(),
        "fct_unmapped_ids": unmapped_ids(),
        "fct_suspected_coins": suspected_coins(),
        "fct_load_audit": load_audit(),
    }
    return [
        Suite(
            "marts",
            table,
            f"select * from marts.{table}",
            (*table_claims, *_known_coins(table, tables)),
        )
        for table, table_claims in claims.items()
        if table in tables
    ]


def _known_coins(table: str, tables: Sequence[str]) -> Iterator[Claim]:
    if table != "dim_coins" and "coin_id" in MART_COLUMNS[table] and "dim_coins" in tables:
        yield found_in("coin_id", "marts.dim_coins", "coin_id")


def _coins() -> Iterator[Claim]:
    yield filled("coin_id", "is_stablecoin", "is_wrapped", "is_suspected")
    yield one_row_per("coin_id")
    yield none_where(
        "first_seen_at is not after last_seen_at",
        "first_seen_at > last_seen_at",
        "coin_id, first_seen_at, last_seen_at",
    )


def _coin_symbols() -> Iterator[Claim]:
    yield filled("coin_id", "valid_from", "is_current")
    yield one_row_per("coin_id", "valid_from")
    yield none_where(
        "valid_from is before valid_to",
        "valid_from >= valid_to",
        "coin_id, symbol, valid_from, valid_to",
    )
    yield Claim(
        "a coin has at most one current symbol",
        "select coin_id, count(*) as row_count from {batch} "
        "where is_current group by coin_id having count(*) > 1",
    )


def _coverage() -> Iterator[Claim]:
    shown = "coin_id, source, coverage_date, hours_seen, hours_expected, coverage_pct"
    yield filled("coin_id", "source", "coverage_date", "is_complete")
    yield one_row_per("coin_id", "source", "coverage_date")
    yield none_where(
        "coverage_pct lies between 0 and 100, and is null only if no hour was expected",
        "coverage_pct < 0 or coverage_pct > 100 "
        "or (coverage_pct is null and coalesce(hours_expected, 1) <> 0)",
        shown,
    )
    yield none_where(
        "coverage_pct of a complete day is at least 90",
        "is_complete and coverage_pct < 90",
        shown,
        "warning",
    )
