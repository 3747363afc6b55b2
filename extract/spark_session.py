"""The Spark session of this process: dbt makes it from profiles.yml, all others find it here."""

from __future__ import annotations

import os
import time
from typing import Any

# In the place of a database's address.
SPARK_URL = "spark://"


class NoSparkSessionError(RuntimeError):
    """dbt has not opened a session in this process."""


def spark_session() -> Any:
    """The session, with dbt's settings; instants that it gives are in UTC, as a server's.

    Raises NoSparkSessionError.
    """
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is None:
        raise NoSparkSessionError("there is no Spark session in this process")
    # pyspark gives instants in the zone of the process.
    os.environ["TZ"] = "UTC"
    time.tzset()
    return session


def tables_in(session: Any, schema: str) -> list[str]:
    """Names of the tables and views of a schema; none of one that does not exist.

    The catalog's own list reads the definition of each of them.
    """
    if not session.catalog.databaseExists(schema):
        return []
    # Temporary views are listed under every schema.
    rows = session.sql(f"show tables in {schema}").collect()
    return [row.tableName for row in rows if not row.isTemporary]
