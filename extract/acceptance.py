"""Row by row: which received row is an observation, and what of it is kept.

Id, time and, where there is one, price decide over the row. Any other value outside its domain
becomes null, and field, original text and reason are kept. What is odd but possible (a price
outside its own day's range, a supply above its total) stays as it is; the first gate counts it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa

from extract.domains import (
    EARLIEST,
    FUTURE_TOLERANCE,
    ID,
    PRICE,
    Domain,
    Ids,
    Instants,
    Numbers,
    Objects,
    Texts,
    WholeNumbers,
)

LONGEST_ORIGINAL = 200


@dataclass(frozen=True)
class RowRules:
    """What every field of a table may hold, and which of them decide over the row.

    `domains` are in the order of the columns. `id_fields` say whose row it is, `time_field` is the
    source's own time. A table without `price_field` holds no prices.
    """

    domains: Mapping[str, Domain]
    id_fields: tuple[str, ...]
    time_field: str
    price_field: str | None = None

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """The columns that hold them."""
        return {name: domain.kind for name, domain in self.domains.items()}


class RejectedRowError(Exception):
    """A row breaks a hard rule; the message is the reason as stored."""


class OutsideDomainError(Exception):
    """A value that its field cannot hold; the message is the reason as stored."""


class Repair(NamedTuple):
    """A value that became null: its field, what it was as JSON, cut to 200 characters, and why."""

    field: str
    original_text: str
    reason: str


class Accepted(NamedTuple):
    """A row as raw stores it, and what of it had to become null."""

    values: dict[str, Any]
    repairs: list[Repair]


def accept(row: object, rules: RowRules, fetched_at: datetime) -> Accepted:
    """Judge one received row. Raises RejectedRowError."""
    if not isinstance(row, Mapping):
        raise RejectedRowError("not an object")
    for name in rules.id_fields:
        _judge_id(row.get(name))
    observed_at = instant(row.get(rules.time_field))
    if observed_at is None or observed_at < EARLIEST:
        raise RejectedRowError("no time")
    if observed_at - fetched_at > FUTURE_TOLERANCE:
        raise RejectedRowError("time in the future")
    if rules.price_field is not None:
        _judge_price(row.get(rules.price_field))

    values: dict[str, Any] = dict.fromkeys(rules.domains)
    repairs: list[Repair] = []
    for name, domain in rules.domains.items():
        value = row.get(name)
        if value is None:
            continue
        if name == rules.time_field:
            values[name] = observed_at
            continue
        try:
            values[name] = held(value, domain, fetched_at)
        except OutsideDomainError as error:
            repairs.append(Repair(name, as_json(value)[:LONGEST_ORIGINAL], str(error)))
    return Accepted(values, repairs)


def is_id(value: object) -> bool:
    """Whether a source's id can be kept, asked for and shown."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= ID.longest
        and value.isprintable()
        and value == value.strip()
    )


def _judge_id(value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise RejectedRowError("no id")
    if not is_id(value):
        raise RejectedRowError("malformed id")


def _judge_price(value: object) -> None:
    price = number(value)
    if price is None or not price > 0:
        raise RejectedRowError("price not a positive finite number")
    if not PRICE.at_least <= price <= PRICE.at_most:
        raise RejectedRowError("price not plausible")


def held(value: object, domain: Domain, fetched_at: datetime) -> Any:
    """`value` as a column of the domain holds it. Raises OutsideDomainError."""
    return HOLDS[type(domain)](value, domain, fetched_at)


def _number(value: object, domain: Numbers, fetched_at: datetime) -> float:
    # Almost every value there is, and never NaN; the rest is to find the reason.
    if (
        (type(value) is float or type(value) is int)
        and domain.at_least <= value <= domain.at_most
        and (value == 0 or abs(value) >= domain.least_size)
    ):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OutsideDomainError("not a number")
    if (result := number(value)) is None:
        raise OutsideDomainError("not a finite number")
    if result < domain.at_least:
        raise OutsideDomainError(f"below {domain.at_least:g}")
    if result > domain.at_most:
        raise OutsideDomainError(f"above {domain.at_most:g}")
    if 0 < abs(result) < domain.least_size:
        raise OutsideDomainError(f"closer to 0 than {domain.least_size:g}")
    return result


def _whole_number(value: object, domain: WholeNumbers, fetched_at: datetime) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OutsideDomainError("not a number")
    if isinstance(value, float):
        if not value.is_integer():
            raise OutsideDomainError("not a whole number")
        value = int(value)
    if not domain.at_least <= value <= domain.at_most:
        raise OutsideDomainError(f"not from {domain.at_least} to {domain.at_most}")
    return value


def _text(value: object, domain: Texts | Ids, fetched_at: datetime) -> str:
    if not isinstance(value, str):
        raise OutsideDomainError("not a text")
    if len(value) > domain.longest:
        raise OutsideDomainError(f"longer than {domain.longest} characters")
    if utf8(value) != value:
        raise OutsideDomainError("holds a character that no table can")
    return value


def _object(value: object, domain: Objects, fetched_at: datetime) -> str:
    if not isinstance(value, Mapping):
        raise OutsideDomainError("not an object")
    text = as_json(value)
    if len(text) > domain.longest:
        raise OutsideDomainError(f"longer than {domain.longest} characters")
    return text


def _instant(value: object, domain: Instants, fetched_at: datetime) -> datetime:
    if (result := instant(value)) is None:
        raise OutsideDomainError("not an instant with its zone")
    if result < domain.earliest:
        raise OutsideDomainError(f"before {domain.earliest:%Y-%m-%d}")
    if result - fetched_at > domain.ahead:
        raise OutsideDomainError("in the future")
    return result


HOLDS: dict[type, Callable[[Any, Any, datetime], Any]] = {
    Numbers: _number,
    WholeNumbers: _whole_number,
    Texts: _text,
    Ids: _text,
    Objects: _object,
    Instants: _instant,
}


def as_json(value: object) -> str:
    """JSON text that a table can hold."""
    try:
        return utf8(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return '"nested too deeply to be written"'


def utf8(text: str) -> str:
    """`text` with NUL and half surrogate pairs as their escapes: not every table holds them."""
    return text.replace("\0", r"\x00").encode(errors="backslashreplace").decode()


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
