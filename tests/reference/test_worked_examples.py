"""The reference and the warehouse both give the numbers that were worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.reference.comparison import equal
from tests.reference.reference import marts
from tests.reference.series import Row
from tests.reference.warehouse import Warehouse
from tests.reference.worked_examples import EXAMPLES, Example, markets

Marts = Mapping[str, Sequence[Row]]


@pytest.fixture(scope="module")
def both(warehouse: Warehouse) -> dict[str, Marts]:
    warehouse.start(markets())
    warehouse.load(markets().landed)
    warehouse.build()
    reference = marts(warehouse.raw)
    return {
        "reference": reference,
        "warehouse": {name: warehouse.mart(name) for name in reference},
    }


@pytest.mark.parametrize("by", ["reference", "warehouse"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.coin_id)
def test_worked_example(both: dict[str, Marts], by: str, example: Example) -> None:
    for mart, key, columns in example.expected:
        wanted = key | {"coin_id": example.coin_id}
        rows = [row for row in both[by][mart] if wanted.items() <= row.items()]
        assert len(rows) == 1, f"{mart} has {len(rows)} rows of {wanted}"
        for column, value in columns.items():
            assert equal(value, rows[0][column]), f"{column}: {value!r}, {rows[0][column]!r}"
