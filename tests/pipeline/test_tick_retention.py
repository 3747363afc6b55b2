"""Old ticks move out of the table and are still there for the models, the audit and a rebuild."""

# ruff: noqa: S608

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from extract.pipeline import RawStore
from extract.settings import Settings
from extract.tick_archive import TickArchive, TickArchiveError
from pipeline.housekeeping import compact
from pipeline.job import Job
from tests import snapshots
from tests.conftest import AS_OF, quiet_stage, refresh, settings_for

RETENTION_DAYS = 1
# The stream keeps an hour, so that each visit brings another day's ticks.
VISITS = [AS_OF + timedelta(days=days) for days in (1, 2)]


def aged_settings(data_dir: Path) -> Settings:
    return settings_for(data_dir, as_of=VISITS[-1], tick_retention_days=RETENTION_DAYS)


@pytest.fixture(scope="module")
def aged_template(
    worker_dir: Path, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Three days of ticks, the oldest of which have moved."""
    data = worker_dir / "data"
    shutil.copytree(template, data, symlinks=True)
    first = Job(replace(aged_settings(data), as_of=VISITS[0]), quiet_stage)
    first.fetch()
    first.load()
    refresh(aged_settings(data))
    return data.rename(tmp_path_factory.mktemp("aged") / "data")


@pytest.fixture
def aged(worker_dir: Path, aged_template: Path) -> Iterator[Settings]:
    data = worker_dir / "data"
    shutil.copytree(aged_template, data, symlinks=True)
    yield aged_settings(data)
    shutil.rmtree(data)


def days(settings: Settings, relation: str) -> dict[str, int]:
    rows = RawStore(settings).query(
        f"select cast(cast(timezone('UTC', event_at) as date) as varchar), count(*)"
        f" from {relation} group by 1 order by 1"
    )
    return dict(rows)


def files(settings: Settings) -> list[Path]:
    return sorted(settings.tick_dir.glob("*"))


def test_old_ticks_move_by_month_and_stay_readable_counted_and_rebuilt(aged: Settings) -> None:
    assert list(days(aged, "stream_ticks")) == ["2026-11-02", "2026-11-03"]
    assert list(days(aged, "all_stream_ticks")) == ["2026-11-01", "2026-11-02", "2026-11-03"]
    assert [path.name for path in files(aged)] == ["2026-11.0001.parquet"]

    whole = Job(aged, quiet_stage).build_and_publish(full_refresh=True).snapshot
    assert whole is not None
    audit = snapshots.table(whole, "fct_load_audit")
    parts = audit.accepted_count + audit.duplicate_count + audit.rejected_count
    assert (audit.received_count == parts).all()
    assert audit[audit.table_name == "stream_ticks"].accepted_count.sum() == sum(
        days(aged, "all_stream_ticks").values()
    )

    # Of a folder in which nothing moved.
    aged.warehouse_path.unlink()
    for path in files(aged):
        path.unlink()
    aged.gate_pointer.unlink()
    unmoved = settings_for(aged.data_dir, as_of=aged.as_of)
    again = Job(unmoved, quiet_stage).build_and_publish(full_refresh=True).snapshot
    assert again is not None
    assert not files(unmoved)
    snapshots.assert_equal(whole, again)


def test_a_move_that_is_cut_off_loses_and_doubles_nothing(
    aged: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = settings_for(aged.data_dir, as_of=aged.as_of, tick_retention_days=1)
    later = days(aged, "all_stream_ticks")
    with duckdb.connect(str(aged.warehouse_path)) as warehouse:
        warehouse.execute(
            "update raw.stream_ticks set event_at = event_at - interval '40 days'"
            " where cast(timezone('UTC', event_at) as date) = date '2026-11-02'"
        )
    store = RawStore(shorter)
    archive = TickArchive(shorter, store)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="cut off"):

        def cut_off(execute) -> None:
            raise RuntimeError("cut off")

        patch.setattr(archive, "_declare_view", cut_off)
        archive.move_old()
    assert len(files(aged)) == 2
    assert sum(days(aged, "all_stream_ticks").values()) == sum(later.values())

    assert archive.move_old() == later["2026-11-02"]
    assert [path.name for path in files(aged)] == ["2026-09.0001.parquet", "2026-11.0001.parquet"]
    assert sum(days(aged, "all_stream_ticks").values()) == sum(later.values())
    assert archive.move_old() == 0


def test_a_run_that_leaves_raw_takes_its_old_ticks_along_and_comes_back_once(
    aged: Settings,
) -> None:
    every = days(aged, "all_stream_ticks")
    store = RawStore(aged)
    [(run_id,)] = store.query("select min(run_id) from all_stream_ticks")
    archive = TickArchive(aged, store)
    assert archive.take_back([run_id]) == every["2026-11-01"]
    assert days(aged, "all_stream_ticks") == every
    store.forget([run_id])
    assert "2026-11-01" not in days(aged, "all_stream_ticks")
    Job(aged, quiet_stage).load()
    assert days(aged, "all_stream_ticks") == every
    assert archive.move_old() == every["2026-11-01"]
    assert days(aged, "all_stream_ticks") == every


def test_an_old_file_that_is_gone_is_named(aged: Settings) -> None:
    [path] = files(aged)
    path.unlink()
    with pytest.raises(TickArchiveError, match=r"2026-11\.0001\.parquet is gone"):
        TickArchive(aged, RawStore(aged)).declare()


def test_free_space_is_given_back(built: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.housekeeping.SMALLEST_TO_COMPACT", 0)
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        for name in ("bulk", "behind"):
            warehouse.execute(
                f"create table raw.{name} as select random() as a from range(3_000_000)"
            )
            warehouse.execute("checkpoint")
        # What lies at the end of the file is given back by DuckDB itself.
        warehouse.execute("drop table raw.bulk")
    large = built.warehouse_path.stat().st_size
    assert compact(built)
    assert built.warehouse_path.stat().st_size < 0.7 * large
    assert not compact(built)
    report = Job(built, quiet_stage).build_and_publish()
    assert report.snapshot is not None
