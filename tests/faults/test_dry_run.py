"""A dry run looks, and nobody notices."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import pipeline.lock
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.lock import looking, only_writer
from scripts import refresh
from tests.conftest import AS_OF, settings_for
from tests.faults.commands import options, start_command
from tests.faults.processes import fork_server
from tests.faults.test_storage import held
from tests.faults.whole_commands import run_command


def dry_run(settings: Settings) -> Result:
    return CliRunner().invoke(refresh.main, [*options(settings), "--dry-run"])


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of last change of everything in a folder, and of itself."""
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in (folder, *folder.rglob("*"))
    }


def test_a_real_refresh_ends_well_beside_dry_runs(built: Settings, tmp_path: Path) -> None:
    told: list[str] = []
    settings = settings_for(built.data_dir, as_of=AS_OF + timedelta(hours=1))
    running = start_command(fork_server(), "refresh", options(settings), tmp_path / "output")
    while running.process.is_alive():
        outcome = dry_run(settings)
        assert outcome.exit_code == ExitCode.DONE, outcome.output
        told.append(outcome.output)
    assert running.ended() == ExitCode.DONE, running.text
    assert sum("a refresh is running (pid" in text for text in told) > 3


def test_it_makes_and_changes_nothing(built: Settings) -> None:
    before = listing(built.data_dir)
    outcome = run_command("refresh", [*options(built), "--dry-run"])
    assert outcome.returncode == ExitCode.DONE, outcome.stderr
    assert "0 landed responses not in raw yet" in outcome.stdout
    assert "history of 0 of 6 known coins" in outcome.stdout
    assert listing(built.data_dir) == before

    with only_writer(built):
        before = listing(built.data_dir)
        told = dry_run(built)
        assert listing(built.data_dir) == before
    assert told.exit_code == ExitCode.DONE
    assert f"a refresh is running (pid {os.getpid()})" in told.output


def test_pid_of_a_dead_refresh_is_not_taken_for_one_that_runs(built: Settings) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    # The second is that of another program now.
    for pid in (ended.pid, os.getpid()):
        built.lock_path.write_text(str(pid))
        assert "0 landed responses not in raw yet" in dry_run(built).output


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}"])
def test_damaged_state_of_dlt_is_told_and_passed_over(built: Settings, content: bytes) -> None:
    (built.dlt_dir / "crypto_market" / "state.json").write_bytes(content)
    before = listing(built.data_dir)
    outcome = dry_run(built)
    assert outcome.exit_code == ExitCode.DONE, outcome.output
    assert "0 landed responses not in raw yet" in outcome.output
    assert "history of 0 of 6 known coins" in outcome.output
    [told] = [line for line in outcome.output.splitlines() if line.startswith("damaged")]
    assert "dlt (state.json: " in told and "moves it aside" in told
    assert listing(built.data_dir) == before


def test_warehouse_that_another_program_writes_is_left_alone(built: Settings) -> None:
    with held(built):
        outcome = dry_run(built)
    assert outcome.exit_code == ExitCode.DONE
    assert "another program has the warehouse open" in outcome.output


def test_look_that_does_not_end_stops_a_refresh_with_4(built: Settings, monkeypatch) -> None:
    monkeypatch.setattr(pipeline.lock, "LONGEST_LOOK_SECONDS", 0)
    with (
        looking(built.lock_path) as nobody_writes,
        pytest.raises(JobError, match="--dry-run has been looking") as failure,
        only_writer(built),
    ):
        pass
    assert nobody_writes
    assert failure.value.code == ExitCode.LOCKED
    assert not built.lock_path.exists()
