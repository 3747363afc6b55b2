"""The warehouse behind raw as the job sees it, whichever target holds it.

DuckDB is a file, PostgreSQL a server, Spark a session that dbt opens in this process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from expectations.warehouse import spark_session
from extract.settings import Settings
from scripts.exit_codes import ExitCode, JobError

# What each target needs beyond requirements.txt: a module, and the command that installs it.
EXTRAS = {
    "postgres": ("adbc_driver_postgresql", "make setup-postgres"),
    "spark": ("pyspark", "make setup-spark"),
}
MODEL_SCHEMAS = ("marts", "intermediate", "staging", "seeds")

MART_NAMES = (
    "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
)


@dataclass(frozen=True)
class Reader:
    """Marts by name, and rows of a query as a DuckDB relation: `timestamp` columns are UTC."""

    mart_names: list[str]
    relation: Callable[[str], duckdb.DuckDBPyRelation]


def refuse_unreachable(settings: Settings) -> None:
    """Raises JobError (2) where the target's packages are missing or its server does not answer."""
    if settings.target not in EXTRAS:
        return
    module, command = EXTRAS[settings.target]
    if importlib.util.find_spec(module) is None:
        raise JobError(ExitCode.USAGE, f"--target {settings.target} needs more packages: {command}")
    if settings.target == "postgres":
        with _postgres(settings):
            pass
    elif "JAVA_HOME" not in os.environ and shutil.which("java") is None:
        raise JobError(ExitCode.USAGE, "--target spark needs Java 17 or newer on the PATH")


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """Read the marts as they are; nothing else is read or changed meanwhile."""
    if settings.target == "postgres":
        with _postgres(settings) as connection, duckdb.connect(":memory:") as memory:
            cursors: list[Any] = []

            def fetched(sql: str) -> duckdb.DuckDBPyRelation:
                # The relation reads from the cursor when it is itself read.
                cursors.append(connection.cursor())
                cursors[-1].execute(sql)
                return memory.from_arrow(cursors[-1].fetch_record_batch())

            yield Reader([name for (name,) in fetched(MART_NAMES).fetchall()], fetched)
            for cursor in cursors:
                cursor.close()
    elif settings.target == "spark":
        session = spark_session()
        names = sorted(
            table.name for table in session.catalog.listTables("marts") if not table.isTemporary
        )
        with duckdb.connect(":memory:") as memory:
            memory.execute("set timezone = 'UTC'")
            yield Reader(names, lambda sql: _without_zone(memory, session.sql(sql).toArrow()))
    else:
        with duckdb.connect(str(settings.warehouse_path)) as file:
            yield Reader([name for (name,) in file.sql(MART_NAMES).fetchall()], file.sql)


def drop_models() -> None:
    """On Spark: remove every table and view that dbt made, and files that no table has."""
    session = spark_session()
    hadoop = session._jvm.org.apache.hadoop.fs
    for schema in MODEL_SCHEMAS:
        if session.catalog.databaseExists(schema):
            location = hadoop.Path(session.catalog.getDatabase(schema).locationUri)
            session.sql(f"drop schema {schema} cascade")
            location.getFileSystem(session._jsc.hadoopConfiguration()).delete(location, True)


@contextmanager
def set_aside(settings: Settings) -> Iterator[None]:
    """Put raw, the models and what is known about them away; put all back on failure."""
    kept = settings.state_dir / "before_rebuild"
    shutil.rmtree(kept, ignore_errors=True)
    paths = [path for path in _own_paths(settings) if path.exists()]
    moves = [(path, kept / path.name) for path in paths]
    with _schemas_set_aside(settings):
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        try:
            yield
        except BaseException:
            for source, target in moves:
                if source.is_dir():
                    shutil.rmtree(source)
                target.replace(source)
            raise
    shutil.rmtree(kept, ignore_errors=True)


def _own_paths(settings: Settings) -> list[Path]:
    paths = [settings.dlt_dir, settings.gate_pointer]
    if settings.target == "duckdb":
        paths.append(settings.warehouse_path)
    if settings.target == "spark":
        if settings.spark.raw_url or settings.spark.warehouse_url:
            raise JobError(
                ExitCode.USAGE,
                "rebuild moves folders of this machine; with SPARK_RAW_URL or SPARK_WAREHOUSE_URL "
                "set, point both at empty folders and run refresh.py --target spark",
            )
        paths += [settings.state_dir / name for name in ("lake", "warehouse", "metastore")]
    return paths


@contextmanager
def _schemas_set_aside(settings: Settings) -> Iterator[None]:
    """Of a PostgreSQL database: renamed, then dropped, or named back on failure."""
    if settings.target != "postgres":
        yield
        return
    schemas = ("raw", *MODEL_SCHEMAS)
    with _postgres(settings) as connection:
        _rename(connection, {name: f"before_rebuild_{name}" for name in schemas})
    try:
        yield
    except BaseException:
        with _postgres(settings) as connection:
            _rename(connection, {f"before_rebuild_{name}": name for name in schemas})
        raise
    with _postgres(settings) as connection:
        cursor = connection.cursor()
        for name in schemas:
            cursor.execute(f"drop schema if exists before_rebuild_{name} cascade")
        connection.commit()


def _rename(connection: Any, names: dict[str, str]) -> None:
    """Rename the schemas that exist; one that is in the way is dropped."""
    cursor = connection.cursor()
    cursor.execute("select schema_name from information_schema.schemata")
    present = {name for (name,) in cursor.fetchall()}
    for old, new in names.items():
        if old in present:
            cursor.execute(f"drop schema if exists {new} cascade")
            cursor.execute(f"alter schema {old} rename to {new}")
    connection.commit()


@contextmanager
def _postgres(settings: Settings) -> Iterator[Any]:
    from adbc_driver_postgresql import dbapi

    server = settings.postgres
    try:
        connection = dbapi.connect(server.url)
    except dbapi.Error as error:
        reason = " ".join(str(error).split()).replace(server.password, "***")
        raise JobError(
            ExitCode.USAGE,
            f"PostgreSQL at {server.host}:{server.port}, database {server.database}, "
            f"cannot be used: {reason}",
        ) from None
    with connection:
        yield connection


def _without_zone(memory: duckdb.DuckDBPyConnection, table: Any) -> duckdb.DuckDBPyRelation:
    """Spark's timestamps are instants; those of the marts are UTC without a zone."""
    rows = memory.from_arrow(table)
    columns = [
        f"timezone('UTC', {name}) as {name}" if "TIME ZONE" in str(kind) else name
        for name, kind in zip(rows.columns, rows.types, strict=True)
    ]
    return rows.project(", ".join(columns))
