"""Landing is enough: the warehouse is remade from it, and a load can be left out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from extract.fetch import open_sources
from extract.landing import Archive, Response, archives, new_run_id
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from scripts import rebuild
from tests import snapshots
from tests.conftest import AS_OF, COINS, refresh, settings_for


def remake(settings: Settings, *options: str):
    """The command in this process, on a terminal wide enough for what it says."""
    return CliRunner().invoke(
        rebuild.main, ["--data-dir", str(settings.data_dir), *options], env={"COLUMNS": "200"}
    )


def land_quotes_times(settings: Settings, factor: float) -> str:
    """A page of the market an hour later with every price multiplied; returns the load's id."""
    at = AS_OF + timedelta(hours=1)
    run_id = new_run_id(at)
    with (
        Archive(settings.data_dir / "pages", "simulated", run_id) as page,
        open_sources(settings, page, lambda: at) as sources,
    ):
        rows = sources["coingecko"].get(
            "markets", "/coins/markets", {"vs_currency": "usd", "ids": ",".join(COINS)}
        )
    for row in rows:
        for name in ("current_price", "high_24h", "low_24h"):
            row[name] *= factor
    with Archive(settings.landing_dir, settings.source_kind, run_id) as archive:
        archive.append(
            Response("coingecko", "markets", "/coins/markets", {}, 200, at, json.dumps(rows))
        )
    return run_id


def test_rebuilt_marts_equal_what_was_there(built_twice: Settings) -> None:
    before = snapshots.current(built_twice.published_dir)
    outcome = remake(built_twice)

    assert outcome.exit_code == ExitCode.DONE, outcome.output
    after = snapshots.current(built_twice.published_dir)
    assert before != after
    snapshots.assert_equal(before, after)
    assert not list(built_twice.data_dir.glob("old_warehouse*"))


def test_poisoned_load_is_stopped_named_and_can_be_quarantined(built: Settings) -> None:
    before = snapshots.current(built.published_dir)
    poisoned = land_quotes_times(built, factor=100)

    with pytest.raises(JobError) as failure:
        refresh(settings_for(built.data_dir, as_of=AS_OF + timedelta(hours=1)))
    assert failure.value.code == ExitCode.CHECK_FAILED
    assert "gate raw stopped the run" in str(failure.value)
    assert "raw.coingecko_markets" in str(failure.value)
    assert poisoned in str(failure.value)
    assert snapshots.current(built.published_dir) == before

    with pytest.raises(JobError, match="gate raw stopped the run"):
        refresh(settings_for(built.data_dir, as_of=AS_OF + timedelta(hours=2)))
    assert snapshots.current(built.published_dir) == before

    outcome = remake(built, "--quarantine", poisoned)
    assert outcome.exit_code == ExitCode.DONE, outcome.output
    assert (built.quarantine_dir / f"{poisoned}.ndjson.gz").exists()
    hours = snapshots.table(snapshots.current(built.published_dir), "fct_hourly_prices")
    bitcoin = hours[(hours.coin_id == "bitcoin") & (hours.source == "coingecko")]
    assert bitcoin.high_price_usd.max() < 5 * bitcoin.low_price_usd.min()


def test_failed_rebuild_puts_everything_back(built: Settings) -> None:
    land_quotes_times(built, factor=100)
    landed = archives(built.landing_dir)
    warehouse = built.warehouse_path.read_bytes()
    published = snapshots.current(built.published_dir)

    outcome = remake(built)
    assert outcome.exit_code == ExitCode.CHECK_FAILED
    assert archives(built.landing_dir) == landed
    assert built.warehouse_path.read_bytes() == warehouse
    assert snapshots.current(built.published_dir) == published


def test_rebuild_of_nothing_and_of_an_unknown_load_say_so(built: Settings, tmp_path: Path) -> None:
    nothing = CliRunner().invoke(rebuild.main, ["--data-dir", str(tmp_path)])
    assert nothing.exit_code == ExitCode.USAGE
    unknown = remake(built, "--quarantine", "20200101T000000Z-000000")
    assert unknown.exit_code == ExitCode.USAGE
    assert built.warehouse_path.exists()


def test_rebuild_after_one_that_was_killed_goes_by_the_only_old_warehouse(built: Settings) -> None:
    """It lies in a folder, and an unfinished one, which knows of no answer, in its place."""
    warehouse = built.warehouse_path.read_bytes()
    before = snapshots.current(built.published_dir)
    kept = built.data_dir / "old_warehouse"
    kept.mkdir()
    for path in (built.warehouse_path, built.dlt_dir, built.gate_pointer):
        path.rename(kept / path.name)
    duckdb.connect(str(built.warehouse_path)).close()
    [landed] = archives(built.landing_dir)
    landed.rename(built.data_dir / landed.name)
    land_quotes_times(built, factor=1)

    refused = remake(built)
    assert refused.exit_code == ExitCode.CHECK_FAILED
    assert "landing is incomplete or damaged" in refused.output
    assert built.warehouse_path.read_bytes() == warehouse
    assert not kept.exists()

    (built.data_dir / landed.name).rename(landed)
    for other in set(archives(built.landing_dir)) - {landed}:
        other.unlink()
    outcome = remake(built)
    assert outcome.exit_code == ExitCode.DONE, outcome.output
    snapshots.assert_equal(before, snapshots.current(built.published_dir))
