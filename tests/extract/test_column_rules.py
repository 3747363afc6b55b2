"""Over whole columns the rules accept, reject and repair what they do row by row."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.acceptance import Accepted, RejectedRowError, Repair, RowRules, accept
from extract.column_rules import accept_columns
from extract.domains import (
    EARLIEST,
    INSTANT,
    MOMENT,
    Domain,
    Ids,
    Instants,
    Numbers,
    Objects,
    Texts,
    WholeNumbers,
)
from extract.registry import ENDPOINTS
from tests.extract.answers import NOW, ms
from tests.odd_answers import ODD_VALUES, bounds

INDEX_RULES = RowRules(
    {"day_at": MOMENT, "value": WholeNumbers(0, 100)}, id_fields=(), time_field="day_at"
)
RULES = {table: endpoint.rules for table, endpoint in ENDPOINTS.items()} | {"index": INDEX_RULES}

INT64 = st.integers(-(2**63), 2**63 - 1)
ODD = [value for value in ODD_VALUES if isinstance(value, str) and value.isprintable()]
ODD_NUMBERS = [value for value in ODD_VALUES if isinstance(value, float)]
SEPARATORS = ["\u00a0a", "a\u2003", "a\x1f", "a\0b", "\ufeff", "\u0378", "é🐕", "a b"]


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from([*ODD, *SEPARATORS, "a" * 200, "a" * 201]) | st.text(max_size=6)


def iso_texts() -> st.SearchStrategy[str]:
    near = st.datetimes(
        min_value=(NOW - timedelta(minutes=8)).replace(tzinfo=None),
        max_value=(NOW + timedelta(minutes=8)).replace(tzinfo=None),
    ).map(lambda at: at.isoformat())
    forms = st.sampled_from(["Z", "+00:00", "", "+05:30", ".5Z", "z"])
    odd = st.sampled_from(
        ["2026-02-30T00:00:00Z", "2026-11-01T24:00:00Z", "2026-11-01T12:00:60Z",
         "2026-11-01T12:00Z", "20261101T120000Z", "0000-01-01T00:00:00Z", "2026-11-01"]
    )  # fmt: skip
    return st.builds(str.__add__, near, forms) | odd | texts()


def column_of(domain: Domain, rows: int) -> st.SearchStrategy[pa.Array]:
    """One Arrow type a column, as files have them: plain, odd, at the bounds, of another type."""

    def of(kind: pa.DataType, values: st.SearchStrategy[Any]) -> st.SearchStrategy[pa.Array]:
        column = st.lists(st.none() | values, min_size=rows, max_size=rows)
        return column.map(lambda found: pa.array(found, kind))

    limits = [limit for limit in bounds(domain, NOW) if not isinstance(limit, dict)]
    numbers = [limit for limit in limits if not isinstance(limit, str)]
    around = [
        math.nextafter(limit, towards)
        for limit in numbers
        for towards in (-math.inf, limit, math.inf)
    ]
    floats = of(pa.float64(), st.floats() | st.sampled_from([*ODD_NUMBERS, *around, 52.0, 52.5]))
    small = st.integers(-3, 10**7)
    small_numbers = (
        of(pa.int32(), st.integers(-9, 9))
        | of(pa.uint64(), st.integers(0, 2**64 - 1))
        | of(pa.float32(), st.floats(width=32))
    )
    match domain:
        case Numbers() | WholeNumbers():
            return floats | of(pa.int64(), INT64 | small) | small_numbers
        case Texts() | Ids():
            return of(pa.string(), texts()) | of(pa.large_string(), texts()) | floats
        case Instants():
            moments = st.integers(ms(NOW) - 10**6, ms(NOW) + 301_000)
            edges = st.sampled_from(
                [ms(EARLIEST) - 1, ms(EARLIEST), ms(NOW) + 300_000, ms(NOW) + 300_001, 0, -1]
            )
            return (
                of(pa.int64(), moments | edges | INT64)
                | of(pa.float64(), (moments | edges).map(float) | st.floats())
                | of(pa.string(), iso_texts())
            )
        case Objects():
            return of(pa.string(), texts()) | of(pa.struct([("times", pa.int64())]), objects())
    raise AssertionError(domain)


def objects() -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries({"times": st.integers(0, 9)})


def sound_column(name: str, domain: Domain, rules: RowRules, rows: int) -> pa.Array:
    if name in rules.id_fields:
        return pa.array([f"id-{row}" for row in range(rows)])
    if name == rules.time_field:
        return pa.array([ms(NOW) - row for row in range(rows)])
    return pa.array([1.5 + row for row in range(rows)])


@st.composite
def tables(draw: st.DrawFn, rules: RowRules) -> dict[str, pa.Array]:
    """What decides over a row is sound in most columns, so that many rows are accepted."""
    rows = draw(st.integers(1, 8))
    columns = {}
    for name, domain in rules.domains.items():
        decides = name in (*rules.id_fields, rules.time_field, rules.price_field)
        if decides and draw(st.integers(0, 3)):
            columns[name] = sound_column(name, domain, rules, rows)
        elif draw(st.integers(0, 7)) or not columns:
            columns[name] = draw(column_of(domain, rows))
    return columns


def row_by_row(
    columns: dict[str, pa.Array], rules: RowRules
) -> tuple[dict[int, dict[str, Any]], dict[int, str], dict[int, list[Repair]]]:
    accepted, rejected, repaired = {}, {}, {}
    for place, row in enumerate(pa.table(columns).to_pylist()):
        try:
            accepted[place], repairs = accept(row, rules, NOW)
        except RejectedRowError as rejection:
            rejected[place] = str(rejection)
            continue
        if repairs:
            repaired[place] = repairs
    return accepted, rejected, repaired


def at(moment: datetime, rows: int) -> pa.Array:
    return pa.array([moment] * rows, INSTANT)


def assert_both_agree(columns: dict[str, pa.Array], rules: RowRules) -> None:
    accepted, rejected, repaired = row_by_row(columns, rules)
    rows = pa.table(columns).to_pylist()
    judged = accept_columns(
        columns, rules, at(NOW, len(rows)), lambda place: accept(rows[place], rules, NOW)
    )
    assert judged.accepted.schema == pa.schema(rules.fields)
    found = zip(judged.row_indexes.to_pylist(), judged.accepted.to_pylist(), strict=True)
    assert list(found) == list(accepted.items())
    assert (judged.rejected, judged.repaired) == (rejected, repaired)


@pytest.mark.parametrize("table", RULES)
@settings(max_examples=150)
@given(data=st.data())
def test_both_evaluations_agree(table: str, data: st.DataObject) -> None:
    rules = RULES[table]
    assert_both_agree(data.draw(tables(rules)), rules)


@pytest.mark.parametrize("table", RULES)
def test_each_field_alone_with_each_odd_value(table: str) -> None:
    """Column by column, where the rest of the row is sound."""
    rules = RULES[table]
    sound = {
        name: sound_column(name, rules.domains[name], rules, 1)
        for name in (*rules.id_fields, rules.time_field, rules.price_field)
        if name
    }
    tried = 0
    for name, domain in rules.domains.items():
        for value in (*ODD_VALUES, *bounds(domain, NOW)):
            try:
                column = pa.array([value])
            except (pa.ArrowException, OverflowError, UnicodeEncodeError):
                continue  # no column holds it
            assert_both_agree(sound | {name: column}, rules)
            tried += 1
    assert tried > 30 * len(rules.domains)


def test_plain_rows_are_not_looked_at_one_by_one() -> None:
    looked_at: list[int] = []
    rules = ENDPOINTS["stream_ticks"].rules

    def judge(place: int) -> Accepted:
        looked_at.append(place)
        return accept(pa.table(columns).slice(place, 1).to_pylist()[0], rules, NOW)

    count = 10_000
    columns = {
        "event_id": pa.array([f"e-{n}" for n in range(count)]),
        "product_id": pa.array(["BTC-USD"] * count),
        "event_at": pa.array([ms(NOW) - n for n in range(count)]),
        "price": pa.array([60_000.0] * (count - 1) + [math.nan]),
        "size": pa.array([0.5] * (count - 1) + [None]),
    }
    judged = accept_columns(columns, rules, at(NOW, count), judge)
    assert looked_at == [count - 1]
    assert judged.accepted.num_rows == count - 1
    assert judged.rejected == {count - 1: "price not a positive finite number"}
