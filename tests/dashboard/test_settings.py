"""What the dashboard is configured to do and not to do."""

from __future__ import annotations

import tomllib

from extract.settings import PROJECT_ROOT

CONFIG = tomllib.loads((PROJECT_ROOT / ".streamlit" / "config.toml").read_text())


def test_it_listens_here_and_reports_to_nobody() -> None:
    assert CONFIG["server"]["address"] == "localhost"
    assert CONFIG["browser"]["gatherUsageStats"] is False


def test_both_themes_are_there_and_no_font_comes_from_elsewhere() -> None:
    assert {"light", "dark"} <= CONFIG["theme"].keys()
    assert "http" not in (PROJECT_ROOT / ".streamlit" / "config.toml").read_text()
