"""Two writers, and readers during refreshes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import duckdb

from extract.settings import PROJECT_ROOT, Settings
from pipeline.exit_codes import ExitCode
from pipeline.lock import only_writer
from tests import snapshots
from tests.conftest import AS_OF, refresh, settings_for
from tests.fault_sizes import READ_REFRESHES
from tests.faults.whole_commands import run_command


def listing(settings: Settings) -> dict[str, int]:
    return {
        str(path.relative_to(settings.data_dir)): path.stat().st_mtime_ns
        for path in settings.data_dir.rglob("*")
        if path.is_file() and path.parent != settings.log_dir
    }


def test_second_refresh_exits_4_and_changes_nothing(built: Settings) -> None:
    with only_writer(settings_for(built.data_dir)):
        before = listing(built)
        second = run_command("refresh", ["--data-dir", built.data_dir])
        after = listing(built)

    assert second.returncode == ExitCode.LOCKED
    assert f"another refresh is running (pid {os.getpid()})" in " ".join(second.stderr.split())
    assert "Traceback" not in second.stderr
    assert before == after


def test_lock_of_a_dead_process_is_stale_and_taken_over(built: Settings, caplog) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from extract.settings import Settings\n"
            "from pipeline.lock import only_writer\n"
            "with only_writer(Settings(Path(sys.argv[1]))):\n"
            "    print('held', flush=True); sys.stdin.read()",
            str(built.data_dir),
        ],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert built.lock_path.read_text() == str(holder.pid)

    with only_writer(built):
        assert built.lock_path.read_text() == str(os.getpid())
    assert not built.lock_path.exists()


def test_readers_see_whole_snapshots_during_refreshes(built: Settings, record_property) -> None:
    """A reader resolves the pointer, then opens every table; none may be missing or torn."""
    done = threading.Event()
    seen: set[str] = set()
    reads = 0
    errors: list[Exception] = []

    def read() -> None:
        nonlocal reads
        with duckdb.connect(":memory:") as memory:
            while not done.is_set():
                try:
                    snapshot = snapshots.current(built.published_dir)
                    manifest = json.loads((snapshot / "manifest.json").read_text())
                    for name, facts in manifest["tables"].items():
                        [(rows,)] = memory.execute(
                            "select count(*) from read_parquet($path)",
                            {"path": str(snapshot / f"{name}.parquet")},
                        ).fetchall()
                        assert rows == facts["rows"], name
                    seen.add(snapshot.name)
                    reads += 1
                except Exception as error:
                    errors.append(error)
                    return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for minutes in range(1, READ_REFRESHES + 1):
            refresh(settings_for(built.data_dir, as_of=AS_OF + timedelta(minutes=minutes)))
    finally:
        done.set()
        reader.join()
    record_property("refreshes", READ_REFRESHES)
    record_property("reads of all tables beside them", reads)
    record_property("snapshots seen", len(seen))
    record_property("reads that failed or were torn", len(errors))
    assert not errors
    assert reads > READ_REFRESHES
    assert len(seen) > READ_REFRESHES / 2
