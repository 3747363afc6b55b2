"""The gates' process killed, as the system does where memory is short."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT, Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.gate_process import GateProcess
from pipeline.run_history import FAILED_RUNS
from tests import snapshots
from tests.faults.commands import options, start_command
from tests.faults.processes import fork_server


@pytest.fixture
def main_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a command has one, which the new process looks for."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__spec__", None)
    # A worker of pytest-xdist has none.
    command = PROJECT_ROOT / "scripts" / "refresh.py"
    monkeypatch.setattr(main, "__file__", str(command), raising=False)


def kill(gates: GateProcess) -> None:
    os.kill(gates._process.pid or 0, signal.SIGKILL)
    gates._process.join()


def test_killed_once_it_is_started_again_and_asked_again(
    built: Settings, main_file: None, caplog
) -> None:
    with GateProcess() as gates:
        kill(gates)
        result = gates.run_gate("marts", built.warehouse_url, built.quality_docs_dir)
        assert result.passed
        assert "was killed (SIGKILL); restarting it" in caplog.text

        kill(gates)
        with pytest.raises(JobError, match="was killed \\(SIGKILL\\) 2 times") as failure:
            gates.build_docs(built.quality_docs_dir)
    assert failure.value.code == ExitCode.CHECK_FAILED


def test_killed_again_ends_with_1_and_one_message(built: Settings, tmp_path: Path) -> None:
    before = snapshots.current(built.published_dir)
    running = start_command(
        fork_server(), "refresh", options(built), tmp_path / "output", "gates die"
    )
    assert running.ended() == ExitCode.CHECK_FAILED
    said = " ".join(running.text.split())
    assert "the process that runs the quality gates was killed (SIGKILL) 2 times" in said
    assert "memory is probably short" in said
    assert "Nothing was published" in said
    assert "Traceback" not in said
    assert snapshots.current(built.published_dir) == before

    [failed] = (built.log_dir / FAILED_RUNS).read_text().splitlines()
    assert json.loads(failed)["stage"] == "gate 1: raw"
    assert json.loads(failed)["exit_code"] == ExitCode.CHECK_FAILED


def test_errors_of_the_other_process_keep_their_kind(built: Settings, main_file: None) -> None:
    built.warehouse_path.write_bytes(b"no database" * 1000)
    with GateProcess() as gates, pytest.raises(JobError, match="damaged") as failure:
        gates.run_gate("marts", built.warehouse_url, built.quality_docs_dir)
    assert failure.value.code == ExitCode.STORAGE
