"""A data folder may have any name: every command works in it, and says it as it is."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from extract.plain_dir import UNFIT, plain_dir
from extract.settings import PROJECT_ROOT
from published.reading import read, verify
from tests import snapshots
from tests.faults.whole_commands import run_command

# With all that some library takes for something else, and with what none of them minds.
NAMES = (
    "o'd\"d ?%41#;*[x]{y}(z)$HOME é 雪 day=1",
    "d *[x]{y}(z) é 雪 & !,:+@~",
)
SMALL = ("--coins", "bitcoin,tether", "--history-days", "3")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the state lies that the data folder cannot take."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


def run(script: str, data_dir: Path, *arguments: str) -> str:
    """What the command prints, its lines joined as they were before they were broken."""
    given = ["--data-dir", data_dir, *arguments]
    outcome = run_command(script, given, os.environ | {"COLUMNS": "400"})
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_command_works_in_a_folder_of_any_name(
    name: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / name
    try:
        data.mkdir()
    except OSError as error:
        pytest.skip(f"the file system does not take this name: {error}")
    told = run("refresh", data, *SMALL, "--as-of", "2026-11-01T12:05Z")
    first = snapshots.current(data / "published")
    assert f"Snapshot  {first}" in told
    [hint] = [line for line in told.splitlines() if line.startswith("Next")]
    shown = subprocess.run(
        shlex.split(hint.removeprefix("Next")),
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert str(data / "quality_docs") in run("check", data)
    run("rebuild", data)
    snapshots.assert_equal(first, snapshots.current(data / "published"))
    run("docs", data, "--site", str(tmp_path / "site"))
    assert (tmp_path / "site" / "models" / "index.html").is_file()
    assert str(data) in run("doctor", data)
    assert verify(snapshots.current(data / "published")) == []

    monkeypatch.setenv("CRYPTO_DATA_DIR", str(data))
    read.cache_clear()
    app = AppTest.from_file(str(PROJECT_ROOT / "streamlit_app" / "app.py"), default_timeout=60)
    app.run()
    app.switch_page("views/data.py")
    app.run()
    assert not app.exception and not app.error
    assert (
        list(app.dataframe[0].value.columns)
        == pq.read_schema(snapshots.current(data / "published") / "fct_hourly_prices.parquet").names
    )


def test_state_lies_elsewhere_only_where_it_must(home: Path, tmp_path: Path) -> None:
    assert plain_dir(tmp_path / NAMES[1]) == tmp_path / NAMES[1]
    for character in sorted(UNFIT):
        folder = tmp_path / f"a{character}b"
        state = plain_dir(folder)
        assert state.is_dir() and state.is_relative_to(home)
        assert plain_dir(folder) == state
    assert plain_dir(tmp_path / "a?b") != plain_dir(tmp_path / "a%b")


def test_without_a_home_the_state_lies_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "o'brien"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert plain_dir(tmp_path / "a?b").parent == tmp_path
