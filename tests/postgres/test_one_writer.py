"""One writer to a database, whichever folder it feeds it from; nothing of one that is gone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline import lock
from pipeline.exit_codes import ExitCode, JobError
from pipeline.lock import only_writer
from pipeline.run_history import failed_runs
from tests import snapshots
from tests.conftest import AS_OF, refresh, settings_for
from tests.faults.commands import Running, environment, options, start_command
from tests.faults.processes import fork_server
from tests.postgres.conftest import PASSWORD

LATER = AS_OF + timedelta(hours=1)
WRITERS = ("refresh", "rebuild", "check", "set_aside")


def start(
    settings: Settings,
    output: Path,
    name: str = "refresh",
    at: str = "start",
    load: str = "some-load",
) -> Running:
    """A command over this folder and database."""
    arguments = ["--target", "postgres"]
    arguments += options(settings) if name == "refresh" else ["--data-dir", str(settings.data_dir)]
    arguments += [load] if name == "set_aside" else []
    return start_command(fork_server(), name, arguments, output, at, environment(settings))


def sessions(execute: Callable[..., list]) -> list[tuple]:
    """All of the database but the test's own."""
    return execute(
        "select application_name, state, query from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )


def contents(execute: Callable[..., list]) -> list[tuple]:
    tables = execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables"
        " where schemaname in ('raw', 'staging', 'marts', 'builds')"
    )
    return [(name, *execute(f"select count(*) from {name}")) for (name,) in sorted(tables)]  # noqa: S608


def landed_copy(built: Settings, other: Settings) -> None:
    """A folder without anything landed has nothing to rebuild from."""
    archive = next(built.landing_dir.rglob("*.ndjson.gz"))
    place = other.landing_dir / archive.relative_to(built.landing_dir)
    place.parent.mkdir(parents=True)
    place.write_bytes(archive.read_bytes())


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_from_another_folder_ends_with_4_and_changes_nothing(
    built: Settings, other: Settings, execute: Callable[..., list], tmp_path: Path, name: str
) -> None:
    landed_copy(built, other)
    before = contents(execute)
    with only_writer(built):
        [(since,)] = execute(
            "select backend_start from pg_stat_activity where application_name = ''"
            " and datname = current_database() and pid <> pg_backend_pid()"
        )
        refused = start(other, tmp_path / "output", name)
        code = refused.ended()

    told = " ".join(refused.text.split())
    assert code == ExitCode.LOCKED, told
    assert f"another refresh is writing to database {built.postgres.database} (session " in told
    assert f"since {since:%Y-%m-%d %H:%M:%S%z}" in told
    assert "nothing was changed. Wait for it, or stop it there." in told
    assert "select pg_terminate_backend(" in told
    assert "Traceback" not in told
    assert contents(execute) == before
    assert not other.published_dir.exists()
    assert not other.lock_path.exists()
    assert not other.set_aside_path.exists()


def test_a_holder_of_whom_nothing_is_known_is_told_of_all_the_same(
    built: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another role sees no address and no time; one that has just ended is not there at all."""
    unseen = lock.HOLDER.replace("host(activity.client_addr)", "null").replace(
        "activity.backend_start", "null"
    )
    for holder, told in (
        (unseen, r"\(session [0-9]+\); nothing was changed"),
        (f"{lock.HOLDER} and false", r"\(it has ended in the meantime\); nothing was changed"),
    ):
        monkeypatch.setattr(lock, "HOLDER", holder)
        with only_writer(built), pytest.raises(JobError, match=told), only_writer(other):
            pass
    with only_writer(other):
        pass


def test_what_a_killed_writer_left_at_work_on_the_server_ends_before_the_next_begins(
    built: Settings, other: Settings, execute: Callable[..., list], tmp_path: Path
) -> None:
    """Its last statement would be committed, under the number of a load that is made again."""
    later = settings_for(built.data_dir, as_of=LATER, target="postgres", postgres=built.postgres)
    before = snapshots.current(built.published_dir)
    running = start(later, tmp_path / "output", at="load on postgres")
    until_at_work(execute, "%pg_sleep%")
    os.kill(running.process.pid or 0, signal.SIGKILL)
    running.process.join()
    assert any("pg_sleep" in query for _, _, query in sessions(execute))

    with only_writer(other):
        assert not any("pg_sleep" in query for _, _, query in sessions(execute))
    until_none_is_left(execute)
    assert snapshots.current(built.published_dir) == before
    refresh(later)
    until_none_is_left(execute)
    numbers = load_numbers(later)
    assert numbers == set(range(1, max(numbers) + 1))


def until_at_work(execute: Callable[..., list], query: str) -> None:
    until = time.monotonic() + 30
    while not execute(
        "select 1 from pg_stat_activity where state = 'active' and query like %s"
        " and datname = current_database() and pid <> pg_backend_pid()",
        query,
    ):
        assert time.monotonic() < until
        time.sleep(0.02)


def until_none_is_left(execute: Callable[..., list]) -> None:
    """A session that was closed is listed until the server has cleared it away."""
    until = time.monotonic() + 30
    while found := sessions(execute):
        assert time.monotonic() < until, found
        time.sleep(0.02)


def load_numbers(settings: Settings) -> set[int]:
    return {
        number
        for (number,) in RawStore(settings).query(
            "select load_number from landed_responses union select load_number from stream_ticks"
        )
    }


@pytest.mark.parametrize("place", ["load on postgres", "build on postgres"])
def test_a_refresh_that_is_stopped_leaves_no_session_and_publishes_nothing(
    built: Settings, execute: Callable[..., list], tmp_path: Path, place: str
) -> None:
    later = settings_for(built.data_dir, as_of=LATER, target="postgres", postgres=built.postgres)
    before = snapshots.current(built.published_dir)
    running = start(later, tmp_path / "output", at=place)
    until_at_work(execute, "%pg_sleep%")
    os.kill(running.process.pid or 0, signal.SIGTERM)
    assert running.ended() == ExitCode.TERMINATED, running.text
    until_none_is_left(execute)
    assert running.text.splitlines()[-1] == "stopped; nothing was published; run again"
    assert "Traceback" not in running.text
    assert snapshots.current(built.published_dir) == before
    assert [run["exit_code"] for run in failed_runs(built.log_dir)[0]] == [ExitCode.TERMINATED]
    with only_writer(later):
        pass


def test_the_password_is_in_no_file_and_nowhere_on_the_terminal(
    built: Settings, tmp_path: Path
) -> None:
    later = settings_for(built.data_dir, as_of=LATER, target="postgres", postgres=built.postgres)
    told = [start(later, tmp_path / "rebuilt", "rebuild")]
    assert told[0].ended() == ExitCode.DONE, told[0].text
    with only_writer(built):
        told.append(start(later, tmp_path / "refused"))
        assert told[-1].ended() == ExitCode.LOCKED
    secrets = {PASSWORD, built.postgres.url.split(":")[2].split("@")[0]}
    written = [path for path in built.data_dir.rglob("*") if path.is_file()]
    assert len(written) > 20
    for secret in secrets:
        for path in written:
            assert secret.encode() not in path.read_bytes(), path
        assert not any(secret in running.text for running in told)
