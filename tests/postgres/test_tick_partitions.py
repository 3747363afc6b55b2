"""Old ticks move to a table partitioned by month, and the database alone moves them."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient

from extract.pipeline import RawStore
from extract.settings import Settings
from extract.tick_archive import TickArchive
from pipeline.job import Job, prepare
from pipeline.lock import only_writer
from tests import snapshots
from tests.conftest import quiet_stage
from tests.engines import administered
from tests.postgres.conftest import copied, drop, keep
from tests.postgres.test_two_folders import rebuild, totals

FORK = multiprocessing.get_context("fork")
RECENT, OLD, ALL = "raw.stream_ticks", "raw.archived_stream_ticks", "raw.all_stream_ticks"
# The first refresh was at noon of November 1st. The stream keeps an hour, this one both months'.
VISITS = [datetime(2026, 11, 2, 12, 5, tzinfo=UTC), datetime(2026, 12, 1, 0, 30, tzinfo=UTC)]
LAST_VISIT = datetime(2026, 12, 6, 12, 5, tzinfo=UTC)


def visited(settings: Settings, as_of: datetime) -> Settings:
    """Settings at that time, with its hour of ticks in raw."""
    then = replace(settings, as_of=as_of, tick_retention_days=1)
    prepare(then)
    with only_writer(then):
        job = Job(then, quiet_stage)
        job.fetch()
        job.load()
    return then


def far_from_utc(settings: Settings) -> None:
    """A database is copied without its settings."""
    with administered(settings.postgres) as execute:
        name = settings.postgres.database
        execute(f"alter database {name} set timezone = 'America/New_York'")


@pytest.fixture(scope="module")
def aged_template(
    worker_dir: Path, role: tuple[str, str], server_template: tuple[str, Path]
) -> Iterator[tuple[str, Path]]:
    """A database and a folder with four days of ticks, of which none has moved."""
    with copied(server_template, role, worker_dir / "server_data") as settings:
        far_from_utc(settings)
        for as_of in VISITS:
            visited(settings, as_of)
        kept = keep(settings, "aged", worker_dir / "server_aged")
    yield kept
    drop(settings, kept[0])
    shutil.rmtree(kept[1])


@pytest.fixture
def built(
    worker_dir: Path, role: tuple[str, str], aged_template: tuple[str, Path]
) -> Iterator[Settings]:
    with copied(aged_template, role, worker_dir / "server_data") as settings:
        far_from_utc(settings)
        yield settings


@pytest.fixture
def aged(built: Settings) -> Settings:
    return replace(built, as_of=VISITS[-1], tick_retention_days=1)


def archive(settings: Settings) -> TickArchive:
    return TickArchive(settings, RawStore(settings))


def days(execute: Callable[..., list], table: str) -> dict[str, int]:
    return dict(
        execute(
            f"select to_char(timezone('UTC', event_at), 'YYYY-MM-DD'), count(*) from {table}"  # noqa: S608
            " group by 1 order by 1"
        )
    )


def partitions(execute: Callable[..., list]) -> dict[str, int]:
    rows = execute(f"select tableoid::regclass::text, count(*) from {OLD} group by 1 order by 1")  # noqa: S608
    return {name.removeprefix("raw."): count for name, count in rows}


def test_they_move_by_month_again_and_across_its_turn_and_are_read_counted_and_rebuilt(
    aged: Settings, execute: Callable[..., list]
) -> None:
    every = days(execute, ALL)
    assert list(every) == ["2026-11-01", "2026-11-02", "2026-11-30", "2026-12-01"]
    assert archive(aged).move_old() == every["2026-11-01"] + every["2026-11-02"]
    assert list(days(execute, RECENT)) == ["2026-11-30", "2026-12-01"]
    assert archive(aged).move_old() == 0

    later = visited(aged, LAST_VISIT)
    every = days(execute, ALL)
    assert archive(later).move_old() == every["2026-11-30"] + every["2026-12-01"]
    assert list(days(execute, RECENT)) == ["2026-12-06"]
    assert days(execute, ALL) == every
    assert partitions(execute) == {
        "archived_stream_ticks_2026_11": sum(
            count for day, count in every.items() if day.startswith("2026-11")
        ),
        "archived_stream_ticks_2026_12": every["2026-12-01"],
    }

    with only_writer(later):
        snapshot = Job(later, quiet_stage).build_and_publish().snapshot
    assert snapshot is not None
    assert totals(snapshot)["stream_ticks"] == sum(every.values())

    assert rebuild(later) == []
    snapshots.assert_equal(
        snapshots.current(later.published_dir), snapshot, leave_out=snapshots.TABLES_OF_LOADS
    )
    assert totals(snapshots.current(later.published_dir)) == totals(snapshot)
    assert days(execute, ALL) == every
    # Moved out of the new table as well.
    assert list(days(execute, RECENT)) == ["2026-12-06"]


def test_a_move_that_is_killed_before_its_commit_loses_and_doubles_nothing(
    aged: Settings, execute: Callable[..., list]
) -> None:
    every = days(execute, ALL)

    def child() -> None:
        Psycopg2SqlClient.commit_transaction = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        archive(aged).move_old()

    process = FORK.Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert days(execute, RECENT) == every
    assert days(execute, ALL) == every

    assert archive(aged).move_old() == every["2026-11-01"] + every["2026-11-02"]
    assert days(execute, ALL) == every


def test_ticks_of_another_folders_load_that_was_killed_stay_until_it_is_made_again(
    aged: Settings, execute: Callable[..., list]
) -> None:
    every = days(execute, ALL)
    [(load_id,)] = execute("select min(load_id) from raw._dlt_loads")
    execute("delete from raw._dlt_loads where load_id = %s", load_id)
    assert archive(aged).move_old() == every["2026-11-02"]
    with only_writer(aged):
        Job(aged, quiet_stage).load()
    assert days(execute, ALL) == every
    assert archive(aged).move_old() == every["2026-11-01"]
    assert days(execute, ALL) == every


def test_a_run_that_leaves_raw_takes_its_old_ticks_along_and_comes_back_once(
    aged: Settings, execute: Callable[..., list]
) -> None:
    every = days(execute, ALL)
    archive(aged).move_old()
    [(run_id,)] = execute(f"select min(run_id) from {OLD}")  # noqa: S608
    store = RawStore(aged)
    assert TickArchive(aged, store).take_back([run_id]) == every["2026-11-01"]
    assert days(execute, ALL) == every
    store.forget([run_id])
    assert "2026-11-01" not in days(execute, ALL)
    with only_writer(aged):
        Job(aged, quiet_stage).load()
    assert days(execute, ALL) == every


def test_no_tick_passes_through_python(
    aged: Settings, execute: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = 0
    transaction = RawStore.transaction

    @contextmanager
    def counted(store: RawStore) -> Iterator[Callable[..., list]]:
        with transaction(store) as run:

            def counting(sql: str, *parameters: Any) -> list:
                nonlocal fetched
                rows = run(sql, *parameters)
                fetched += len(rows)
                return rows

            yield counting

    monkeypatch.setattr(RawStore, "transaction", counted)
    moved = archive(aged).move_old()
    assert moved > 40_000
    assert fetched == len(partitions(execute))
