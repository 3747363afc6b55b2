"""A batch, judged by columns, holds what judging every row on its own gives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import extract.raw_batch
from extract.acceptance import LONGEST_ORIGINAL, RejectedRowError, accept, as_json
from extract.landing import Landed
from extract.raw_batch import SET_ASIDE, RawBatch
from extract.registry import ENDPOINTS
from extract.source import CURRENCY, Columns, Endpoint
from tests.extract.answers import NOW, markets
from tests.extract.test_acceptance import rows_of
from tests.odd_answers import ODD_VALUES, bounds, values_of

ARCHIVE = "simulated/2026-11-01/run.ndjson.gz"


def landed(number: int) -> Landed:
    """Of a moment of its own, which decides what lies in the future."""
    return Landed(markets("[]", fetched_at=NOW - timedelta(minutes=7 * number)), ARCHIVE, number)


class RowByRow:
    """The rows of raw's tables, each received row being judged on its own."""

    def __init__(self, endpoint: Endpoint, set_aside: dict[str, str]) -> None:
        self.endpoint = endpoint
        self.set_aside = set_aside
        self.accepted: list[dict[str, Any]] = []
        self.rejected: list[dict[str, Any]] = []
        self.repaired: list[dict[str, Any]] = []

    def add(self, rows: list[Any], response: Landed) -> None:
        for index, row in enumerate(rows):
            row_id = f"run:{response.sequence}:{index}"
            provenance = {
                "row_id": row_id,
                "response_id": f"run:{response.sequence}",
                "row_index": index,
                "run_id": "run",
                "fetched_at": response.response.fetched_at,
                "load_number": 1,
            }
            found = provenance | {
                "source": response.response.system,
                "table_name": self.endpoint.table,
            }
            try:
                if row_id in self.set_aside:
                    raise RejectedRowError(SET_ASIDE + self.set_aside[row_id])
                values, repairs = accept(row, self.endpoint.rules, response.response.fetched_at)
            except RejectedRowError as rejection:
                self.rejected.append(found | {"reason": str(rejection), "payload": as_json(row)})
                continue
            currency = {CURRENCY: "usd"} if self.endpoint.currency else {}
            self.accepted.append(provenance | values | currency)
            for repair in repairs:
                assert len(repair.original_text) <= LONGEST_ORIGINAL
                named = {"row_id": f"{row_id}:{repair.field}"}
                self.repaired.append(found | named | repair._asdict())


def assert_same(endpoint: Endpoint, responses: list[Any], refused: dict[str, str]) -> None:
    batch, reference = RawBatch(refused), RowByRow(endpoint, refused)
    for number, rows in enumerate(responses, 1):
        batch.add_observations(endpoint, rows, landed(number))
        reference.add(list(rows), landed(number))
    for table, expected in (
        (endpoint.table, reference.accepted),
        ("rejected_rows", reference.rejected),
        ("repaired_fields", reference.repaired),
    ):
        found = batch.table(table, 1).to_pylist()
        assert sorted(map(shown, found)) == sorted(map(shown, expected))


def shown(row: dict[str, Any]) -> str:
    """As text, whatever object stands for the zone."""
    plain = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }
    return repr(sorted(plain.items()))


@pytest.mark.parametrize("at_once", [1, 3, 100])
@pytest.mark.parametrize("table", ENDPOINTS)
@settings(max_examples=60)
@given(data=st.data())
def test_rows_of_several_responses(table: str, at_once: int, data: st.DataObject) -> None:
    endpoint = ENDPOINTS[table]
    rows = st.lists(rows_of(endpoint.rules), max_size=5)
    responses = data.draw(st.lists(rows, min_size=1, max_size=3))
    refused = data.draw(st.sampled_from([{}, {"run:1:0": "prices differ"}]))
    with mock.patch.object(extract.raw_batch, "ROWS_AT_ONCE", at_once):
        assert_same(endpoint, responses, refused)


@pytest.mark.parametrize("table", ENDPOINTS)
def test_every_odd_value_in_every_field_beside_sound_rows(table: str) -> None:
    """A column of numbers keeps no boolean, one of texts no number."""
    endpoint = ENDPOINTS[table]
    rules = endpoint.rules
    sound: dict[str, Any] = {}
    for name, domain in rules.domains.items():
        sound[name] = bounds(domain, NOW - timedelta(hours=1))[0]
    sound |= dict.fromkeys(rules.id_fields, "bitcoin")
    for name, value in values_of(rules.domains, NOW):
        assert_same(endpoint, [[sound, sound | {name: value}, sound]], {})


@pytest.mark.parametrize("value", ODD_VALUES, ids=range(len(ODD_VALUES)))
def test_columns_are_read_as_the_rows_that_they_hold(value: object) -> None:
    endpoint = ENDPOINTS["coingecko_market_chart"]
    columns = {
        "coin_id": ["bitcoin"] * 3,
        "point_at": [1793534400000, 1793538000000, value],
        "price": [62_000, value, 61_000.5],
        "market_cap": [value, None, 1.2e12],
        "total_volume": [3e10, 2**53 + 1, value],
    }
    assert_same(endpoint, [Columns(columns), [{"coin_id": "ether"}]], {})
