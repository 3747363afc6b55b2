"""Old ticks move out of the table that every load touches, by month.

On DuckDB to Parquet files beside the warehouse, on PostgreSQL to a table partitioned by month; on
Spark raw is files already. Models read the view `raw.all_stream_ticks`, which holds both. A tick
moves in one transaction with the entry of its file: a process that is killed leaves at most a file
that no entry names, and the next one removes it. The database moves the ticks; none passes through
Python.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from extract.pipeline import RawStore
from extract.raw_tables import RAW_TABLES
from extract.settings import Settings
from extract.sources.stream import TICKS

log = logging.getLogger(__name__)

TABLE = TICKS.table
VIEW = "all_stream_ticks"
FILES = "tick_files"
PARTITIONED = "archived_stream_ticks"
COLUMNS = ", ".join([*RAW_TABLES[TABLE].names, "_dlt_load_id"])
# A month that is added to day by day is made one file again when it has more.
FILES_A_MONTH = 8


class TickArchiveError(Exception):
    """A file of old ticks is gone; the message names it and says what to do."""


class TickArchive:
    """The old ticks of one warehouse."""

    def __init__(self, settings: Settings, store: RawStore) -> None:
        self._target = settings.target
        self._folder = settings.tick_dir
        self._retention = timedelta(days=settings.tick_retention_days)
        self._store = store

    def declare(self) -> None:
        """Make the view over recent and old ticks, where this folder lies now.

        Raises TickArchiveError where an old file is not there.
        """
        if self._target == "spark":
            return
        with self._store.transaction() as execute:
            if self._target == "duckdb":
                execute(
                    f"create table if not exists {FILES}"
                    " (file varchar, month date, row_count bigint, sha256 varchar)"
                )
            else:
                execute(
                    f"create table if not exists {PARTITIONED} (like {TABLE})"
                    " partition by range (event_at)"
                )
            self._declare_view(execute)

    def move_old(self) -> int:
        """Move the ticks of whole UTC days beyond the retention; returns how many moved."""
        if self._target == "spark":
            return 0
        [(newest,)] = self._store.query(f"select max(event_at) from {TABLE}") or [(None,)]  # noqa: S608
        if newest is None:
            return 0
        today = newest.astimezone(UTC).date()
        before = datetime.combine(today, time(), UTC) - self._retention
        move = self._move_to_files if self._target == "duckdb" else self._move_to_partitions
        moved = move(before)
        if moved:
            log.info("%s ticks from before %s moved out of the table", moved, before)
        return moved

    def take_back(self, run_ids: Iterable[str]) -> int:
        """Return old ticks to the table with those of these runs, which are about to leave raw.

        Loads are made again by the keys in the table, and would double what lies elsewhere. Returns
        how many came back; what of them may stay moves out again with the next `move_old`.
        """
        if self._target == "spark":
            return 0
        runs = ", ".join(_literal(run_id) for run_id in run_ids)
        with self._store.transaction() as execute:
            if self._target == "postgres":
                [(count,)] = execute(
                    f"with back as (delete from {PARTITIONED} where run_id in ({runs})"  # noqa: S608
                    f" returning {COLUMNS}), inserted as (insert into {TABLE} ({COLUMNS})"
                    f" select {COLUMNS} from back returning 1) select count(*) from inserted"
                )
                return int(count)
            moved = 0
            for (name,) in execute(f"select file from {FILES}"):  # noqa: S608
                rows = f"from read_parquet({_literal(self._folder / name)})"
                [(own, all_rows)] = execute(
                    f"select count(*) filter (where run_id in ({runs})), count(*) {rows}"
                )
                if own:
                    execute(f"insert into {TABLE} ({COLUMNS}) select {COLUMNS} {rows}")
                    execute(f"delete from {FILES} where file = %s", name)  # noqa: S608
                    moved += all_rows
            self._declare_view(execute)
        return moved

    def _move_to_files(self, before: datetime) -> int:
        listed = {file for (file,) in self._store.query(f"select file from {FILES}")}  # noqa: S608
        for path in self._folder.glob("*.parquet"):
            if path.name not in listed:
                path.unlink()
        old = f"from {TABLE} where event_at < %s"
        months = self._store.query(
            f"select cast(date_trunc('month', timezone('UTC', event_at)) as date), count(*) {old}"
            " group by 1 order by 1",
            before,
        )
        if not months:
            return 0
        self._folder.mkdir(parents=True, exist_ok=True)
        replaced: list[str] = []
        with self._store.transaction() as execute:
            for month, _ in months:
                replaced += self._write_month(execute, month, before)
            execute(f"delete {old}", before)
            self._declare_view(execute)
        for name in replaced:
            (self._folder / name).unlink()
        return sum(count for _, count in months)

    def _write_month(self, execute: Any, month: Any, before: datetime) -> list[str]:
        """Write a month's old ticks to a new file; the files it replaces."""
        names = [
            name
            for (name,) in execute(
                f"select file from {FILES} where month = %s order by file",  # noqa: S608
                month,
            )
        ]
        replaced = names if len(names) >= FILES_A_MONTH else []
        path = self._folder / f"{month:%Y-%m}.{_next_number(names):04}.parquet"
        kept = "".join(
            f" union all select {COLUMNS} from read_parquet({_literal(self._folder / name)})"  # noqa: S608
            for name in replaced
        )
        execute(
            f"copy (select * from (select {COLUMNS} from {TABLE}"  # noqa: S608
            f" where event_at < timestamptz '{before.isoformat()}'"
            f" and date_trunc('month', timezone('UTC', event_at)) = date '{month}'{kept})"
            f" order by product_id, event_at, row_id) to {_literal(path)}"
            " (format parquet, compression zstd)"
        )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        for name in replaced:
            execute(f"delete from {FILES} where file = %s", name)  # noqa: S608
        execute(
            f"insert into {FILES} select %s, %s, count(*), %s from read_parquet({_literal(path)})",  # noqa: S608
            path.name,
            month,
            digest,
        )
        return replaced

    def _move_to_partitions(self, before: datetime) -> int:
        # Another folder's load may have been killed: it is made again by the keys in the table.
        old = (
            f"from {TABLE} where event_at < %s and response_id in (select responses.response_id"  # noqa: S608
            " from landed_responses as responses inner join _dlt_loads as loads"
            " on responses._dlt_load_id = loads.load_id and loads.status = 0)"
        )
        with self._store.transaction() as execute:
            months = execute(
                f"select date_trunc('month', timezone('UTC', event_at)), count(*) {old}"
                " group by 1 order by 1",
                before,
            )
            for month, _ in months:
                following = (month + timedelta(days=32)).replace(day=1)
                execute(
                    f"create table if not exists {PARTITIONED}_{month:%Y_%m}"
                    f" partition of {PARTITIONED}"
                    f" for values from ('{month:%Y-%m-%d}+00') to ('{following:%Y-%m-%d}+00')"
                )
            if months:
                execute(
                    f"with moved as (delete {old} returning {COLUMNS})"  # noqa: S608
                    f" insert into {PARTITIONED} ({COLUMNS}) select {COLUMNS} from moved",
                    before,
                )
        return sum(count for _, count in months)

    def _declare_view(self, execute: Any) -> None:
        parts = [f"select {COLUMNS} from {TABLE}"]  # noqa: S608
        if self._target == "postgres":
            parts.append(f"select {COLUMNS} from {PARTITIONED}")  # noqa: S608
        else:
            for (name,) in execute(f"select file from {FILES} order by file"):  # noqa: S608
                path = self._folder / name
                if not path.is_file():
                    raise TickArchiveError(
                        f"{path} is gone, which holds old ticks of this warehouse; put it back, or "
                        "remake the warehouse from landing with scripts/rebuild.py"
                    )
                parts.append(f"select {COLUMNS} from read_parquet({_literal(path)})")  # noqa: S608
        execute(f"create or replace view {VIEW} as {' union all '.join(parts)}")


def _next_number(names: list[str]) -> int:
    return 1 + max((int(name.split(".")[1]) for name in names), default=0)


def _literal(value: Path | str) -> str:
    text = str(value).replace("'", "''")
    return f"'{text}'"
