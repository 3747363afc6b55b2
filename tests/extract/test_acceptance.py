"""The hard rules, row by row."""

from __future__ import annotations

import json
import math
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extract.acceptance import (
    RejectedRowError,
    RowRules,
    accept,
)
from extract.domains import (
    EARLIEST,
    FUTURE_TOLERANCE,
    INSTANT,
    INTEGER,
    LARGEST_PRICE_USD,
    NUMBER,
    SMALLEST_PRICE_USD,
    TEXT,
)
from extract.landing import Landed
from extract.raw_batch import RawBatch
from extract.raw_tables import RAW_TABLES
from extract.registry import ENDPOINTS
from extract.sources import stream
from extract.sources.coingecko import MARKETS, MARKETS_RULES
from tests.extract.answers import NOW, markets, ms, quote

TABLES: dict[str, RowRules] = {table: endpoint.rules for table, endpoint in ENDPOINTS.items()}
LANDED = Landed(markets("[]"), "simulated/2026-11-01/run.ndjson.gz", 99)

# Half surrogate pairs are in it: JSON can escape them, and no table can hold them.
texts = st.text(st.sampled_from("ab \t\x00é🐕\ud83d\udc00"), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
json_values = st.recursive(
    scalars | st.integers(-(2**70), 2**70) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
instants = st.integers(ms(EARLIEST) - 5, ms(NOW) + 400_000) | st.builds(
    lambda days, hours: (NOW - days).astimezone(timezone(hours)).isoformat(),
    st.timedeltas(timedelta(minutes=-10), timedelta(days=7000)),
    st.integers(-12, 14).map(lambda hours: timedelta(hours=hours)),
)
finite = st.floats(allow_nan=False, allow_infinity=False)
prices = finite.map(abs) | st.integers(0, 10**9)
typed = {
    NUMBER: st.none() | finite | st.integers(-(10**20), 10**20),
    INTEGER: st.none() | st.integers(-(2**63), 2**63),
    INSTANT: st.none() | instants,
    TEXT: json_values,
}


def rows_of(rules: RowRules) -> st.SearchStrategy[Any]:
    """Whatever JSON holds; often with what the rules ask for, so that many are accepted."""
    needed: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(
        rules.id_fields, texts.filter(str.strip)
    )
    assert rules.price_field is not None
    needed |= {rules.time_field: instants, rules.price_field: prices}
    others = {name: typed[kind] for name, kind in rules.fields.items() if name not in needed}
    sound = st.fixed_dictionaries(needed, optional=others)
    spoilt = st.builds(
        lambda row, name, value: row | {name: value},
        sound,
        st.sampled_from(list(rules.fields)),
        json_values,
    )
    return sound | spoilt | json_values


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=80)
@given(data=st.data())
def test_whatever_arrives_is_accepted_by_the_rules_or_rejected_with_a_reason(
    table: str, data: st.DataObject
) -> None:
    rules = TABLES[table]
    rows = data.draw(st.lists(rows_of(rules), max_size=4))
    batch = RawBatch()
    batch.add_observations(ENDPOINTS[table], rows, LANDED)

    accepted, rejected = batch.table(table, 1), batch.table("rejected_rows", 1)
    accepted.validate(full=True)
    rejected.validate(full=True)
    assert accepted.schema == RAW_TABLES[table]
    mended = batch.table("repaired_fields", 1)
    mended.validate(full=True)
    repaired = {(row["row_index"], row["field"]) for row in mended.to_pylist()}
    assert len(repaired) == mended.num_rows
    assert len(rows) == accepted.num_rows + rejected.num_rows == batch.row_count - len(repaired)
    indexes = accepted["row_index"].to_pylist() + rejected["row_index"].to_pylist()
    assert sorted(map(int, indexes)) == list(range(len(rows)))
    assert rules.price_field is not None
    for row in accepted.to_pylist():
        received = rows[row["row_index"]]
        assert all(row[name] == row[name].strip() != "" for name in rules.id_fields)
        assert EARLIEST <= row[rules.time_field] <= NOW + FUTURE_TOLERANCE
        assert SMALLEST_PRICE_USD <= row[rules.price_field] <= LARGEST_PRICE_USD
        for name in rules.fields:
            was_repaired = (row["row_index"], name) in repaired
            assert (row[name] is None) == (received.get(name) is None or was_repaired)
    for row in rejected.to_pylist():
        assert row["reason"] and row["table_name"] == table and row["source"] == "coingecko"


@settings(max_examples=200)
@given(row=json_values | rows_of(MARKETS_RULES))
@example(row=quote(id="\ud800"))
@example(row=quote(roi={"times": 10**400, "\ud83d": math.nan}))
@example(row=quote(last_updated=1e300))
@example(row=quote(last_updated="9999-12-31T23:59:59-14:00"))
@example(row=quote(last_updated="0001-01-01T00:00:00+14:00"))
@example(row=quote(market_cap_rank=2**63))
def test_no_row_raises_anything_but_a_rejection(row: Any) -> None:
    try:
        values = accept(row, MARKETS_RULES, NOW).values
    except RejectedRowError as rejection:
        assert str(rejection)
    else:
        assert list(values) == list(MARKETS_RULES.fields)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("not an object", "not an object"),
        (None, "not an object"),
        ([["id", "bitcoin"]], "not an object"),
        ({}, "no id"),
        (quote(id=None), "no id"),
        (quote(id=""), "no id"),
        (quote(id=" \t"), "no id"),
        (quote(id=1), "no id"),
        (quote(last_updated=None), "no time"),
        (quote(last_updated=""), "no time"),
        (quote(last_updated="yesterday"), "no time"),
        (quote(last_updated="2026-11-01"), "no time"),
        (quote(last_updated="2026-11-01T12:04:30"), "no time"),
        (quote(last_updated="2026-13-01T12:04:30Z"), "no time"),
        (quote(last_updated=True), "no time"),
        (quote(last_updated=math.nan), "no time"),
        (quote(last_updated=0), "no time"),
        (quote(last_updated="2009-01-02T23:59:59Z"), "no time"),
        (quote(last_updated="2026-11-01T13:05:00Z"), "time in the future"),
        *(
            (quote(current_price=price), "price not a positive finite number")
            for price in (None, 0, -0.0, -1, "62000", True, math.nan, math.inf, [1], 10**400)
        ),
        *(
            (quote(current_price=price), "price not plausible")
            for price in (1e308, 1.01e12, 10**13, 0.99e-30, 5e-324)
        ),
        *(
            (quote(id=coin_id), "malformed id")
            for coin_id in (" bitcoin", "bitcoin ", "bit\x00coin", "\ud800", "b\ncoin", "b" * 201)
        ),
    ],
)
def test_each_broken_rule_has_its_reason(row: Any, reason: str) -> None:
    with pytest.raises(RejectedRowError) as rejection:
        accept(row, MARKETS_RULES, NOW)
    assert str(rejection.value) == reason


