"""What a refresh shows on a terminal of 80 columns."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from extract.settings import PROJECT_ROOT, Settings
from scripts.command_line import Screen
from tests.faults.commands import options

STAGES = (
    *("fetch", "load", "gate 1: raw", "dbt build", "gate 2: marts", "quality docs"),
    *("publish", "housekeeping"),
)
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# A sign of the state, the stage's name, the time it has taken.
STAGE = re.compile(r"^\S (?P<name>.{14}) [-0-9]+:[-0-9]+:[-0-9]+")


def shown_on_terminal(command: list[str], columns: int) -> tuple[int, str]:
    """Exit code, and everything that was written, without the codes that move and colour."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    hidden = ("COLUMNS", "LINES", "NO_COLOR", "PYTHONWARNINGS")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    process = subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment | {"TERM": "xterm"}, stdout=far, stderr=far
    )
    os.close(far)
    written = b""
    while True:
        try:
            piece = os.read(near, 65_536)
        except OSError:
            # So Linux says that nobody has the far end open any more.
            break
        if not piece:
            break
        written += piece
    os.close(near)
    return process.wait(), CODES.sub("", written.decode())


def stage_names(text: str) -> set[str]:
    lines = re.split(r"[\r\n]+", text)
    return {match["name"].strip() for line in lines if (match := STAGE.match(line))}


def test_refresh_shows_whole_names_of_stages_and_no_warning_of_a_library(built: Settings) -> None:
    code, text = shown_on_terminal(
        [sys.executable, "scripts/refresh.py", *options(built)], columns=80
    )
    assert code == 0, text
    assert stage_names(text) == set(STAGES)
    assert "Warning" not in text
    assert "pyspark" not in text.lower()


@pytest.mark.parametrize("columns", [40, 80])
def test_long_detail_gives_way_to_the_name_of_its_stage(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with Screen() as screen:
        for name in STAGES:
            with screen.stage(name) as detail:
                detail("a_test_of_dbt_whose_name_goes_on_" * 5)
    shown = capsys.readouterr().out
    assert stage_names(shown) == set(STAGES)
    lines = [line for line in shown.splitlines() if STAGE.match(line)]
    assert len(lines) == len(STAGES)
    for line in lines:
        assert len(line) <= columns
        assert " a_te" in line and line.rstrip().endswith("…")
