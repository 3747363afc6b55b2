"""A warehouse that is emptied, filled and built again and again in one place.

Answers pass the reader that every load passes and are put into `raw` under a load id, without the
loader; dbt runs in this process, where the parsed project is kept between builds.
"""

# ruff: noqa: S608

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from extract.landing import Landed
from extract.raw_batch import RawBatch
from extract.raw_tables import RAW_TABLES
from extract.reading import read_into
from extract.settings import Settings
from pipeline.dbt_build import invoke
from tests.reference.answers import Markets
from tests.reference.series import RawRows

SEEDS = ("coin_flags", "coin_source_ids", "price_sources")


class Warehouse:
    def __init__(self, data_dir: Path) -> None:
        self._settings = Settings(data_dir=data_dir)
        self._empty = data_dir / "empty.duckdb"
        with self._open() as warehouse:
            warehouse.execute("create schema raw")
            for name, schema in RAW_TABLES.items():
                empty = schema.empty_table()
                warehouse.register("empty", empty)
                warehouse.execute(f"create table raw.{name} as select * from empty")
            warehouse.execute("create view raw.all_stream_ticks as from raw.stream_ticks")
        self._dbt("seed")
        shutil.copy(self._settings.warehouse_path, self._empty)
        self._loads = 0
        self.raw = RawRows()

    def start(self, markets: Markets) -> None:
        """Empty but for the seeds and the coins of these markets."""
        shutil.copy(self._empty, self._settings.warehouse_path)
        self._loads = 0
        self.raw = RawRows()
        with self._open() as warehouse:
            for name in ("coin_flags", "coin_source_ids"):
                rows = getattr(markets, name)
                if rows:
                    warehouse.executemany(f"insert into seeds.{name} values (?, ?, ?)", rows)
            for name in SEEDS:
                getattr(self.raw, name).extend(_rows(warehouse.sql(f"from seeds.{name}")))

    def load(self, landed: Iterable[Landed]) -> None:
        """One load; what it holds is also added to the rows for the reference."""
        batch = RawBatch()
        for item in landed:
            read_into(batch, item)
        self._loads += 1
        with self._open() as warehouse:
            for name in RAW_TABLES:
                rows = batch.table(name, self._loads)
                warehouse.register("rows", rows)
                warehouse.execute(f"insert into raw.{name} select * from rows")
                getattr(self.raw, name).extend(rows.to_pylist())

    def build(self, full_refresh: bool = False) -> None:
        self._dbt("run", *(["--full-refresh"] if full_refresh else []))

    def mart(self, name: str) -> list[dict[str, Any]]:
        """The published columns."""
        with self._open() as warehouse:
            return [
                {column: value for column, value in row.items() if not column.startswith("_")}
                for row in _rows(warehouse.sql(f"from marts.{name}"))
            ]

    def built(self, bookkeeping: bool) -> dict[str, list[tuple[Any, ...]]]:
        """Rows of everything dbt builds, sorted."""
        columns = "" if bookkeeping else "^[^_]"
        with self._open() as warehouse:
            names = warehouse.execute(
                "select table_schema || '.' || table_name from information_schema.tables"
                " where table_schema in ('staging', 'intermediate', 'marts') order by all"
            ).fetchall()
            return {
                name: warehouse.sql(
                    f"select columns('{columns}') from {name} order by all"
                ).fetchall()
                for (name,) in names
            }

    def _open(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self._settings.warehouse_path))

    def _dbt(self, *arguments: str) -> None:
        result = invoke(self._settings, [*arguments, "--no-write-json"])
        assert not result.failures, "\n".join(result.failures)


def _rows(relation: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    columns = relation.columns
    return [dict(zip(columns, row, strict=True)) for row in relation.fetchall()]
