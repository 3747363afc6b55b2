"""Reads and compares published snapshots."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pandas.testing

# They tell of loads, which are others when the same rows come in another way.
TABLES_OF_LOADS = frozenset(
    {"fct_load_audit", "fct_refused_answers", "fct_rejected_rows", "fct_repaired_fields"}
)


def current(published: Path) -> Path:
    return (published / "current").resolve()


def manifest(snapshot: Path) -> dict:
    return json.loads((snapshot / "manifest.json").read_text())


def table(snapshot: Path, name: str) -> pd.DataFrame:
    with duckdb.connect(":memory:") as memory:
        return memory.execute(
            "from read_parquet($path)", {"path": str(snapshot / f"{name}.parquet")}
        ).df()


def tables(snapshot: Path) -> list[str]:
    return sorted(path.stem for path in snapshot.glob("*.parquet"))


def schema(snapshot: Path, name: str) -> list[tuple[str, str]]:
    """Names and types of the columns, in their order."""
    with duckdb.connect(":memory:") as memory:
        rows = memory.execute(
            "describe from read_parquet($path)", {"path": str(snapshot / f"{name}.parquet")}
        ).fetchall()
    return [(column, kind) for column, kind, *_ in rows]


@dataclass
class Difference:
    """What two snapshots have not in common; `str` of it names the marts."""

    marts: int = 0
    differing: dict[str, str] = field(default_factory=dict)
    lost_rows: int = 0
    doubled_rows: int = 0

    def __str__(self) -> str:
        return "\n".join(f"{name}: {how}" for name, how in self.differing.items())

    def __add__(self, other: Difference) -> Difference:
        return Difference(
            self.marts + other.marts,
            self.differing | other.differing,
            self.lost_rows + other.lost_rows,
            self.doubled_rows + other.doubled_rows,
        )

    def record(self, record_property: Callable[[str, object], None]) -> None:
        record_property("marts compared", self.marts)
        record_property("marts that differ", len(self.differing))
        record_property("rows lost", self.lost_rows)
        record_property("rows doubled", self.doubled_rows)


def difference(
    left: Path, right: Path, leave_out: frozenset[str] = frozenset(), rtol: float = 1e-12
) -> Difference:
    """What `right` lacks of `left`, has more often, or has otherwise; as `assert_equal` looks.

    Rows are told apart by their columns other than doubles.
    """
    found = Difference()
    for name in sorted({*tables(left), *tables(right)} - leave_out):
        found.marts += 1
        if name not in tables(left) or name not in tables(right):
            found.differing[name] = "is in one of them only"
            found.lost_rows += len(table(left, name)) if name in tables(left) else 0
            continue
        frames = table(left, name), table(right, name)
        try:
            assert schema(left, name) == schema(right, name)
            pandas.testing.assert_frame_equal(*frames, rtol=rtol, atol=0, obj=name)
        except AssertionError as error:
            found.differing[name] = str(error)
        before, after = (
            Counter(frame.select_dtypes(exclude=[np.floating]).itertuples(index=False, name=None))
            for frame in frames
        )
        found.lost_rows += (before - after).total()
        found.doubled_rows += sum(count for row, count in (after - before).items() if row in before)
    return found


def assert_equal(
    left: Path, right: Path, leave_out: frozenset[str] = frozenset(), rtol: float = 1e-12
) -> None:
    """The same tables, and in each the same columns and rows.

    Sums of doubles may differ in the last digits, for they are added up in parallel.
    """
    found = difference(left, right, leave_out, rtol)
    assert not found.differing, str(found)
