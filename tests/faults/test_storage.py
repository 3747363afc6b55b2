"""Faults of the disk and the warehouse end with 5, one message and no traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
import requests
from click.testing import CliRunner

from extract.settings import PROJECT_ROOT, Settings
from pipeline import stopping
from pipeline.exit_codes import ExitCode, JobError
from pipeline.storage import storage_failure, storage_failure_in
from scripts import check, refresh
from tests import snapshots
from tests.conftest import LATER, settings_for
from tests.faults.commands import options, start_command
from tests.faults.processes import fork_server


def run(settings: Settings, output: Path, name: str = "refresh") -> tuple[int, str]:
    """Exit code and text of a command."""
    arguments = options(settings) if name == "refresh" else ["--data-dir", str(settings.data_dir)]
    running = start_command(fork_server(), name, arguments, output)
    return running.ended(), " ".join(running.text.split())


def assert_told(outcome: tuple[int, str], *words: str) -> None:
    code, text = outcome
    assert code == ExitCode.STORAGE, text
    for word in words:
        assert word in text
    assert "Traceback" not in text
    assert text.count("failed:") == 1


@contextmanager
def held(settings: Settings) -> Iterator[int]:
    """Another program has the warehouse open; its pid."""
    program = (
        "import duckdb, sys\n"
        "held = duckdb.connect(sys.argv[1])\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(settings.warehouse_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()


@pytest.mark.parametrize("name", ["refresh", "check", "docs"])
def test_warehouse_held_by_another_program(built: Settings, tmp_path: Path, name: str) -> None:
    with held(built) as pid:
        outcome = run(built, tmp_path / "output", name)
    assert_told(outcome, "open in another program", f"PID {pid}", "Close that program")


@pytest.mark.parametrize("name", ["check", "docs"])
def test_warehouse_of_garbage(built: Settings, tmp_path: Path, name: str) -> None:
    before = snapshots.current(built.published_dir)
    built.warehouse_path.write_bytes(os.urandom(100_000))
    outcome = run(built, tmp_path / "output", name)
    assert_told(outcome, "the warehouse is damaged", "rebuild.py", str(built.warehouse_path))
    assert snapshots.current(built.published_dir) == before


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_truncated_warehouse(built: Settings, tmp_path: Path, share: float) -> None:
    with built.warehouse_path.open("r+b") as file:
        file.truncate(int(share * built.warehouse_path.stat().st_size))
    outcome = run(settings_for(built.data_dir, as_of=LATER), tmp_path / "output")
    assert_told(outcome, "the warehouse is damaged", "rebuild.py")
    assert "the warehouse is damaged" in (built.log_dir / "refresh.log").read_text()


def test_the_advice_for_a_warehouse_of_garbage_helps(built: Settings, tmp_path: Path) -> None:
    before = snapshots.current(built.published_dir)
    built.warehouse_path.write_bytes(os.urandom(100_000))
    outcome = run(built, tmp_path / "refresh")
    assert_told(outcome, "the warehouse is damaged", "rebuild.py", str(built.warehouse_path))
    assert "Traceback" in (built.log_dir / "refresh.log").read_text()

    code, text = run(built, tmp_path / "output", "rebuild")
    assert code == ExitCode.DONE, text
    assert "the old warehouse cannot be read" in text
    snapshots.assert_equal(before, snapshots.current(built.published_dir))


def test_folder_of_another_user(built: Settings, tmp_path: Path, monkeypatch) -> None:
    """Who is root may write everywhere, so that the refusal is made up at the lowest level."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(built.lock_path))

    monkeypatch.setattr("filelock._unix.os.open", refuse)
    outcome = CliRunner().invoke(refresh.main, options(built))
    assert outcome.exit_code == ExitCode.STORAGE
    said = " ".join(outcome.output.split())
    assert "may not be written" in said
    assert "Give the data folder to the user" in said


def test_a_bug_shows_its_traceback(built: Settings, monkeypatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("pipeline.warehouse.refuse_unreachable", broken)
    outcome = CliRunner().invoke(check.main, ["--data-dir", str(built.data_dir)])
    assert isinstance(outcome.exception, KeyError)


def raised(cause: BaseException | None, outer: Exception) -> BaseException:
    try:
        raise outer from cause
    except Exception as error:
        return error


def met_while_handling(handled: Exception, bug: Exception) -> BaseException:
    try:
        try:
            raise handled
        except Exception:
            raise bug  # noqa: B904
    except Exception as error:
        return error


FULL = OSError(errno.ENOSPC, "No space left on device", "/data/x")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FULL, "the disk is full"),
        (raised(FULL, RuntimeError("wrapped")), "the disk is full"),
        (met_while_handling(FULL, RuntimeError("wrapped")), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/data"), "read-only"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/data/x"), "/data/x"),
        (duckdb.IOException("IO Error: Could not set lock on file"), "another program"),
        (
            duckdb.TransactionException(
                "TransactionContext Error: Failed to commit: No space left on device"
            ),
            "the disk is full",
        ),
        (duckdb.FatalException("FATAL Error: database has been invalidated because"), "damaged"),
    ],
)
def test_faults_of_storage_are_known_through_what_wraps_them(
    error: BaseException, said: str
) -> None:
    stopping.begin()
    failure = storage_failure(error)
    assert failure is not None
    assert failure.code == ExitCode.STORAGE
    assert said in str(failure)
    assert "Nothing was published" in str(failure)


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        JobError(ExitCode.SOURCE, "no network"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        requests.ConnectionError("no route"),
        met_while_handling(FileNotFoundError(errno.ENOENT, "none"), KeyError("x")),
        duckdb.CatalogException("Catalog Error: Table x does not exist"),
    ],
)
def test_other_errors_are_none(error: BaseException) -> None:
    assert storage_failure(error) is None


def test_of_dbts_errors_those_of_the_disk_are_told_by_their_text() -> None:
    sql = "Runtime Error in model fct_x Catalog Error: Table x does not exist"
    disk = 'Runtime Error in model fct_x IO Error: Could not write "w": No space left on device'
    assert storage_failure_in([sql]) is None
    failure = storage_failure_in([sql, disk])
    assert failure is not None
    assert "the disk is full" in str(failure)


def test_every_command_documents_5() -> None:
    for name in ("refresh", "rebuild", "check", "docs"):
        outcome = subprocess.run(
            [sys.executable, f"scripts/{name}.py", "--help"],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "xit codes" in outcome.stdout
