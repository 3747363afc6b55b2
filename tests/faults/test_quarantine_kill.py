"""A rebuild that leaves a load out is killed or stopped: landing and warehouse go together."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from extract.landed import read_landing
from extract.landing import Archive
from extract.packing import pack
from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline.exit_codes import ExitCode
from pipeline.lock import only_writer
from pipeline.old_warehouse import recover
from pipeline.remake import _lost
from tests import snapshots
from tests.conftest import refresh
from tests.faults.commands import start_command
from tests.faults.processes import fork_server, start

# A stage, or a function at whose beginning the process dies.
BEFORE_IT_IS_DECIDED = ("compare", "load", "publish", "extract", "out of the packed day")
BEHIND = ("settle", "rmtree")


def rebuild(settings: Settings, load: str, deadly: str) -> None:
    """As scripts/rebuild.py does it, up to the place where the process dies."""
    import extract.packing
    import pipeline.old_warehouse
    from pipeline.remake import remake

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def stage(name: str) -> Iterator[Callable[[str], None]]:
        if name == deadly:
            die()
        yield lambda detail: None

    with only_writer(settings):
        recover(settings)
        if deadly == "extract":
            Archive.__exit__ = die
        if deadly == "out of the packed day":
            extract.packing.write_packed = die
        if deadly == "settle":
            pipeline.old_warehouse.settle = die
        if deadly == "rmtree":
            # Elsewhere it goes on: the loads remove their packages by it.
            pipeline.old_warehouse.shutil = SimpleNamespace(rmtree=die)
        remake(settings, stage, lambda line: None, quarantine=load)


def ignored(_: str) -> None:
    """What a rebuild says while it compares."""


def killed(settings: Settings, load: str, deadly: str) -> None:
    child = fork_server().Process(target=rebuild, args=(settings, load, deadly))
    start(child)
    child.join()
    assert child.exitcode == -signal.SIGKILL, deadly


def runs(settings: Settings) -> list[str]:
    return list(dict.fromkeys(each.run_id for each in read_landing(settings.landing_dir, {})))


def answers(settings: Settings) -> list[str]:
    return [each.response_id for each in read_landing(settings.landing_dir, {})]


def test_killed_before_the_old_warehouse_is_replaced_the_load_is_back_in_both(
    built_twice: Settings,
) -> None:
    before = snapshots.current(built_twice.published_dir)
    landed = answers(built_twice)
    [first, second] = runs(built_twice)
    pack(built_twice.landing_dir, date.max)
    for deadly in BEFORE_IT_IS_DECIDED:
        if deadly in ("extract", "out of the packed day"):
            # The rebuild that was killed before has left the run single.
            pack(built_twice.landing_dir, date.max)
        killed(built_twice, second if deadly == "extract" else first, deadly)
        with only_writer(built_twice):
            recover(built_twice)
        assert answers(built_twice) == landed, deadly
        assert not list(built_twice.quarantine_dir.rglob("*")), deadly

    refresh(built_twice)
    snapshots.assert_equal(
        snapshots.current(built_twice.published_dir), before, leave_out=snapshots.TABLES_OF_LOADS
    )
    assert _lost(built_twice, ignored, ignored) == []


@pytest.mark.parametrize("deadly", BEHIND)
def test_killed_behind_that_the_load_is_out_of_both(built_twice: Settings, deadly: str) -> None:
    [first, second] = runs(built_twice)
    killed(built_twice, second, deadly)
    with only_writer(built_twice):
        recover(built_twice)
    assert runs(built_twice) == [first]
    assert [path.name for path in built_twice.quarantine_dir.rglob("*")] == [f"{second}.ndjson.gz"]
    loaded = RawStore(built_twice).query("select distinct run_id from landed_responses")
    assert loaded == [(first,)]
    audit = snapshots.table(snapshots.current(built_twice.published_dir), "fct_load_audit")
    assert set(audit.run_id) == {first}


def test_stopped_by_a_signal_it_is_as_if_it_had_not_begun(
    built_twice: Settings, tmp_path: Path
) -> None:
    before = snapshots.current(built_twice.published_dir)
    landed = answers(built_twice)
    arguments = ["--data-dir", str(built_twice.data_dir), "--quarantine", runs(built_twice)[1]]
    running = start_command(fork_server(), "rebuild", arguments, tmp_path / "output", "build")
    os.kill(running.process.pid or 0, signal.SIGTERM)
    assert running.ended() == ExitCode.TERMINATED, running.text
    assert len(answers(built_twice)) < len(landed)

    check = start_command(
        fork_server(), "check", ["--data-dir", str(built_twice.data_dir)], tmp_path / "check"
    )
    assert check.ended() == ExitCode.DONE, check.text
    assert answers(built_twice) == landed
    assert snapshots.current(built_twice.published_dir) == before

    again = start_command(fork_server(), "rebuild", arguments, tmp_path / "again")
    assert again.ended() == ExitCode.DONE, again.text
    assert len(runs(built_twice)) == 1
    assert len(list(built_twice.quarantine_dir.glob("*.ndjson.gz"))) == 1
