"""Rows as they came, column by column, on their way to the rules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute

from extract.acceptance import as_json
from extract.column_rules import JSON_OBJECT, Column
from extract.domains import Domain, Objects
from extract.landing import Landed
from extract.source import Columns, Endpoint, Rows

pc: Any = pyarrow.compute

# From here on doubles skip whole numbers, and Arrow mixes no such number with fractions.
GREATEST_EXACT = 2**53
NUMBERS = {int, float, type(None)}
TEXTS = {str, type(None)}


@dataclass(frozen=True)
class Part:
    """The rows of one response among those of others; `currency` is None where it has no price."""

    landed: Landed
    currency: str | None
    rows: Rows

    @property
    def count(self) -> int:
        return len(self.rows)


class Received:
    """Rows of one table from several responses, not judged yet."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.parts: list[Part] = []
        self._values: dict[str, list[Any]] = {name: [] for name in endpoint.rules.domains}

    def add(self, rows: Rows, landed: Landed, currency: str | None) -> None:
        for name, values in self._values.items():
            values.extend(_values_of(rows, name))
        self.parts.append(Part(landed, currency, rows))

    def __len__(self) -> int:
        return len(next(iter(self._values.values())))

    def row_at(self) -> Callable[[int], tuple[Landed, Any]]:
        """Gives a row by its place among all, and the response that it came in."""
        ends = list(accumulate(part.count for part in self.parts))

        def find(place: int) -> tuple[Landed, Any]:
            number = bisect_right(ends, place)
            part = self.parts[number]
            return part.landed, part.rows[place - ends[number] + part.count]

        return find

    def columns(self) -> tuple[dict[str, Column], Column]:
        """Each field as Arrow holds it, and which rows hold a value that it could not."""
        is_odd = pa.array([False] * len(self), pa.bool_())
        columns: dict[str, Column] = {}
        for name, values in self._values.items():
            columns[name], odd = column_of(values, self.endpoint.rules.domains[name])
            if odd is not None:
                is_odd = pc.or_(is_odd, odd)
        return columns, is_odd


def column_of(values: list[Any], domain: Domain) -> tuple[Column, Column | None]:
    """Values of JSON as a column of one type, and, if some did not fit it, which these are."""
    if isinstance(domain, Objects):
        texts = [as_json(value) if type(value) is dict else None for value in values]
        column = pa.ExtensionArray.from_storage(JSON_OBJECT, pa.array(texts, pa.string()))
        is_odd = [
            value is not None and text is None for value, text in zip(values, texts, strict=True)
        ]
        return column, pa.array(is_odd, pa.bool_())
    kinds = set(map(type, values))
    if kinds <= NUMBERS or kinds <= TEXTS:
        try:
            return pa.array(values), None
        except (pa.ArrowException, OverflowError, UnicodeEncodeError):
            pass
    kept = max(
        [value if _is_plain_number(value) else None for value in values],
        [value if _is_plain_text(value) else None for value in values],
        key=lambda found: len(found) - found.count(None),
    )
    return pa.array(kept), _differing(values, kept)


def _values_of(rows: Rows, name: str) -> Iterable[Any]:
    if isinstance(rows, Columns):
        return rows.values.get(name) or [None] * len(rows)
    return [row.get(name) if isinstance(row, dict) else None for row in rows]


def _is_plain_number(value: object) -> bool:
    return type(value) is float or (
        type(value) is int and -GREATEST_EXACT <= value <= GREATEST_EXACT
    )


def _is_plain_text(value: object) -> bool:
    return type(value) is str and value.isascii()


def _differing(values: list[Any], kept: list[Any]) -> Column:
    return pa.array(
        [value is not same for value, same in zip(values, kept, strict=True)], pa.bool_()
    )
