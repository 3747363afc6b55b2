"""Where dlt loads raw, by target. No other module names a destination.

DuckDB and PostgreSQL hold the tables themselves. Spark reads Parquet files, a folder for each
table and load date, on any storage that both can reach.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import dlt

from extract.raw_tables import RAW_TABLES
from extract.settings import Settings

if TYPE_CHECKING:
    from dlt.destinations.impl.filesystem.filesystem import FilesystemClient

FILE_LAYOUT = "{table_name}/{YYYY}-{MM}-{DD}/{load_id}.{file_id}.{ext}"
LOAD_OF_FILE = re.compile(r"([0-9]+\.[0-9]+)\.[^/]+$")

INSERT_ONLY = {"disposition": "merge", "strategy": "insert-only"}
UPSERT = {"disposition": "merge", "strategy": "upsert"}


def destination(settings: Settings, connection: Any = None) -> Any:
    """The dlt destination of the target; on DuckDB over a connection, where there is one."""
    if settings.target == "postgres":
        return dlt.destinations.postgres(settings.postgres.url)
    if settings.target == "spark":
        return dlt.destinations.filesystem(settings.spark_raw_url, layout=FILE_LAYOUT)
    return dlt.destinations.duckdb(connection or str(settings.warehouse_path))


def run_options(settings: Settings) -> dict[str, Any]:
    return {"loader_file_format": "parquet"} if settings.target == "spark" else {}


def write_disposition(settings: Settings, table: str) -> Any:
    """How a load that is made again leaves no row twice.

    Files cannot be merged: there a load that did not finish is discarded before it is made again.
    """
    if settings.target == "spark":
        return "append"
    return UPSERT if table == "landed_responses" else INSERT_ONLY


def remove_unfinished(pipeline: dlt.Pipeline, finished: Iterable[str]) -> None:
    """Remove the files of loads that are not in `finished`."""
    if not pipeline.schema_names:
        return
    kept = set(finished)
    remove_files(pipeline, lambda load_id: load_id not in kept)


def remove_files(pipeline: dlt.Pipeline, is_refused: Callable[[str | None], bool]) -> None:
    """Remove the files of raw by the load they are of, None for what is no load's."""
    with pipeline.destination_client() as opened:
        client = cast("FilesystemClient", opened)
        for table in RAW_TABLES:
            if not client.fs_client.isdir(client.get_table_dir(table)):
                continue
            for path in client.list_table_files(table):
                match = LOAD_OF_FILE.search(path)
                if is_refused(match[1] if match else None):
                    client.fs_client.rm(path)
