"""Loads landed responses into `raw` with dlt.

What is loaded follows from landing and raw alone: of every run, the responses behind the last one
that a finished load holds. Rows are inserted by key and never touched again, so a load that was
killed at any point is simply made again; only a response's own row moves to the load that finished.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.destinations.exceptions import DatabaseUndefinedRelation

import extract.dlt_settings  # noqa: F401, for its effect
from extract.destination import (
    destination,
    remove_files,
    remove_unfinished,
    run_options,
    write_disposition,
)
from extract.landed import read_landing
from extract.landing import Landed, SourceKindMismatchError
from extract.raw_batch import RawBatch
from extract.raw_tables import LOAD_NUMBER, RAW_TABLES, dlt_columns, primary_key
from extract.reading import batches
from extract.set_aside import listed
from extract.settings import Settings

log = logging.getLogger(__name__)

PIPELINE = "crypto_market"
DATASET = "raw"
# Where a package stands that is done with, and one that a kill cut off before it could be loaded.
PACKAGE_LEFTOVERS = ("load/loaded/*", "load/new/*", "normalize/extracted/*", "normalize/*/")


@dlt.source(name="landing", max_table_nesting=0)
def landing(
    settings: Settings, batch: RawBatch, tables: Iterable[str], load_number: int
) -> Iterator[Any]:
    """One resource a raw table, each hinted to the last column."""
    for table in tables:
        yield dlt.resource(  # type: ignore[call-overload] # its overloads lack Arrow tables
            batch.table(table, load_number),
            name=table,
            primary_key=primary_key(table),
            write_disposition=write_disposition(settings, table),
            columns=dlt_columns(table),
        )


class RawStore:
    """Schema `raw` of one warehouse, as the loads write it and the fetch plan reads it."""

    def __init__(
        self, settings: Settings, dlt_dir: Path | None = None, connection: Any = None
    ) -> None:
        self._settings = settings
        self._landing_dir = settings.landing_dir
        self._pipeline = dlt.pipeline(
            PIPELINE,
            destination=destination(settings, connection),
            dataset_name=DATASET,
            pipelines_dir=str(dlt_dir or settings.dlt_dir),
        )
        # What of landing could not be read, once each.
        self.damage: list[str] = []

    @classmethod
    @contextmanager
    def looked_at(cls, settings: Settings, has_dlt_state: bool = True) -> Iterator[RawStore]:
        """To ask and not to load: no file of the data folder is made or changed.

        Without dlt's state, as where that is damaged, the warehouse alone is asked.
        Raises duckdb.IOException where another process has the DuckDB file open for writing.
        """
        with tempfile.TemporaryDirectory() as folder:
            # dlt writes to its folder even where it is only asked.
            copy = Path(folder, "dlt")
            if has_dlt_state and settings.dlt_dir.is_dir():
                shutil.copytree(
                    settings.dlt_dir, copy, ignore=shutil.ignore_patterns("load", "normalize")
                )
            if settings.target != "duckdb":
                store = cls(settings, copy)
                store._know_files()
                yield store
                return
            with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
                yield cls(settings, copy, connection)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of `sql` with bound `parameters`; none while the tables are not there yet."""
        try:
            with self._pipeline.sql_client() as client:
                return list(map(tuple, client.execute_sql(sql, *parameters) or []))
        except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
            return []

    @contextmanager
    def transaction(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """Run statements, all or none of which are done; each is given as to `query`."""
        with self._pipeline.sql_client() as client, client.begin_transaction():
            yield lambda sql, *parameters: list(
                map(tuple, client.execute_sql(sql, *parameters) or [])
            )

    def refuse_other_kinds(self, source_kind: str) -> None:
        """Raise SourceKindMismatchError where raw came from another kind of source's landing."""
        for (archive,) in self.query("select min(landing_file) from landed_responses"):
            present = archive.split("/")[0] if archive else source_kind
            if present != source_kind:
                raise SourceKindMismatchError(
                    f"{self._pipeline.destination.destination_name} holds a {present} market and "
                    f"cannot take a {source_kind} one. Name another database or folder."
                )

    def pending(self) -> Iterator[Landed]:
        """Responses that are landed and not loaded, oldest run first; `damage` grows meanwhile.

        Raw is asked when the first is: by then a load has removed what a killed one left.
        """
        loaded = dict(
            self.query(
                "select responses.landing_file, max(responses.sequence)"
                " from landed_responses as responses"
                " inner join _dlt_loads as loads"
                " on responses._dlt_load_id = loads.load_id and loads.status = 0"
                " group by responses.landing_file"
            )
        )
        yield from read_landing(self._landing_dir, loaded, self.damage)

    def missing_columns(self) -> list[str]:
        """Columns that this version writes and raw lacks, as `table.column`: an older one made it.

        Tables that are not there lack nothing, for the first load makes them.
        """
        missing: list[str] = []
        try:
            with self._pipeline.sql_client() as client:
                for table, schema in RAW_TABLES.items():
                    with client.execute_query(f"select * from {table} where 1 = 0") as cursor:  # noqa: S608
                        present = {column[0] for column in cursor.description}
                    missing += [f"{table}.{name}" for name in schema.names if name not in present]
        except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
            # The first load that finishes makes all of them.
            pass
        return missing

    def landed_responses(self) -> dict[str, dict[int, str]]:
        """The content hashes of the responses in raw, by archive and number.

        An older version kept the position of a response in bytes instead of its number.
        """
        place = "sequence"
        if "landed_responses.sequence" in self.missing_columns():
            place = "row_number() over (partition by landing_file order by end_offset)"
        found: dict[str, dict[int, str]] = {}
        for archive, number, content in self.query(
            f"select landing_file, {place}, content_hash from landed_responses"  # noqa: S608
        ):
            found.setdefault(archive, {})[number] = content
        return found

    def loads_of(self, run_id: str) -> list[int]:
        """The numbers of the loads that hold rows of a run, in their order."""
        return self._distinct(LOAD_NUMBER, "run_id", [run_id])

    def runs_of(self, load_number: int) -> list[str]:
        """The runs whose rows a load holds, oldest first."""
        return self._distinct("run_id", LOAD_NUMBER, [load_number])

    def forget(self, run_ids: Iterable[str]) -> None:
        """Take the rows and responses of whole runs out of raw; landing still holds them.

        The next load takes them up again. Where raw is files, whole loads are removed, and with
        them the other runs that they hold.
        """
        runs = sorted(set(run_ids))
        if self._pipeline.destination.destination_name == "filesystem":
            self._forget_files(runs)
            return
        with self._pipeline.sql_client() as client, client.begin_transaction():
            for table in RAW_TABLES:
                client.execute_sql(f"delete from {table} where {_is_one_of('run_id', runs)}", *runs)  # noqa: S608

    def _forget_files(self, runs: list[str]) -> None:
        loads: list[str] = []
        while True:
            found = self._distinct("_dlt_load_id", "run_id", runs)
            if found == loads:
                break
            loads = found
            runs = self._distinct("run_id", "_dlt_load_id", loads)
        remove_files(self._pipeline, lambda load_id: load_id in loads)

    def _distinct(self, column: str, known: str, values: list[Any]) -> list[Any]:
        """Values of one column of raw where another has one of `values`, over all its tables."""
        found: set[Any] = set()
        for table in RAW_TABLES:
            sql = f"select distinct {column} from {table} where {_is_one_of(known, values)}"  # noqa: S608
            found.update(value for (value,) in self.query(sql, *values))
        return sorted(found)

    def discard_unfinished(self) -> None:
        """Where raw is files: remove those of loads that were killed, which may be cut.

        Under the writer's lock, before anything else is asked.
        """
        if self._pipeline.destination.destination_name == "filesystem":
            self._know_files()
            finished = self.query("select load_id from _dlt_loads where status = 0")
            remove_unfinished(self._pipeline, (load_id for (load_id,) in finished))

    def _know_files(self) -> None:
        """Where raw is files, dlt finds none without a schema, and all would be loaded twice."""
        is_files = self._pipeline.destination.destination_name == "filesystem"
        if is_files and not self._pipeline.schema_names:
            self._pipeline.sync_destination()

    def load(self, responses: Iterable[Landed]) -> Iterator[int]:
        """Load responses; yields the rows of each load as it is done."""
        # An interrupted package is made anew from landing rather than taken up half-way.
        self._pipeline.abort_packages()
        self._remove_finished_packages()
        self.discard_unfinished()
        load_number = self.greatest_load_number()
        for batch in batches(responses, set_aside=listed(self._settings.set_aside_path)):
            load_number += 1
            # An empty table costs a job of its own; the first load makes them all.
            tables = batch.filled_tables() if self._has_all_tables() else RAW_TABLES
            self._pipeline.run(
                landing(self._settings, batch, tables, load_number),
                **run_options(self._settings),
            )
            self._remove_finished_packages()
            yield batch.row_count

    def greatest_load_number(self) -> int:
        """The number of the last load; 0 while raw is empty.

        Looks at every table: a load that was killed may have reached some of them.
        """
        greatest = " union all ".join(
            f"select max({LOAD_NUMBER}) as load_number from {table}"  # noqa: S608
            for table in RAW_TABLES
        )
        [(number,)] = self.query(f"select max(load_number) from ({greatest}) as loads") or [(0,)]  # noqa: S608
        return number or 0

    def _remove_finished_packages(self) -> None:
        """dlt keeps every package that it loaded or aborted; nothing reads them again.

        Its own switch, `delete_completed_jobs`, leaves five files of each.
        """
        for leftovers in PACKAGE_LEFTOVERS:
            for package in Path(self._pipeline.working_dir).glob(leftovers):
                if package.name != "extracted":
                    shutil.rmtree(package)

    def _has_all_tables(self) -> bool:
        """An aggregate has a row, unless a table is not there."""
        rows = " union all ".join(f"select 1 from {table} where 1 = 0" for table in RAW_TABLES)  # noqa: S608
        return bool(self.query(f"select count(*) from ({rows}) as no_rows"))  # noqa: S608


def _is_one_of(column: str, values: list[str]) -> str:
    return f"{column} in ({', '.join(['%s'] * len(values))})" if values else "1 = 0"
