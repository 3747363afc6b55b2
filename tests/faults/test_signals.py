"""Ctrl-C and SIGTERM: one line, an end within two seconds, and a next run that goes on."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT, Settings
from pipeline.exit_codes import ExitCode
from pipeline.lock import only_writer
from pipeline.run_history import FAILED_RUNS
from tests import snapshots
from tests.conftest import LATER, settings_for
from tests.faults.commands import Running, options, start_command
from tests.faults.processes import fork_server

MOST_SECONDS = 2
STOPPED = "stopped; nothing was published; run again"

# A place, the signal, and whether it goes to the whole group as from a terminal.
STOPS = [
    ("start", signal.SIGINT, True),
    ("pace", signal.SIGTERM, False),
    ("load", signal.SIGINT, True),
    ("gate", signal.SIGTERM, True),
    ("build", signal.SIGINT, True),
    ("publish", signal.SIGINT, False),
    ("before the pointer", signal.SIGTERM, True),
]


def stop(running: Running, number: signal.Signals, group: bool) -> tuple[str, float]:
    """Send the signal; returns the line behind the progress, and the seconds to the end."""
    pid = running.process.pid or 0
    sent = time.monotonic()
    (os.killpg if group else os.kill)(pid, number)
    code = running.ended()
    seconds = time.monotonic() - sent
    assert seconds < MOST_SECONDS
    assert code == 128 + number, running.text
    assert running.children_end()
    assert "Traceback" not in running.text
    return running.text.splitlines()[-1], seconds


def failed_runs(settings: Settings) -> list[dict]:
    path = settings.log_dir / FAILED_RUNS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_stopped_anywhere_says_one_line_and_the_next_run_goes_on(
    later_template: Path, built: Settings, tmp_path: Path, record_property
) -> None:
    """The last of them is stopped when it has published, and does not deny it."""
    context = fork_server()
    later = settings_for(built.data_dir, as_of=LATER)
    before = snapshots.current(built.published_dir)

    longest = 0.0
    for place, number, group in STOPS:
        output = tmp_path / f"{place} {number.name}"
        running = start_command(context, "refresh", options(later), output, place)
        told, seconds = stop(running, number, group)
        assert told == STOPPED, place
        longest = max(longest, seconds)
        assert running.text.count("stopped") == 1
        assert snapshots.current(built.published_dir) == before
        assert not built.lock_path.exists()
        with only_writer(built):
            pass

    stages = [run["stage"] for run in failed_runs(built)]
    assert stages[-6:] == ["fetch", "fetch", "gate 1: raw", "dbt build", "publish", "publish"]
    assert failed_runs(built)[-1]["exit_code"] == ExitCode.TERMINATED

    running = start_command(
        context, "refresh", options(later), tmp_path / "output", "behind the pointer"
    )
    told, seconds = stop(running, signal.SIGINT, True)
    longest = max(longest, seconds)
    assert told == "stopped; the new snapshot had been published"
    assert snapshots.current(built.published_dir) != before
    assert failed_runs(built) == []

    found = snapshots.difference(
        snapshots.current(later_template / "published"),
        snapshots.current(built.published_dir),
        leave_out=snapshots.TABLES_OF_LOADS,
    )
    record_property("signals at places of a refresh", len(STOPS) + 1)
    record_property("longest until the end, in seconds", round(longest, 2))
    found.record(record_property)
    assert not found.differing, str(found)


def test_stopped_rebuild_is_made_by_the_next(built: Settings, tmp_path: Path) -> None:
    before = snapshots.current(built.published_dir)
    context = fork_server()
    arguments = ["--data-dir", str(built.data_dir)]
    running = start_command(context, "rebuild", arguments, tmp_path / "first", "build")
    told, _ = stop(running, signal.SIGTERM, False)
    assert told == STOPPED
    assert snapshots.current(built.published_dir) == before

    again = start_command(context, "rebuild", arguments, tmp_path / "second")
    assert again.ended() == ExitCode.DONE, again.text
    after = snapshots.current(built.published_dir)
    assert after != before
    snapshots.assert_equal(before, after)


@pytest.mark.parametrize("name", ["check", "docs"])
def test_stopped_check_and_docs_end_likewise(built: Settings, tmp_path: Path, name: str) -> None:
    running = start_command(
        fork_server(), name, ["--data-dir", str(built.data_dir)], tmp_path / "output"
    )
    told, _ = stop(running, signal.SIGINT, True)
    assert told == STOPPED
    assert not built.lock_path.exists()


def interrupt_at_a_terminal(command: list[str], key: bytes, is_ready: Callable[[str], bool]):
    """Run a command at a terminal and press a key; returns its exit code, text and seconds."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(PROJECT_ROOT)
        os.execv(sys.executable, [sys.executable, *command])  # noqa: S606
    text = ""
    pressed = None
    while True:
        try:
            part = os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            break
        text += part
        if pressed is None and is_ready(text):
            os.write(terminal, key)
            pressed = time.monotonic()
    _, status = os.waitpid(pid, 0)
    assert pressed is not None, text
    return os.waitstatus_to_exitcode(status), text, time.monotonic() - pressed


def test_key_at_a_terminal_leaves_one_line_and_a_cursor(built: Settings) -> None:
    code, text, seconds = interrupt_at_a_terminal(
        ["scripts/refresh.py", *options(settings_for(built.data_dir, as_of=LATER))],
        b"\x03",
        lambda text: "fetch" in text,
    )
    assert code == ExitCode.INTERRUPTED
    assert seconds < MOST_SECONDS
    assert text.rstrip().endswith(STOPPED)
    assert "Traceback" not in text
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert text.rindex(shown) > text.rindex(hidden)


def test_key_during_the_first_imports_leaves_one_line() -> None:
    """The command stands at the import of click until its key is pressed."""
    program = (
        "import runpy, sys, threading\n"
        "class Wait:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click':\n"
        "            print('importing', flush=True)\n"
        "            threading.Event().wait(20)\n"
        "sys.meta_path.insert(0, Wait())\n"
        "sys.argv = ['scripts/refresh.py', '--help']\n"
        "runpy.run_path('scripts/refresh.py', run_name='__main__')\n"
    )
    code, text, _ = interrupt_at_a_terminal(
        ["-c", program], b"\x03", lambda text: "importing" in text
    )
    assert code == ExitCode.INTERRUPTED
    assert text.rstrip().endswith(STOPPED)
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("command", "ready"),
    [
        (["-m", "extract.simulated", "--port", "0"], "Ctrl-C ends"),
        (["-m", "streamlit_app", "--port", "0"], "URL"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_servers_stop_with_one_word(
    tmp_path: Path, command: list[str], ready: str, number: signal.Signals
) -> None:
    server = subprocess.Popen(
        [sys.executable, *command],
        cwd=PROJECT_ROOT,
        env=os.environ | {"CRYPTO_DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    while ready not in (line := server.stdout.readline()):
        assert line, "the server did not start"
    sent = time.monotonic()
    os.killpg(server.pid, number)
    rest = server.stdout.read()
    assert server.wait(10) == 128 + number
    assert time.monotonic() - sent < MOST_SECONDS
    assert rest.splitlines()[-1] == "stopped"
    assert "Traceback" not in rest
