"""A file is short enough to be read in one sitting."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from extract.settings import PROJECT_ROOT

FOLDERS = ("extract", "pipeline", "published", "expectations", "streamlit_app", "scripts", "tests")
MOST_LINES = 300
MOST_LINES_OF_A_MODEL = 100


def lengths(files: Iterable[Path]) -> dict[str, int]:
    return {
        path.relative_to(PROJECT_ROOT).as_posix(): len(path.read_text().splitlines())
        for path in files
    }


def test_no_python_file_is_too_long() -> None:
    found = lengths(path for folder in FOLDERS for path in (PROJECT_ROOT / folder).rglob("*.py"))
    assert len(found) > 250
    assert not {name: lines for name, lines in found.items() if lines > MOST_LINES}


def test_no_model_is_too_long() -> None:
    found = lengths((PROJECT_ROOT / "dbt_project/models").rglob("*.sql"))
    assert len(found) > 30
    assert not {name: lines for name, lines in found.items() if lines > MOST_LINES_OF_A_MODEL}
