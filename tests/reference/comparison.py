"""Where a mart and its reference differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.reference.series import Row

GRAIN = {
    "dim_coins": ("coin_id",),
    "dim_coin_symbols": ("coin_id", "valid_from"),
    "fct_hourly_prices": ("source", "coin_id", "price_hour"),
    "fct_daily_volumes": ("source", "coin_id", "volume_date"),
    "fct_daily_rankings": ("rank_date", "coin_id"),
    "fct_market_breadth_daily": ("breadth_date",),
    "fct_price_alerts": ("source", "coin_id", "alert_type", "direction", "opened_at"),
    "fct_threshold_episodes": ("source", "coin_id", "direction", "threshold_pct", "opened_at"),
    "fct_coverage_daily": ("source", "coin_id", "coverage_date"),
    "fct_refused_answers": ("response_id",),
    "fct_rejected_rows": ("rejected_row_id",),
    "fct_repaired_fields": ("repaired_field_id",),
    "fct_unmapped_ids": ("source", "source_coin_id"),
    "fct_suspected_coins": ("coin_id",),
    "fct_load_audit": ("run_id", "table_name"),
}
RELATIVE = 1e-9
# A difference of two prices that are almost equal keeps few of their digits.
SMALLEST = 1e-12


def differences(mart: str, expected: Iterable[Row], actual: Iterable[Row]) -> Iterator[str]:
    """Keys, columns and values exactly, doubles to 1e-9 of their size."""
    wanted, found = by_key(mart, expected), by_key(mart, actual)
    for key in sorted(wanted.keys() - found.keys(), key=str):
        yield f"{mart} {key}: missing, expected {dict(wanted[key])}"
    for key in sorted(found.keys() - wanted.keys(), key=str):
        yield f"{mart} {key}: not expected, found {dict(found[key])}"
    for key in sorted(wanted.keys() & found.keys(), key=str):
        row, other = wanted[key], found[key]
        for column in sorted(row.keys() | other.keys()):
            if column not in row or column not in other:
                yield f"{mart}.{column}: only in the {'mart' if column in other else 'reference'}"
            elif not equal(row[column], other[column]):
                yield f"{mart} {key} {column}: expected {row[column]!r}, found {other[column]!r}"


def by_key(mart: str, rows: Iterable[Row]) -> Mapping[tuple[Any, ...], Row]:
    keyed: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[column] for column in GRAIN[mart])
        assert key not in keyed, f"{mart} holds {key} twice"
        keyed[key] = row
    return keyed


def equal(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=SMALLEST)
    return type(one) is type(other) and one == other
