"""The warehouse after raw, as the job sees it, whichever target holds it.

DuckDB is a file, PostgreSQL a server, Spark a session that dbt opens in this process.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from extract.settings import Settings
from extract.spark_session import spark_session, tables_in
from pipeline.exit_codes import ExitCode, JobError

# What each target needs beyond requirements.txt: a module, and the command that installs it.
EXTRAS = {
    "postgres": ("adbc_driver_postgresql", "make setup-postgres"),
    "spark": ("pyspark", "make setup-spark"),
}
# How far each model has come in the loads.
BUILDS_SCHEMA = "builds"
RAW_SCHEMA = "raw"
MODEL_SCHEMAS = ("marts", "intermediate", "staging", "seeds", BUILDS_SCHEMA)


@dataclass(frozen=True)
class Reader:
    """Rows of a query as a DuckDB relation: `timestamp` columns are UTC."""

    relation: Callable[[str], duckdb.DuckDBPyRelation]


def refuse_unreachable(settings: Settings) -> None:
    """Raises JobError (2) where the target's packages are missing or its server does not answer."""
    if settings.target not in EXTRAS:
        return
    module, command = EXTRAS[settings.target]
    if importlib.util.find_spec(module) is None:
        raise JobError(ExitCode.USAGE, f"--target {settings.target} needs more packages: {command}")
    if settings.target == "postgres":
        with postgres_connection(settings):
            pass
    elif "JAVA_HOME" not in os.environ and shutil.which("java") is None:
        raise JobError(ExitCode.USAGE, "--target spark needs Java 17 or newer on the PATH")


@contextmanager
def reading(settings: Settings) -> Iterator[Reader]:
    """Read the marts as they are; nothing else is read or changed meanwhile."""
    if settings.target == "postgres":
        with postgres_connection(settings) as connection, duckdb.connect(":memory:") as memory:
            cursors: list[Any] = []

            def fetched(sql: str) -> duckdb.DuckDBPyRelation:
                # The relation reads from the cursor when it is itself read.
                cursors.append(connection.cursor())
                cursors[-1].execute(sql)
                return memory.from_arrow(cursors[-1].fetch_record_batch())

            yield Reader(fetched)
            for cursor in cursors:
                cursor.close()
    elif settings.target == "spark":
        session = spark_session()
        with duckdb.connect(":memory:") as memory:
            memory.execute("set timezone = 'UTC'")
            yield Reader(lambda sql: _without_zone(memory, session.sql(sql).toArrow()))
    else:
        with duckdb.connect(str(settings.warehouse_path)) as file:
            yield Reader(file.sql)


def relations(settings: Settings) -> set[tuple[str, str]]:
    """Schema and name of every table and view."""
    if settings.target == "spark":
        session = spark_session()
        return {
            (schema, table)
            for schema in (RAW_SCHEMA, *MODEL_SCHEMAS)
            for table in tables_in(session, schema)
        }
    with reading(settings) as warehouse:
        sql = "select table_schema, table_name from information_schema.tables"
        return set(warehouse.relation(sql).fetchall())


def create_table(settings: Settings, name: str, query: str) -> None:
    """Of the rows of a query, where there is none of this name."""
    sql = f"create table {name} as {query}"
    if settings.target == "spark":
        spark_session().sql(sql)
    elif settings.target == "duckdb":
        with duckdb.connect(str(settings.warehouse_path)) as file:
            file.execute(sql)
    else:
        with postgres_connection(settings) as connection:
            connection.cursor().execute(sql)
            connection.commit()


def drop_schema(settings: Settings, name: str) -> None:
    """Of a DuckDB file or a PostgreSQL database."""
    if settings.target == "duckdb":
        with duckdb.connect(str(settings.warehouse_path)) as file:
            file.execute(f"drop schema if exists {name} cascade")
        return
    with postgres_connection(settings) as connection:
        connection.cursor().execute(f"drop schema if exists {name} cascade")
        connection.commit()


def drop_models() -> None:
    """On Spark: remove every table and view that dbt made, and files that no table has."""
    session = spark_session()
    hadoop = session._jvm.org.apache.hadoop.fs
    for schema in MODEL_SCHEMAS:
        if session.catalog.databaseExists(schema):
            described = session.sql(f"describe schema {schema}").collect()
            location = hadoop.Path(next(row[1] for row in described if row[0] == "Location"))
            session.sql(f"drop schema {schema} cascade")
            location.getFileSystem(session._jsc.hadoopConfiguration()).delete(location, True)


@contextmanager
def postgres_connection(settings: Settings) -> Iterator[Any]:
    """A connection, closed afterwards. Raises JobError (2) if none can be opened."""
    from adbc_driver_postgresql import dbapi

    server = settings.postgres
    try:
        connection = dbapi.connect(server.url)
    except dbapi.Error as error:
        reason = " ".join(str(error).split()).replace(server.password.get_secret_value(), "***")
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
