"""The row rules over whole columns, for tables too long to be looked at row by row.

What is plainly held passes by arithmetic on the columns. Any other row is judged by
`acceptance.accept`, so that both evaluations accept, reject and repair the same for the same
reasons; the cost follows the number of odd rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute
import pyarrow.types as kinds

from extract.acceptance import Accepted, RejectedRowError, Repair, RowRules
from extract.domains import (
    ID,
    INSTANT,
    INTEGER,
    NUMBER,
    PRICE,
    TEXT,
    Domain,
    Ids,
    Instants,
    Numbers,
    Objects,
    Texts,
    WholeNumbers,
)

# UTC to the microsecond: what Arrow and Python read alike.
PLAIN_INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)$"
PLAIN_ID = "^[!-~]([ -~]*[!-~])?$"
# An object of JSON, written as raw stores it.
JSON_OBJECT = pa.json_()
EPOCH = datetime.fromtimestamp(0, UTC)
MILLISECOND = timedelta(milliseconds=1)

# The stubs of pyarrow know columns of one type each; here they are of any, and meet plain numbers.
pc: Any = pyarrow.compute
Column: TypeAlias = Any
Plain: TypeAlias = tuple[Column, Column]
"""The values of a column as raw holds them, and for each whether it is plainly held."""


@dataclass
class JudgedColumns:
    """Accepted rows as raw stores them, with their places; by place what happened to the others."""

    accepted: pa.Table
    row_indexes: Column
    rejected: dict[int, str] = field(default_factory=dict)
    repaired: dict[int, list[Repair]] = field(default_factory=dict)


def accept_columns(
    columns: Mapping[str, Column],
    rules: RowRules,
    fetched_at: Column,
    judge: Callable[[int], Accepted],
    is_odd: Column | None = None,
) -> JudgedColumns:
    """Judge rows, the moment that each was fetched at beside them; all columns are of one length.

    A field's column may be of any type. Numbers, texts, and instants as epoch milliseconds or as
    text are read without a look at single rows. `judge` is `acceptance.accept` of the row at a
    place, and is asked for rows that are not plainly held, and for those that `is_odd` names.
    """
    length = len(fetched_at)
    values: dict[str, Column] = {}
    is_plain = pa.array([True] * length, pa.bool_()) if is_odd is None else pc.invert(is_odd)
    for name, domain in rules.domains.items():
        column = columns.get(name, pa.nulls(length))
        values[name], fits = _plain(column, domain, fetched_at)
        fits = pc.fill_null(fits, False)
        if name in (*rules.id_fields, rules.time_field, rules.price_field):
            # What decides over the row is judged by rules of its own as well.
            if (decides := _hard_rule(name, rules)) != domain:
                fits = pc.and_(fits, pc.fill_null(_plain(column, decides, fetched_at)[1], False))
        else:
            fits = pc.or_(fits, pc.is_null(column))
        is_plain = pc.and_(is_plain, fits)
    places = pc.indices_nonzero(is_plain).cast(INTEGER)
    accepted = pa.table(values, schema=pa.schema(rules.fields))
    judged = JudgedColumns(accepted if len(places) == length else accepted.take(places), places)
    _add_odd(judged, pc.indices_nonzero(pc.invert(is_plain)).to_pylist(), judge)
    return judged


def _add_odd(judged: JudgedColumns, places: list[int], judge: Callable[[int], Accepted]) -> None:
    rows: dict[int, dict[str, Any]] = {}
    for place in places:
        try:
            rows[place], repairs = judge(place)
        except RejectedRowError as rejection:
            judged.rejected[place] = str(rejection)
            continue
        if repairs:
            judged.repaired[place] = repairs
    if not rows:
        return
    mended = pa.Table.from_pylist(list(rows.values()), schema=judged.accepted.schema)
    indexes = pa.concat_arrays([judged.row_indexes, pa.array(list(rows), INTEGER)])
    order = pc.sort_indices(indexes)
    judged.accepted = pa.concat_tables([judged.accepted, mended]).take(order)
    judged.row_indexes = indexes.take(order)


def _hard_rule(name: str, rules: RowRules) -> Domain:
    if name == rules.time_field:
        return Instants()
    return PRICE if name == rules.price_field else ID


def _plain(column: Column, domain: Domain, fetched_at: Column) -> Plain:
    kind = column.type
    if isinstance(domain, Objects) and kind == JSON_OBJECT:
        return column.storage, _is_short(column.storage, domain)
    is_number, is_text = False, False
    if kinds.is_integer(kind) and not kinds.is_uint64(kind):
        column, is_number = pc.cast(column, INTEGER), True
    elif kinds.is_floating(kind):
        column, is_number = pc.cast(column, NUMBER), True
    elif kinds.is_string(kind) or kinds.is_large_string(kind):
        column, is_text = pc.cast(column, TEXT), True
    match domain:
        case Numbers() if is_number:
            return _plain_numbers(column, domain)
        case WholeNumbers() if is_number:
            return _plain_whole_numbers(column, domain.at_least, domain.at_most)
        case Texts() | Ids() if is_text:
            return _plain_texts(column, domain)
        case Instants() if is_number:
            return _plain_milliseconds(column, domain, fetched_at)
        case Instants() if is_text:
            return _plain_iso(column, domain, fetched_at)
    return pa.array([None] * len(column), domain.kind), pa.array([False] * len(column), pa.bool_())


def _plain_numbers(column: Column, domain: Numbers) -> Plain:
    values = pc.cast(column, NUMBER, safe=False)
    is_large_enough = pc.greater_equal(pc.abs(values), domain.least_size)
    fits = pc.and_(
        _between(values, domain.at_least, domain.at_most),
        pc.or_(pc.equal(values, 0.0), is_large_enough),
    )
    return values, fits


def _plain_whole_numbers(column: Column, at_least: int, at_most: int | Column) -> Plain:
    fits = _between(column, at_least, at_most)
    if kinds.is_floating(column.type):
        fits = pc.and_(fits, pc.equal(column, pc.floor(column)))
    return pc.cast(_where(fits, column), INTEGER, safe=False), fits


def _plain_texts(column: Column, domain: Texts | Ids) -> Plain:
    fits = pc.and_(_is_short(column, domain), pc.invert(pc.match_substring(column, "\0")))
    if isinstance(domain, Ids):
        fits = pc.and_(fits, pc.match_substring_regex(column, PLAIN_ID))
    return column, fits


def _is_short(texts: Column, domain: Texts | Ids | Objects) -> Column:
    return pc.less_equal(pc.utf8_length(texts), domain.longest)


def _plain_milliseconds(column: Column, domain: Instants, fetched_at: Column) -> Plain:
    first = -((EPOCH - domain.earliest) // MILLISECOND)
    microseconds = pc.cast(_latest(domain, fetched_at), INTEGER)
    whole, fits = _plain_whole_numbers(column, first, pc.divide(microseconds, 1000))
    return pc.cast(pc.cast(whole, pa.timestamp("ms", tz="UTC")), INSTANT), fits


def _latest(domain: Instants, fetched_at: Column) -> Column:
    return pc.add(fetched_at, pa.scalar(domain.ahead, pa.duration("us")))


def _plain_iso(column: Column, domain: Instants, fetched_at: Column) -> Plain:
    is_iso = pc.match_substring_regex(column, PLAIN_INSTANT)
    try:
        values = pc.cast(_where(is_iso, column), INSTANT)
    except pa.ArrowInvalid:  # a day that no calendar has
        return pa.nulls(len(column), INSTANT), pa.array([False] * len(column), pa.bool_())
    return values, _between(values, domain.earliest, _latest(domain, fetched_at))


def _between(values: Column, at_least: Any, at_most: Any) -> Column:
    """Limits are of all rows or of each; of NaN it is false."""
    first, last = (
        pc.cast(limit, values.type)
        if isinstance(limit, pa.Array)
        else pa.scalar(limit, values.type)
        for limit in (at_least, at_most)
    )
    return pc.and_(pc.greater_equal(values, first), pc.less_equal(values, last))


def _where(condition: Column, values: Column) -> Column:
    return pc.if_else(condition, values, pa.scalar(None, values.type))
