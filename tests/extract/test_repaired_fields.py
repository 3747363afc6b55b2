"""An odd field costs its value and not its row: what becomes null, why, and what is kept of it."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

import pytest

from extract import bounded_json
from extract.acceptance import accept
from extract.landing import Landed
from extract.raw_batch import RawBatch
from extract.sources.coingecko import MARKETS, MARKETS_RULES
from tests.extract.answers import NOW, markets, quote

LANDED = Landed(markets("[]"), "simulated/2026-11-01/run.ndjson.gz", 99)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]

ODD = [
    ("market_cap_rank", "1", "not a number"),
    ("market_cap_rank", True, "not a number"),
    ("market_cap_rank", 52.5, "not a whole number"),
    ("market_cap_rank", math.inf, "not a whole number"),
    ("market_cap_rank", math.nan, "not a whole number"),
    ("market_cap_rank", 0, "not from 1 to 1000000"),
    ("market_cap_rank", -1, "not from 1 to 1000000"),
    ("market_cap_rank", 2**63, "not from 1 to 1000000"),
    ("market_cap_rank", 10**400, "not from 1 to 1000000"),
    ("total_volume", -5, "below 0"),
    ("total_volume", "5000000", "not a number"),
    ("total_volume", False, "not a number"),
    ("total_volume", [5], "not a number"),
    ("total_volume", math.nan, "not a finite number"),
    ("total_volume", -math.inf, "not a finite number"),
    ("total_volume", 10**400, "not a finite number"),
    ("total_volume", 1e308, "above 1e+100"),
    ("total_volume", 5e-324, "closer to 0 than 1e-100"),
    ("high_24h", 1e13, "above 1e+12"),
    ("ath", -1, "below 0"),
    ("price_change_24h", -1e101, "below -1e+100"),
    ("price_change_percentage_24h", -101, "below -100.01"),
    ("ath_date", "long ago", "not an instant with its zone"),
    ("ath_date", "2021-11-10T14:24:11", "not an instant with its zone"),
    ("ath_date", 1e300, "not an instant with its zone"),
    ("ath_date", "1969-12-31T23:59:59Z", "before 2009-01-03"),
    ("atl_date", (NOW + timedelta(days=1)).isoformat(), "in the future"),
    ("symbol", 5, "not a text"),
    ("symbol", {"a": 1}, "not a text"),
    ("name", "a\0b", "holds a character that no table can"),
    ("name", "\ud83d", "holds a character that no table can"),
    ("name", "n" * 501, "longer than 500 characters"),
    ("image", "https://" + "i" * 2_000, "longer than 2000 characters"),
    ("roi", "many", "not an object"),
    ("roi", [1], "not an object"),
    ("roi", DEEP, "not an object"),
    ("roi", {"times": "9" * 2_000}, "longer than 2000 characters"),
]


@pytest.mark.parametrize(("field", "value", "reason"), ODD)
def test_an_odd_field_is_null_and_its_row_stays(field: str, value: object, reason: str) -> None:
    sound = accept(quote(), MARKETS_RULES, NOW).values
    values, [repair] = accept(quote(**{field: value}), MARKETS_RULES, NOW)
    assert values == sound | {field: None}
    assert (repair.field, repair.reason) == (field, reason)
    assert 0 < len(repair.original_text) <= 200
    assert "\0" not in repair.original_text


@pytest.mark.parametrize(("value", "kept"), [(52.0, 52), (52, 52), (1e6, 1_000_000), (None, None)])
def test_a_whole_number_is_one_however_it_is_written(value: object, kept: int | None) -> None:
    values, repairs = accept(quote(market_cap_rank=value), MARKETS_RULES, NOW)
    assert values["market_cap_rank"] == kept
    assert not isinstance(values["market_cap_rank"], float)
    assert repairs == []


def test_all_odd_fields_of_a_row_are_kept_apart() -> None:
    batch = RawBatch()
    rows = [quote(), quote("dogecoin", total_volume=-5, market_cap_rank="1", ath_date="x" * 300)]
    batch.add_observations(MARKETS, rows, LANDED)
    assert batch.table(MARKETS.table, 1).num_rows == 2
    repaired = batch.table("repaired_fields", 1).to_pylist()
    assert [(row["row_id"], row["field"], row["original_text"][:5]) for row in repaired] == [
        ("run:99:1:market_cap_rank", "market_cap_rank", '"1"'),
        ("run:99:1:total_volume", "total_volume", "-5"),
        ("run:99:1:ath_date", "ath_date", '"xxxx'),
    ]
    assert {row["row_index"] for row in repaired} == {1}
    assert {(row["table_name"], row["source"]) for row in repaired} == {
        (MARKETS.table, "coingecko")
    }
    assert all(len(row["original_text"]) <= 200 for row in repaired)


def test_a_number_of_5000_digits_costs_its_field_and_not_the_answer() -> None:
    text = json.dumps([quote(total_volume=7), quote("dogecoin")])
    rows = bounded_json.loads(text.replace('"total_volume": 7', f'"total_volume": -{"9" * 5_000}'))
    values, [repair] = accept(rows[0], MARKETS_RULES, NOW)
    assert (values["total_volume"], repair.original_text) == (None, "-Infinity")
    assert accept(rows[1], MARKETS_RULES, NOW).repairs == []


def test_a_row_that_was_set_aside_is_rejected_with_the_expectation_it_broke() -> None:
    batch = RawBatch(set_aside={"run:99:1": "prices differ"})
    batch.add_observations(MARKETS, [quote(), quote("dogecoin")], LANDED)
    assert batch.table(MARKETS.table, 1)["id"].to_pylist() == ["bitcoin"]
    [row] = batch.table("rejected_rows", 1).to_pylist()
    assert (row["row_id"], row["reason"]) == ("run:99:1", "set aside: prices differ")
    assert json.loads(row["payload"]) == quote("dogecoin")