def test_a_tick_needs_both_its_ids() -> None:
    tick = {"event_id": "a-1", "product_id": "a", "event_at": ms(NOW), "price": 1}
    assert accept(tick, stream.RULES, NOW).values["event_id"] == "a-1"
    for name in ("event_id", "product_id"):
        with pytest.raises(RejectedRowError, match="no id"):
            accept(tick | {name: None}, stream.RULES, NOW)


def test_five_minutes_ahead_is_accepted_and_a_moment_more_is_not() -> None:
    limit = NOW + timedelta(minutes=5)
    on_it = quote(last_updated=limit.isoformat())
    assert accept(on_it, MARKETS_RULES, NOW).values["last_updated"] == limit
    beyond = quote(last_updated=(limit + timedelta(microseconds=1)).isoformat())
    with pytest.raises(RejectedRowError, match="time in the future"):
        accept(beyond, MARKETS_RULES, NOW)


def test_the_first_block_is_the_earliest_time() -> None:
    row = quote(last_updated=EARLIEST.isoformat())
    assert accept(row, MARKETS_RULES, NOW).values["last_updated"] == EARLIEST


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("62000", 62000.0),
        ("62000.5", 62000.5),
        ("1.2e-5", 1.2e-5),
        ("4e-12", 4e-12),
        ("1e-30", 1e-30),
        ("1E+12", 1e12),
        ("0.1", 0.1),
        ("999999999999.9999", 999999999999.9999),
    ],
)
def test_a_price_is_kept_to_the_last_bit(text: str, value: float) -> None:
    batch = RawBatch()
    row = json.loads(json.dumps(quote()).replace("62000", text))
    batch.add_observations(MARKETS, [row], LANDED)
    assert batch.table(MARKETS.table, 1)["current_price"].to_pylist() == [value]


