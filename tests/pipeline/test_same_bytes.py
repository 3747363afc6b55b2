"""The same rows give the same bytes of every mart, in whatever order and by however many threads.

Sums of doubles depend on the order in which they are added up, and that on chance.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import duckdb
import pytest

from extract.raw_tables import RAW_TABLES, primary_key
from extract.settings import Settings
from pipeline.dbt_build import invoke
from published.writing import publish
from tests import snapshots


@pytest.fixture
def rebuilt(built: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], dict]:
    """The checksums of the marts, built anew with so many threads from raw rows in this order."""
    connect = duckdb.connect
    current = snapshots.current(built.published_dir)

    def rebuild(threads: int, order: str) -> dict[str, str]:
        with connect(str(built.warehouse_path)) as warehouse:
            for table in RAW_TABLES:
                rows = f"select * from raw.{table} order by {order.format(primary_key(table))}"  # noqa: S608
                warehouse.execute(f"create table raw.reordered as {rows}")
                warehouse.execute(f"truncate raw.{table}")
                warehouse.execute(f"insert into raw.{table} from raw.reordered")
                warehouse.execute("drop table raw.reordered")

        def connected(*arguments, **options):
            connection = connect(*arguments, **options)
            connection.execute(f"set threads = {threads}")
            return connection

        with monkeypatch.context() as patch:
            patch.setattr(duckdb, "connect", connected)
            assert not invoke(built, ["run", "--full-refresh"]).failures
            catalog = json.loads((current / "catalog.json").read_text())["marts"]
            snapshot = publish(built, f"20261101T120500000000Z-{threads}", {}, catalog)
        tables = snapshots.manifest(snapshot)["tables"]
        return {name: table["sha256"] for name, table in tables.items()}

    return rebuild


def test_marts_have_the_same_bytes(rebuilt: Callable[[int, str], dict]) -> None:
    one, other = rebuilt(1, "{}"), rebuilt(8, "hash({})")
    assert {name for name in one if one[name] != other[name]} == set()
