"""PostgreSQL and Spark for tests, where this machine has them.

Without them a test says what it skips; with REQUIRE_ENGINES=1 that is a failure.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from extract.settings import Settings
from extract.spark_session import NoSparkSessionError, spark_session
from extract.targets import Postgres, Spark
from tests.conftest import settings_for

# A small market in one short-lived session: compiling plans would take longer than running them.
SPARK_DEFAULTS = """
spark.default.parallelism 1
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.sql.adaptive.enabled false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.codegen.wholeStage false
spark.sql.files.minPartitionNum 1
spark.sql.lightweightPlanChangeValidation false
spark.sql.parquet.compression.codec uncompressed
spark.sql.ui.explainMode simple
spark.broadcast.compress false
spark.shuffle.compress false
"""
JAVA_OPTIONS = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC "
    "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
)


def missing(what: str) -> None:
    if os.environ.get("REQUIRE_ENGINES") == "1":
        pytest.fail(f"REQUIRE_ENGINES=1, and {what}")
    pytest.skip(what)


@contextmanager
def postgres_settings(
    data_dir: Path,
    template: str = "template1",
    role: tuple[str, str] | None = None,
    **changes: object,
) -> Iterator[Settings]:
    """Settings of a new database, a copy of `template`, which is dropped afterwards.

    It belongs to `role`, a name and a password, or to the user who administers the server.
    """
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        missing("PostgreSQL's packages are not installed: make setup-postgres")
    from psycopg2 import sql

    server = Postgres(
        host=os.environ.get("POSTGRES_HOST", Postgres.host),
        database=f"crypto_market_test_{os.getpid()}",
    )
    name = sql.Identifier(server.database)
    drop = sql.SQL("drop database if exists {} with (force)").format(name)
    create = sql.SQL("create database {} template {}").format(name, sql.Identifier(template))
    with administered(server) as execute:
        execute(drop)
        execute(create)
        if role:
            owned = sql.SQL("alter database {} owner to {}")
            execute(owned.format(name, sql.Identifier(role[0])))
            server = replace(server, user=role[0], password=SecretStr(role[1]))
        try:
            yield settings_for(data_dir, target="postgres", postgres=server, **changes)
        finally:
            execute(drop)


@contextmanager
def administered(server: Postgres, database: str = "postgres") -> Iterator[Callable[..., list]]:
    """Run statements in a database of the server, each by itself; gives their rows."""
    import psycopg2

    try:
        connection = psycopg2.connect(
            host=server.host,
            port=server.port,
            user=Postgres.user,
            password=Postgres().password.get_secret_value(),
            dbname=database,
            application_name="tests",
            connect_timeout=5,
        )
    except psycopg2.OperationalError:
        missing(f"no PostgreSQL server answers at {server.host}:{server.port}")
    connection.autocommit = True

    def execute(statement: object, *parameters: object) -> list:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    try:
        yield execute
    finally:
        connection.close()


@contextmanager
def spark_settings(
    data_dir: Path, master: str = "local[2]", **changes: object
) -> Iterator[Settings]:
    """Settings of a Spark session that this process has for itself; it is stopped afterwards."""
    if importlib.util.find_spec("pyspark") is None:
        missing("Spark's packages are not installed: make setup-spark")
    if shutil.which("java") is None:
        missing("there is no java on the PATH")
    conf = data_dir.parent / "spark_conf"
    conf.mkdir(exist_ok=True)
    (conf / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(conf))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("JDK_JAVA_OPTIONS", JAVA_OPTIONS)
        spark = Spark(master=master, catalog="in-memory", shuffle_partitions=1)
        try:
            yield settings_for(data_dir, target="spark", spark=spark, **changes)
        finally:
            with suppress(NoSparkSessionError):
                spark_session().stop()
