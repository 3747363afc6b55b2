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
REFRESH = PROJECT_ROOT / ".github" / "workflows" / "refresh.yml"
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


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """A tag can be moved to other code; the comment says which version the commit is."""
    used = re.findall(r"uses: *(.*)", path.read_text())
    assert len(used) == sum("uses" in step for step in steps(path))
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_state_is_restored_before_and_saved_only_on_success() -> None:
    refresh = steps(REFRESH)
    order = [step.get("run", step.get("uses", "")).split("@")[0] for step in refresh]
    cache = ("actions/cache/restore", "actions/cache/save")
    wanted = [cache[0], "make restore-state", "make live", "make save-state", cache[1]]
    assert [step for step in order if step in wanted] == wanted
    for saved in wanted[3:]:
        assert refresh[order.index(saved)]["if"] == "success()"
    [cached] = {step["with"]["path"] for step in refresh if step.get("uses", "").startswith(cache)}
    assert cached == "state", "the cache holds what is verified against the release"


def test_only_the_job_that_needs_it_may_write() -> None:
    workflow = yaml.safe_load(REFRESH.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert rights == {
        "refresh": {"contents": "write"},
        "deploy": {"pages": "write", "id-token": "write"},
    }
    with_token = [step["run"] for step in steps(REFRESH) if "GH_TOKEN" in step.get("env", {})]
    assert with_token == ["make restore-state", "make save-state"]


def test_a_running_refresh_is_never_cancelled() -> None:
    workflow = yaml.safe_load(REFRESH.read_text())
    assert workflow["concurrency"] == {"group": "refresh", "cancel-in-progress": False}
