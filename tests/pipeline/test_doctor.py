"""The doctor says how a data folder is, what to do, and changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from extract.settings import Settings
from pipeline.condition import Condition
from pipeline.examination import examine
from pipeline.exit_codes import ExitCode
from pipeline.lock import only_writer
from pipeline.run_history import record_failure
from tests import snapshots
from tests.faults.whole_commands import run_command


def doctor(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = ["--data-dir", data_dir, *arguments]
    return run_command("doctor", given, os.environ | {"COLUMNS": "80"})


def listing(data_dir: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in data_dir.rglob("*")}


def condition(settings: Settings) -> Condition:
    return examine(settings, datetime.now(UTC))


def test_healthy_folder_ends_with_0_and_is_left_as_it_is(built: Settings) -> None:
    before = listing(built.data_dir)
    outcome = doctor(built.data_dir)
    assert outcome.returncode == ExitCode.DONE, outcome.stdout + outcome.stderr
    assert "Nothing needs attention." in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    for told in ("landing", "warehouse.duckdb", "dbt-core", "last success", "free disk"):
        assert told in outcome.stdout
    assert snapshots.current(built.published_dir).name in outcome.stdout
    assert listing(built.data_dir) == before


def test_what_needs_doing_ends_with_1_and_says_what(built: Settings) -> None:
    built.gate_pointer.write_text("[bold")
    newest = snapshots.current(built.published_dir)
    (newest / "dim_coins.parquet").write_bytes(b"cut")
    before = listing(built.data_dir)
    outcome = doctor(built.data_dir, "--json")
    assert outcome.returncode == ExitCode.CHECK_FAILED
    told = json.loads(outcome.stdout)
    assert told["healthy"] is False
    problems = {problem["what"]: problem["to_do"] for problem in told["problems"]}
    [gate] = [what for what in problems if what.startswith("gate_passed.json is damaged")]
    assert "set_aside" in problems[gate]
    [shot] = [what for what in problems if what.startswith("dim_coins.parquet of")]
    assert "make refresh" in problems[shot]
    [described] = [shot for shot in told["snapshots"] if shot["id"] == newest.name]
    assert described["current"] and described["damaged"]
    assert listing(built.data_dir) == before


def test_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    outcome = doctor(tmp_path / "none")
    assert outcome.returncode == ExitCode.CHECK_FAILED
    assert "make refresh" in outcome.stdout
    assert not (tmp_path / "none").exists()


def test_running_refresh_is_named_and_not_disturbed(built: Settings) -> None:
    with only_writer(built), duckdb.connect(str(built.warehouse_path)):
        outcome = doctor(built.data_dir)
    assert outcome.returncode == ExitCode.DONE, outcome.stdout
    assert f"held by pid {os.getpid()} since" in outcome.stdout
    assert "in use by the refresh" in outcome.stdout


def test_another_program_in_the_warehouse_is_a_problem(built: Settings) -> None:
    with duckdb.connect(str(built.warehouse_path)):
        outcome = doctor(built.data_dir, "--json")
    told = json.loads(outcome.stdout)
    assert outcome.returncode == ExitCode.CHECK_FAILED
    assert told["facts"]["warehouse"] == "held by another program"
    assert f"PID {os.getpid()}" in told["problems"][0]["what"]


def test_damaged_warehouse_is_a_problem(built: Settings) -> None:
    built.warehouse_path.write_bytes(b"no database" * 1000)
    found = condition(built)
    assert found.facts["warehouse"] == "damaged"
    assert "make rebuild" in found.problems[0].to_do


def test_failure_is_a_problem_until_a_run_succeeds(built: Settings) -> None:
    record_failure(built.log_dir, {"run_id": "9", "stage": "fetch", "message": "no [net]"})
    found = condition(built)
    [problem] = found.problems
    assert problem.what == "the last run failed at fetch: no [net]"
    assert found.facts["last failure"].endswith("at fetch: no [net]")

    manifest_path = snapshots.current(built.published_dir) / "manifest.json"
    later = datetime.now(UTC) + timedelta(minutes=1)
    manifest = snapshots.manifest(manifest_path.parent) | {"built_at": later.isoformat()}
    manifest_path.write_text(json.dumps(manifest))
    assert condition(built).healthy


def test_leftovers_are_told(built: Settings) -> None:
    (built.published_dir / ".unfinished-x").mkdir()
    (built.data_dir / "set_aside" / "20261101T000000Z").mkdir(parents=True)
    built.lock_path.write_text(str(2**22 + 1))
    found = condition(built)
    assert found.healthy
    assert len(found.notes) == 3

    (built.state_dir / "old_warehouse" / "dlt").mkdir(parents=True)
    [problem] = condition(built).problems
    assert "rebuild was interrupted" in problem.what and "old_warehouse/" in problem.what

    (built.state_dir / "before_rebuild").mkdir()
    assert "before_rebuild/" in condition(built).problems[1].what


def test_lock_whose_pid_was_given_to_another_program_is_free(built: Settings) -> None:
    built.lock_path.write_text(str(os.getpid()))
    outcome = doctor(built.data_dir)
    assert outcome.returncode == ExitCode.DONE, outcome.stdout
    assert "held by pid" not in outcome.stdout
    assert "readable" in outcome.stdout
    assert "died; the next `make refresh` continues" in " ".join(outcome.stdout.split())


@pytest.mark.parametrize("free", [10, 999_999_999])
def test_full_disk_is_a_problem(
    built: Settings, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": free}))
    assert "free some space" in condition(built).problems[0].to_do
