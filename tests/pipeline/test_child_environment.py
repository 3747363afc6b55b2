"""Processes that we start know no secret that they do not need."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from extract.environment import SECRETS, child_environment
from extract.settings import PROJECT_ROOT
from extract.targets import Postgres
from pipeline.dbt_build import invoke
from pipeline.gate_process import GateProcess
from published.writing import code_version
from tests.conftest import settings_for

VALUE = "a-secret-value"
PRINTS = [sys.executable, "-c", "import os; print(dict(os.environ))"]
# These run whole refreshes, which need what they are given.
HAND_ON = {"scripts/bench.py", "scripts/bench_life.py", "scripts/bench_scale.py"}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, f"{VALUE} of {name}")


def environment_of(pid: int | None) -> bytes:
    """Until the new process has begun its program it shows none, and nothing tells when it has."""
    until = time.monotonic() + 30
    while not (found := Path(f"/proc/{pid}/environ").read_bytes()) and time.monotonic() < until:
        time.sleep(0.01)
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_the_gates_process_has_none() -> None:
    with GateProcess() as gates:
        environment = environment_of(gates._process.pid)
    assert b"PATH=" in environment
    assert VALUE.encode() not in environment
    assert all(VALUE in os.environ[name] for name in SECRETS)


def test_git_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nenv\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert "PATH=" in code_version()
    assert VALUE not in code_version()


@pytest.mark.parametrize(("target", "knows"), [("duckdb", 0), ("spark", 0), ("postgres", 1)])
def test_what_dbt_starts_has_none_but_the_password_of_its_server(
    target: str, knows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark's driver, for one, is a child of the process that runs dbt."""
    printed: list[str] = []

    class Runner:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def invoke(self, _: list[str]) -> SimpleNamespace:
            child = subprocess.run(PRINTS, capture_output=True, text=True, check=True)
            printed.append(child.stdout)
            return SimpleNamespace(exception=None, result=None)

    monkeypatch.setattr("dbt.cli.main.dbtRunner", Runner)
    postgres = Postgres(password=SecretStr(f"{VALUE} of the settings"))
    before = dict(os.environ)
    invoke(settings_for(tmp_path, target=target, postgres=postgres), ["debug"])
    [environment] = printed
    assert environment.count(VALUE) == knows
    assert ("of the settings" in environment) == bool(knows)
    assert all(os.environ[name] == before[name] for name in SECRETS)


def test_a_child_of_the_helper_has_none() -> None:
    child = subprocess.run(
        PRINTS, env=child_environment(), capture_output=True, text=True, check=True
    )
    assert VALUE not in child.stdout and "PATH" in child.stdout


def test_every_child_is_given_its_environment() -> None:
    for folder in ("extract", "expectations", "pipeline", "published", "scripts", "streamlit_app"):
        for path in (PROJECT_ROOT / folder).rglob("*.py"):
            name = path.relative_to(PROJECT_ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("subprocess."):
                    given = {keyword.arg for keyword in node.keywords}
                    assert "env" in given or name in HAND_ON, f"{name}:{node.lineno}"
