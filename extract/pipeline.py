"""Loads landed responses into `raw` with dlt.

What is loaded follows from landing and raw alone: of every archive, the responses behind the last
one that a finished load holds. Rows are inserted by key and never touched again, so a load that was
killed at any point is simply made again; only a response's own row moves to the load that finished.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from extract.acceptance import RawBatch
from extract.destination import destination, discard_unfinished, run_options, write_disposition
from extract.landing import Landed, SourceKindMismatchError, archives, read_archive
from extract.raw_tables import RAW_TABLES, dlt_columns, primary_key
from extract.reading import batches
from extract.settings import Settings

log = logging.getLogger(__name__)

PIPELINE = "crypto_market"
DATASET = "raw"

# dlt reads these from the environment alone: the load id on Arrow tables, and no chatter.
os.environ.setdefault("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")


@dlt.source(name="landing", max_table_nesting=0)
def landing(settings: Settings, batch: RawBatch, tables: Iterable[str]) -> Iterator[Any]:
    """One resource a raw table, each hinted to the last column."""
    for table in tables:
        yield dlt.resource(
            batch.table(table),
            name=table,
            primary_key=primary_key(table),
            write_disposition=write_disposition(settings, table),
            columns=dlt_columns(table),
        )


class RawStore:
    """Schema `raw` of one warehouse, as the loads write it and the fetch plan reads it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._landing_dir = settings.landing_dir
        self._pipeline = dlt.pipeline(
            PIPELINE,
            destination=destination(settings),
            dataset_name=DATASET,
            pipelines_dir=str(settings.dlt_dir),
        )

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of `sql` with bound `parameters`; none while the tables are not there yet."""
        try:
            with self._pipeline.sql_client() as client:
                return client.execute_sql(sql, *parameters) or []
        except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
            return []

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
        """Responses that are landed and not loaded, oldest run first."""
        loaded = dict(
            self.query(
                "select responses.landing_file, max(responses.end_offset)"
                " from landed_responses as responses"
                " inner join _dlt_loads as loads"
                " on responses._dlt_load_id = loads.load_id and loads.status = 0"
                " group by responses.landing_file"
            )
        )
        for path in archives(self._landing_dir):
            start = loaded.get(path.relative_to(self._landing_dir).as_posix(), 0)
            if path.stat().st_size > start:
                yield from read_archive(self._landing_dir, path, start)

    def load(self, responses: Iterable[Landed]) -> Iterator[int]:
        """Load responses; yields the rows of each load as it is done."""
        # An interrupted package is made anew from landing rather than taken up half-way.
        self._pipeline.abort_packages()
        finished = self.query("select load_id from _dlt_loads where status = 0")
        discard_unfinished(self._pipeline, (load_id for (load_id,) in finished))
        for batch in batches(responses):
            # An empty table costs a job of its own; the first load makes them all.
            tables = batch.filled_tables() if self._has_all_tables() else RAW_TABLES
            self._pipeline.run(
                landing(self._settings, batch, tables), **run_options(self._settings)
            )
            yield batch.row_count

    def _has_all_tables(self) -> bool:
        """An aggregate has a row, unless a table is not there."""
        rows = " union all ".join(f"select 1 from {table} where 1 = 0" for table in RAW_TABLES)  # noqa: S608
        return bool(self.query(f"select count(*) from ({rows}) as no_rows"))  # noqa: S608
