"""What a refresh promises, seen in raw and in what it publishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from extract.landing import new_run_id
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from published.writing import publish
from tests import snapshots
from tests.conftest import AS_OF, COINS, LATER, refresh, settings_for

HALF_HOUR = timedelta(minutes=30)


def raw_rows(settings: Settings, sql: str) -> list[tuple]:
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        return warehouse.sql(sql).fetchall()


def test_first_refresh_publishes_every_mart_with_its_manifest(built: Settings) -> None:
    snapshot = snapshots.current(built.published_dir)
    manifest = snapshots.manifest(snapshot)

    assert set(manifest["tables"]) == set(snapshots.tables(snapshot))
    assert manifest["source_kind"] == "simulated"
    for name, facts in manifest["tables"].items():
        assert facts["rows"] == len(snapshots.table(snapshot, name))
    hours = snapshots.table(snapshot, "fct_hourly_prices")
    assert set(hours.loc[hours.source == "coingecko", "coin_id"]) == set(COINS)
    assert not [column for column in hours if column.startswith("_")]


def test_received_is_accepted_and_duplicate_and_rejected(built: Settings) -> None:
    audit = snapshots.table(snapshots.current(built.published_dir), "fct_load_audit")
    assert (audit.received_count > 0).all()
    parts = audit.accepted_count + audit.duplicate_count + audit.rejected_count
    assert (audit.received_count == parts).all()


def test_second_refresh_takes_up_only_what_is_new(built: Settings) -> None:
    before = raw_rows(built, "select count(*) from raw.stream_ticks")[0][0]
    report = refresh(settings_for(built.data_dir, as_of=AS_OF + HALF_HOUR))

    assert report.fetch is not None
    assert report.fetch.calls["market_chart"] == 0
    after = raw_rows(built, "select count(*) from raw.stream_ticks")[0][0]
    # A batch each five seconds, one tick of every coin of the stream in each.
    products = raw_rows(built, "select count(distinct product_id) from raw.stream_ticks")[0][0]
    assert after - before == 30 * 60 / 5 * products


def test_refresh_without_anything_new_changes_no_mart(built: Settings) -> None:
    before = snapshots.current(built.published_dir)
    refresh(built)
    after = snapshots.current(built.published_dir)

    assert before != after
    snapshots.assert_equal(before, after, leave_out=snapshots.TABLES_OF_LOADS)


def test_gap_is_filled_by_history(built: Settings) -> None:
    report = refresh(settings_for(built.data_dir, as_of=AS_OF + timedelta(hours=7)))

    assert report.fetch is not None
    assert report.fetch.calls["market_chart"] == len(COINS)
    coverage = snapshots.table(snapshots.current(built.published_dir), "fct_coverage_daily")
    quoted = coverage[(coverage.source == "coingecko") & (coverage.coverage_date >= "2026-11-01")]
    assert (quoted.coverage_pct == 100).all()


def test_incremental_runs_equal_one_full_refresh(built_twice: Settings) -> None:
    third = replace(built_twice, as_of=LATER + timedelta(hours=18))
    incremental = refresh(third).snapshot
    full = refresh(third, full_refresh=True).snapshot

    snapshots.assert_equal(incremental, full, leave_out=snapshots.TABLES_OF_LOADS)


def test_one_coin_that_fails_does_not_lose_the_others(empty: Settings) -> None:
    report = refresh(settings_for(empty.data_dir, coins=("bitcoin", "no-such-coin", "ethereum")))

    assert report.fetch is not None
    assert report.fetch.coins == ["bitcoin", "ethereum"]
    assert report.fetch.failures == ["coingecko knows no coin 'no-such-coin'"]
    assert snapshots.manifest(report.snapshot)["failures"] == report.fetch.failures


def test_kinds_of_sources_never_mix(built: Settings) -> None:
    before = snapshots.current(built.published_dir)
    with pytest.raises(JobError, match="holds a simulated market") as failure:
        refresh(settings_for(built.data_dir, source_kind="live", as_of=None))
    assert failure.value.code == ExitCode.USAGE
    assert snapshots.current(built.published_dir) == before


def test_snapshots_that_were_published_first_are_dropped_first(built: Settings) -> None:
    settings = settings_for(built.data_dir, snapshots_kept=2)
    for minutes in (1, 2, 3):
        publish(settings, new_run_id(datetime.now(UTC) - timedelta(minutes=minutes)), {}, [])
    kept = [path for path in built.published_dir.iterdir() if not path.is_symlink()]
    assert len(kept) == 2
    # A clock that was set back makes none of them older.
    assert snapshots.current(built.published_dir) == min(kept)