def test_whole_and_broken_numbers_and_nulls_share_a_column() -> None:
    batch = RawBatch()
    volumes = [5, 0.5, None, 0, -0.0, 10**20]
    rows = [quote(total_volume=volume) for volume in volumes]
    batch.add_observations(MARKETS, rows, LANDED)
    assert batch.table(MARKETS.table, 1)["total_volume"].to_pylist() == [
        5.0,
        0.5,
        None,
        0.0,
        0.0,
        1e20,
    ]


def test_what_is_absent_is_null_and_what_is_unknown_is_left_out() -> None:
    values = accept(quote(surprise=1), MARKETS_RULES, NOW).values
    assert values["ath"] is None and values["roi"] is None
    assert "surprise" not in values


def test_odd_but_typed_rows_are_observations() -> None:
    odd = quote(
        current_price=9,
        high_24h=2,
        low_24h=1,
        circulating_supply=5,
        total_supply=4,
        total_volume=0,
        market_cap_rank=None,
        last_updated=(NOW - timedelta(hours=356)).isoformat(),
    )
    values, repairs = accept(odd, MARKETS_RULES, NOW)
    assert (values["total_volume"], repairs) == (0, [])


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_tokens_that_only_python_reads_as_numbers_are_rejected(token: str) -> None:
    row = json.loads(json.dumps(quote()).replace("62000", token))
    with pytest.raises(RejectedRowError, match="price"):
        accept(row, MARKETS_RULES, NOW)


def test_a_rejected_row_keeps_its_payload_reason_and_place() -> None:
    batch = RawBatch()
    bad = quote(id=None, name="Ðoge 🐕")
    batch.add_observations(MARKETS, [quote(), bad], LANDED)
    [row] = batch.table("rejected_rows", 1).to_pylist()
    assert json.loads(row["payload"]) == bad
    assert "Ðoge 🐕" in row["payload"]
    assert (row["reason"], row["row_id"]) == ("no id", "run:99:1")
    assert (row["run_id"], row["response_id"], row["fetched_at"]) == ("run", "run:99", NOW)


def test_half_a_surrogate_pair_is_kept_as_its_escape() -> None:
    batch = RawBatch()
    rows = [quote(name="\ud83d"), quote(id=None, name="\ud83d")]
    batch.add_observations(MARKETS, rows, LANDED)
    assert batch.table(MARKETS.table, 1)["name"].to_pylist() == [None]
    assert batch.table("repaired_fields", 1)["original_text"].to_pylist() == ['"\\ud83d"']
    [payload] = batch.table("rejected_rows", 1)["payload"].to_pylist()
    assert json.loads(payload) == rows[1]


def test_roi_is_kept_as_json_text() -> None:
    roi = {"times": 53.5, "currency": "btc", "percentage": 5350.4}
    assert json.loads(accept(quote(roi=roi), MARKETS_RULES, NOW).values["roi"]) == roi
    assert accept(quote(roi=None), MARKETS_RULES, NOW).values["roi"] is None
