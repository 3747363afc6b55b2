"""The scheduled refresh and CI: valid by GitHub's schema, and made of make targets alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from extract.settings import PROJECT_ROOT

WORKFLOWS = sorted((PROJECT_ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE))


def steps(path: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(path.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_valid_by_githubs_schema(path: Path) -> None:
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.github-workflows",
            str(path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_steps_only_call_make_targets(path: Path) -> None:
    commands = [step["run"] for step in steps(path) if "run" in step]
    assert commands
    for command in commands:
        called = re.fullmatch(r"make ([a-z-]+)( ARGS=\"[^\"$`]*\")?", command.strip())
        assert called is not None, command
        assert called[1] in TARGETS


def test_state_is_restored_before_and_saved_only_on_success() -> None:
    refresh = steps(PROJECT_ROOT / ".github" / "workflows" / "refresh.yml")
    order = [step.get("uses", step.get("run", "")).split("@")[0] for step in refresh]
    restored, saved = order.index("actions/cache/restore"), order.index("actions/cache/save")
    assert restored < order.index("make live") < saved
    assert refresh[saved]["if"] == "success()"


def test_a_running_refresh_is_never_cancelled() -> None:
    workflow = yaml.safe_load((PROJECT_ROOT / ".github" / "workflows" / "refresh.yml").read_text())
    assert workflow["concurrency"] == {"group": "refresh", "cancel-in-progress": False}
