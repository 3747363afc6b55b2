"""What fails behind publishing undoes nothing, is said so, and is done by the next run."""

from __future__ import annotations

import errno
import os
import subprocess
from datetime import timedelta

import pytest
from click.testing import CliRunner

from extract.settings import Settings
from pipeline.exit_codes import ExitCode
from pipeline.run_history import FAILED_RUNS
from scripts import rebuild
from tests import snapshots
from tests.conftest import AS_OF, refresh, settings_for
from tests.faults.commands import options
from tests.faults.whole_commands import run_command
from tests.pipeline.test_rebuild import land_quotes_times

LATER = AS_OF + timedelta(days=2)


def refresh_command(settings: Settings) -> subprocess.CompletedProcess[str]:
    """A visit two days later, for which ticks are old after one."""
    later = options(settings_for(settings.data_dir, as_of=LATER))
    return run_command("refresh", later, os.environ | {"CRYPTO_TICK_RETENTION_DAYS": "1"})


def assert_told(code: int, summary: str, failure: str) -> None:
    assert code == ExitCode.STORAGE, failure
    assert "Snapshot  " in summary
    assert "failed: housekeeping: " in failure
    assert "The new snapshot had been published." in failure
    assert "the next refresh resumes it" in failure
    assert "Nothing was published" not in failure
    assert "Traceback" not in failure


def test_refresh_says_that_it_published_and_the_next_one_goes_on(built: Settings) -> None:
    before = snapshots.current(built.published_dir)
    built.tick_dir.write_text("no folder")
    outcome = refresh_command(built)
    assert_told(outcome.returncode, outcome.stdout, outcome.stderr)
    assert snapshots.current(built.published_dir) != before
    assert not (built.log_dir / FAILED_RUNS).exists()
    assert "Traceback" in (built.log_dir / "refresh.log").read_text()

    built.tick_dir.unlink()
    again = refresh_command(built)
    assert again.returncode == ExitCode.DONE, again.stderr
    assert list(built.tick_dir.glob("*.parquet"))


def test_rebuild_that_published_is_not_undone(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = land_quotes_times(built, factor=100)

    def full(settings: Settings) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device", str(settings.warehouse_path))

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.housekeeping.compact", full)
        outcome = CliRunner().invoke(
            rebuild.main, ["--data-dir", str(built.data_dir), "--quarantine", poisoned]
        )
    assert_told(outcome.exit_code, outcome.stdout, outcome.stderr)
    assert "the disk is full" in outcome.stderr
    assert (built.quarantine_dir / f"{poisoned}.ndjson.gz").exists()
    assert not list(built.data_dir.glob("old_warehouse*"))
    refresh(settings_for(built.data_dir, as_of=LATER))
