"""The warehouse that a gate looks at: a database, or the Spark session of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extract.spark_session import SPARK_URL, NoSparkSessionError, spark_session, tables_in

INFORMATION_SCHEMA = "information_schema.columns"
SPARK_CATALOG = "catalog_columns"
GATED_SCHEMAS = ("raw", "marts")

# The rows of a query.
Query = Callable[[str], list[tuple[Any, ...]]]


class WarehouseUnavailableError(RuntimeError):
    """The warehouse exists but cannot be opened: another holds it, or no session is on it."""


def catalog_table(url: str) -> str:
    """The table of `table_schema`, `table_name` and `column_name`."""
    return SPARK_CATALOG if url == SPARK_URL else INFORMATION_SCHEMA


@contextmanager
def opened(url: str) -> Iterator[Query]:
    """Ask the warehouse.

    Raises FileNotFoundError for a DuckDB file that does not exist, and WarehouseUnavailableError
    where the warehouse cannot be opened.
    """
    if url == SPARK_URL:
        try:
            session = spark_session()
        except NoSparkSessionError as error:
            raise WarehouseUnavailableError(str(error)) from error
        list_columns(session)
        yield lambda sql: [tuple(row) for row in session.sql(sql).collect()]
        return
    with _connection(url) as connection:
        from sqlalchemy import text

        yield lambda sql: [tuple(row) for row in connection.execute(text(sql))]


def list_columns(session: Any) -> None:
    """Spark has no information schema: a view in its place, of the session alone."""
    rows = [
        (schema, table, column)
        for schema in GATED_SCHEMAS
        for table in tables_in(session, schema)
        for column in session.table(f"{schema}.{table}").columns
    ]
    session.createDataFrame(
        rows, "table_schema string, table_name string, column_name string"
    ).createOrReplaceTempView(SPARK_CATALOG)


@contextmanager
def _connection(url: str) -> Iterator[Any]:
    """A connection that is closed, not pooled, afterwards: DuckDB admits one process at a time."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    location = make_url(url)
    if location.get_backend_name() == "duckdb" and not Path(location.database or "").is_file():
        raise FileNotFoundError(f"no DuckDB file at {location.database}")
    try:
        connection = create_engine(location, poolclass=NullPool).connect()
    except DBAPIError as error:
        raise WarehouseUnavailableError(
            f"{location.render_as_string()} could not be opened: {error.orig}. Nothing was "
            "checked. Close every other connection to it, in this process too, and run again."
        ) from error
    with connection:
        yield connection
