"""dlt's files of other projects change nothing here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT

LOADS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from extract.http import HttpSource
from extract.pipeline import RawStore
from extract.settings import Settings
print(RawStore(Settings(data_dir=Path("data"))).query("select 42"))
print("streamlit" in sys.modules)
"""


@pytest.mark.parametrize(("place", "file"), [("home", "config.toml"), ("work", "secrets.toml")])
def test_files_of_other_projects_are_not_read(tmp_path: Path, place: str, file: str) -> None:
    for folder in ("home", "work"):
        (tmp_path / folder / ".dlt").mkdir(parents=True)
    (tmp_path / place / ".dlt" / file).write_text("this is not = [ TOML")
    ran = subprocess.run(
        [sys.executable, "-c", LOADS, str(PROJECT_ROOT)],
        cwd=tmp_path / "work",
        env=os.environ | {"HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split("\n")[:2] == ["[(42,)]", "False"], ran.stderr
