"""Reads and compares published snapshots."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import pandas.testing

# They tell of loads, which are others when the same rows come in another way.
TABLES_OF_LOADS = frozenset({"fct_load_audit", "fct_rejected_rows"})


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


def assert_equal(
    left: Path, right: Path, leave_out: frozenset[str] = frozenset(), rtol: float = 1e-12
) -> None:
    """The same tables, and in each the same columns and rows.

    Sums of doubles may differ in the last digits, for they are added up in parallel.
    """
    assert tables(left) == tables(right)
    for name in tables(left):
        if name not in leave_out:
            assert schema(left, name) == schema(right, name), name
            pandas.testing.assert_frame_equal(
                table(left, name), table(right, name), rtol=rtol, atol=0, obj=name
            )
