"""The comparison that a campaign's figures rest on sees what it is there for."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests import snapshots

ROWS = {1: ("'bitcoin'", 1.5), 2: ("'dogecoin'", 2.5), 3: ("null", "null")}


def snapshot(folder: Path, numbers: list[int], **changes: object) -> Path:
    """One mart: a number, a text and a double, with nulls."""
    folder.mkdir()
    rows = ", ".join(
        f"({number}::int, {ROWS[number][0]}::text, {changes.get(f'x{number}', ROWS[number][1])}"
        "::double, timestamptz '2026-11-01')"
        for number in numbers
    )
    duckdb.sql(f"from (values {rows}) as t (number, name, value, seen_at)").write_parquet(
        str(folder / "fct_prices.parquet")
    )
    return folder


@pytest.mark.parametrize(
    ("numbers", "changes", "differing", "lost", "doubled"),
    [
        ([1, 2, 3], {}, 0, 0, 0),
        ([1, 2], {}, 1, 1, 0),
        ([1, 2, 2, 3], {}, 1, 0, 1),
        ([1, 1, 1, 3], {}, 1, 1, 2),
        ([1, 2, 3], {"x1": 1.6}, 1, 0, 0),
        ([1, 2, 3], {"x1": "null"}, 1, 0, 0),
        ([1, 2, 3], {"x1": 1.5 * (1 + 1e-14)}, 0, 0, 0),
    ],
    ids=["same", "lost", "doubled", "both", "other value", "value lost", "last digit of a sum"],
)
def test_lost_doubled_and_other_rows_are_told_apart(
    tmp_path: Path, numbers, changes, differing, lost, doubled
) -> None:
    left = snapshot(tmp_path / "left", [1, 2, 3])
    right = snapshot(tmp_path / "right", numbers, **changes)
    found = snapshots.difference(left, right)
    assert (found.marts, len(found.differing)) == (1, differing)
    assert (found.lost_rows, found.doubled_rows) == (lost, doubled)


def test_mart_that_only_one_has_differs(tmp_path: Path) -> None:
    left, right = snapshot(tmp_path / "left", [1]), snapshot(tmp_path / "right", [1])
    (right / "fct_prices.parquet").rename(right / "fct_volumes.parquet")
    found = snapshots.difference(left, right)
    assert set(found.differing) == {"fct_prices", "fct_volumes"}
    assert found.lost_rows == 1
