"""The hard rules: which received row is an observation, and which is rejected, with the reason.

A row that is odd but typed (a price outside its own day's range, a supply above its total) is an
observation; the first gate counts those.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from extract.landing import Landed
from extract.raw_tables import INSTANT, INTEGER, NUMBER, RAW_TABLES, TEXT

FUTURE_TOLERANCE = timedelta(minutes=5)
EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)  # the first Bitcoin block


@dataclass(frozen=True)
class RowRules:
    """Which fields of a table carry the identity, the source's own time and the price."""

    fields: Mapping[str, pa.DataType]
    id_fields: tuple[str, ...]
    time_field: str
    price_field: str


class RejectedRowError(Exception):
    """A row breaks a hard rule; the message is the reason as stored."""


def accept(row: object, rules: RowRules, fetched_at: datetime) -> dict[str, Any]:
    """The row's values as raw stores them. Raises RejectedRowError."""
    if not isinstance(row, Mapping):
        raise RejectedRowError("not an object")
    if not all(isinstance(row.get(name), str) and row[name].strip() for name in rules.id_fields):
        raise RejectedRowError("no id")
    observed_at = instant(row.get(rules.time_field))
    if observed_at is None or observed_at < EARLIEST:
        raise RejectedRowError("no time")
    if observed_at - fetched_at > FUTURE_TOLERANCE:
        raise RejectedRowError("time in the future")
    price = number(row.get(rules.price_field))
    if price is None or not price > 0:
        raise RejectedRowError("price not a positive finite number")
    return {name: typed(name, row.get(name), kind) for name, kind in rules.fields.items()}


def typed(name: str, value: object, kind: pa.DataType) -> Any:
    """`value` as a column of type `kind` holds it; null stays null. Raises RejectedRowError."""
    if value is None:
        return None
    if kind == NUMBER:
        result: Any = number(value)
    elif kind == INTEGER:
        result = value if isinstance(value, int) and not isinstance(value, bool) else None
        if result is not None and not -(2**63) <= result < 2**63:
            result = None
    elif kind == INSTANT:
        result = instant(value)
    elif kind == TEXT:
        result = utf8(value) if isinstance(value, str) else as_json(value)
    if result is None:
        raise RejectedRowError(f"malformed {name}")
    return result


def as_json(value: object) -> str:
    """JSON text that a table can hold."""
    return utf8(json.dumps(value, ensure_ascii=False))


def utf8(text: str) -> str:
    """`text`, with half a surrogate pair written as its escape: no table holds it as such."""
    return text.encode(errors="backslashreplace").decode()


def number(value: object) -> float | None:
    """A finite double, or None. A boolean and a text are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def instant(value: object) -> datetime | None:
    """Aware UTC from ISO 8601 text with its zone or from epoch milliseconds, or None."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return None if moment.tzinfo is None else moment.astimezone(UTC)
        milliseconds = number(value)
        if milliseconds is None:
            return None
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    except (ValueError, OverflowError):
        return None


@dataclass
class RawBatch:
    """Rows on their way to raw, column by column, table by table."""

    columns: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = {
            table: {name: [] for name in schema.names} for table, schema in RAW_TABLES.items()
        }

    def add(self, table: str, values: Mapping[str, Any]) -> None:
        for name, column in self.columns[table].items():
            column.append(values[name])

    def add_observations(
        self, table: str, rules: RowRules, rows: list[Any], landed: Landed
    ) -> None:
        """Accept or reject every row of one response."""
        for index, row in enumerate(rows):
            provenance = {
                "row_id": f"{landed.response_id}:{index}",
                "response_id": landed.response_id,
                "row_index": index,
                "run_id": landed.run_id,
                "fetched_at": landed.response.fetched_at,
            }
            try:
                self.add(table, provenance | accept(row, rules, landed.response.fetched_at))
            except RejectedRowError as rejection:
                rejected = {
                    "source": landed.response.system,
                    "table_name": table,
                    "reason": str(rejection),
                    "payload": as_json(row),
                }
                self.add("rejected_rows", provenance | rejected)

    @property
    def row_count(self) -> int:
        return sum(len(next(iter(columns.values()))) for columns in self.columns.values())

    def filled_tables(self) -> list[str]:
        return [name for name, columns in self.columns.items() if any(columns.values())]

    def table(self, name: str) -> pa.Table:
        return pa.table(self.columns[name], schema=RAW_TABLES[name])
