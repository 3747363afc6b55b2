"""What a snapshot says about itself: its marts, their tests, its runs; and how its rows lie."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from extract.settings import Settings
from pipeline.exit_codes import JobError
from pipeline.job import Job
from published.writing import ROW_GROUP_SIZE, publish
from tests import snapshots
from tests.conftest import AS_OF, quiet_stage, refresh, settings_for


def catalog(snapshot: Path) -> dict[str, dict]:
    return {
        mart["name"]: mart for mart in json.loads((snapshot / "catalog.json").read_text())["marts"]
    }


def query(sql: str, snapshot: Path, mart: str) -> list[tuple]:
    with duckdb.connect(":memory:") as memory:
        return memory.execute(sql, {"path": str(snapshot / f"{mart}.parquet")}).fetchall()


def test_catalog_describes_every_mart_as_it_is_published(built: Settings) -> None:
    snapshot = snapshots.current(built.published_dir)
    marts = catalog(snapshot)

    assert sorted(marts) == snapshots.tables(snapshot)
    for name, mart in marts.items():
        assert mart["grain"].startswith("One row per "), name
        assert mart["grain"].endswith("."), name
        assert mart["description"], name
        assert "One row per" not in mart["description"], name
        described = query("describe from read_parquet($path)", snapshot, name)
        published = [(column, kind.lower()) for column, kind, *_ in described]
        assert [(c["name"], c["type"]) for c in mart["columns"]] == published, name
        assert all(column["description"] for column in mart["columns"]), name
        assert any(test["name"].startswith("one row per ") for test in mart["tests"]), name


def test_a_snapshot_is_as_of_its_newest_observation(built: Settings) -> None:
    """And not of the clock of the command, that may bring nothing new."""
    first = snapshots.current(built.published_dir)
    later = settings_for(built.data_dir, as_of=AS_OF + timedelta(days=2))
    second = Job(later, quiet_stage).build_and_publish().snapshot
    assert second is not None
    [(newest,)] = query("select max(last_seen_at) from read_parquet($path)", first, "dim_coins")
    for snapshot in (first, second):
        as_of = datetime.fromisoformat(snapshots.manifest(snapshot)["as_of"])
        assert as_of == newest.replace(tzinfo=UTC)


def test_data_tests_are_told_in_words_with_their_result(built: Settings) -> None:
    snapshot = snapshots.current(built.published_dir)
    manifest = snapshots.manifest(snapshot)
    tests = {(test["model"], test["name"]): test for test in manifest["dbt"]["data_tests"]}

    for expected in (
        ("fct_daily_rankings", "one row per rank_date, coin_id"),
        ("fct_daily_rankings", "coin_id exists in dim_coins"),
        ("fct_daily_rankings", "ranks start at one each day"),
        ("fct_price_alerts", "direction in ('up', 'down')"),
        ("fct_price_alerts", "(direction = 'up') = (peak_change_pct > 0)"),
        ("coin_flags", "kind is one of stablecoin, wrapped, ordinary"),
        ("fct_price_alerts", "alert episodes do not overlap"),
        ("price_sources", "source is unique"),
        ("int_source_clocks", "never null: source, as_of_at"),
        ("fct_load_audit", "received_count = accepted_count + duplicate_count + rejected_count"),
    ):
        assert (tests[expected]["status"], tests[expected]["failures"]) == ("pass", 0), expected
    assert {test["status"] for test in tests.values()} == {"pass"}
    of_marts = [test for mart in catalog(snapshot).values() for test in mart["tests"]]
    assert all(tests[test["model"], test["name"]] == test for test in of_marts)


def test_what_a_partial_build_left_out_is_described_and_not_called_tested(built: Settings) -> None:
    Job(built, quiet_stage).build_and_publish(select="dim_coin_symbols")
    marts = catalog(snapshots.current(built.published_dir))

    assert {test["status"] for test in marts["dim_coin_symbols"]["tests"]} == {"pass"}
    left_out = marts["fct_price_alerts"]
    assert left_out["columns"]
    assert {(test["status"], test["failures"]) for test in left_out["tests"]} == {("not run", None)}


def test_runs_tell_of_the_one_that_failed(built: Settings) -> None:
    first = snapshots.manifest(snapshots.current(built.published_dir))
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        # An observation in a table that no longer knows its source.
        warehouse.sql(
            "update intermediate.int_price_observations set coin_id = 'bitcoin',"
            " observed_at = timestamp '2026-10-30 00:00:00.5', source = 'coingecko'"
            " where coin_id in ('dogecoin', 'pepe') and observed_date = date '2026-10-30'"
        )
    with pytest.raises(JobError):
        refresh(built)
    refresh(settings_for(built.data_dir, as_of=AS_OF + timedelta(minutes=5)), full_refresh=True)

    manifest = snapshots.manifest(snapshots.current(built.published_dir))
    begun, failed, now = manifest["runs"]
    assert begun["run_id"] == first["run_id"]
    assert (failed["outcome"], failed["stage"], failed["exit_code"]) == ("failed", "dbt build", 1)
    assert failed["message"].startswith("dbt build failed: ")
    assert "rows, for example" in failed["message"]
    assert str(built.data_dir) not in json.dumps(failed)
    assert failed["stage_seconds"].keys() == {"fetch", "load", "gate 1: raw"}
    assert now["run_id"] == manifest["run_id"]
    assert now["stage_seconds"] == manifest["stage_seconds"]
    assert now["table_rows"]["dim_coins"] == manifest["tables"]["dim_coins"]["rows"]
    assert now["tests_passed"] == manifest["dbt"]["tests"]
    assert now["loaded_rows"] > 0


def test_rows_lie_by_coin_and_time_in_groups_that_a_reader_can_skip(built: Settings) -> None:
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        warehouse.sql(
            "create table marts.fct_long as select md5(i::varchar) as long_id,"
            " timestamp '2026-01-01' + to_hours(i // 5) as seen_at, 'coin-' || i % 5 as coin_id"
            " from range(100_000) as rows(i)"
        )
    names = ("fct_long", "fct_price_alerts", "fct_daily_rankings", "fct_load_audit")
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        catalog = [
            {"name": name, "columns": [{"name": column} for column in columns]}
            for name in names
            if (columns := warehouse.table(f"marts.{name}").columns)
        ]
    snapshot = publish(built, "29991231T000000000000Z-000000", {}, catalog)

    groups = query(
        "select distinct row_group_id, row_group_num_rows, stats_min, stats_max"
        " from parquet_metadata($path) where path_in_schema = 'coin_id'",
        snapshot,
        "fct_long",
    )
    assert max(rows for _, rows, _, _ in groups) <= ROW_GROUP_SIZE
    assert sum(least <= "coin-3" <= most for _, _, least, most in groups) < len(groups) / 2
    for mart, keys in {
        "fct_long": "coin_id, seen_at",
        "fct_price_alerts": "coin_id, opened_at",
        "fct_daily_rankings": "coin_id, rank_date",
        "fct_load_audit": "first_fetched_at",
    }.items():
        rows = query(f"select {keys} from read_parquet($path)", snapshot, mart)  # noqa: S608
        assert rows == sorted(rows), mart
