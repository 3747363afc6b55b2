"""The order of loads is counted by the warehouse, so that no clock can hide a load from a model."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from extract.pipeline import RawStore
from extract.settings import Settings
from tests import snapshots
from tests.conftest import AS_OF, refresh, settings_for
from tests.fault_sizes import CLOCK_DAYS

VISITS = [AS_OF + timedelta(minutes=minutes) for minutes in (30, 60)]


def clock_moved(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """The machine's clock as dlt and the run ids see it; that of the market is set by as_of."""
    import dlt.common.storages.load_package as packages
    import dlt.common.time as dlt_time

    import pipeline.job as job
    from extract.fetch import wall_clock

    for module in (packages, dlt_time):
        monkeypatch.setattr(module, "precise_time", lambda: time.time() + by.total_seconds())
    monkeypatch.setattr(job, "wall_clock", lambda: wall_clock() + by)


def loads_in_staging(settings: Settings) -> set[int]:
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        rows = warehouse.execute(
            "select distinct _change_number from staging.stg_stream__ticks"
        ).fetchall()
    return {number for (number,) in rows}


@pytest.fixture(scope="module")
def undisturbed(worker_dir: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot after all visits, under a clock that goes right."""
    data = worker_dir / "data"
    shutil.copytree(template, data, symlinks=True)
    for as_of in VISITS:
        refresh(settings_for(data, as_of=as_of))
    kept = data.rename(tmp_path_factory.mktemp("clock") / "data")
    return snapshots.current(kept / "published")


@pytest.mark.parametrize("days", CLOCK_DAYS)
def test_a_clock_that_was_moved_for_one_refresh_loses_no_load(
    undisturbed: Path,
    built: Settings,
    monkeypatch: pytest.MonkeyPatch,
    record_property,
    days: int,
) -> None:
    with monkeypatch.context() as patch:
        clock_moved(patch, timedelta(days=days))
        first = refresh(settings_for(built.data_dir, as_of=VISITS[0]))
    later = [refresh(settings_for(built.data_dir, as_of=as_of)) for as_of in VISITS[1:]]

    greatest = RawStore(built).greatest_load_number()
    missing = set(range(1, greatest + 1)) - loads_in_staging(built)
    after = snapshots.current(built.published_dir)
    found = snapshots.difference(undisturbed, after, leave_out=snapshots.TABLES_OF_LOADS)
    record_property("clocks moved", 1)
    record_property("loads", greatest)
    record_property("loads that no model took up", len(missing))
    found.record(record_property)
    assert not missing
    assert not found.differing, str(found)
    for report in (first, *later):
        assert report.gates["raw"].row_counts["coingecko_markets"] > 0, "gate 1 looked at nothing"
    audit = snapshots.table(after, "fct_load_audit")
    for report in (first, *later):
        of_run = audit[audit.run_id == report.run_id]
        assert (of_run.accepted_count > 0).all()
        assert (of_run.duplicate_count == 0).all()
    assert after == later[-1].snapshot


def test_loads_are_counted_on_after_one_that_was_cut_off(built: Settings) -> None:
    """A killed load may have reached one table: what comes after it has a greater number."""
    store = RawStore(built)
    before = store.greatest_load_number()
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        warehouse.execute(
            "insert into raw.stream_ticks by name"
            " select * replace (row_id || 'x' as row_id, ? as load_number)"
            " from raw.stream_ticks limit 1",
            [before + 1],
        )
    assert RawStore(built).greatest_load_number() == before + 1
