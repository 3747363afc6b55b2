"""The history of runs, however the one before ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.run_history import (
    FAILED_RUNS,
    KEPT_RUNS,
    failed_runs,
    history,
    record_failure,
)


def manifest(run_id: str, **more: Any) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "built_at": "2026-11-01T12:05:00+00:00",
        "source_kind": "simulated",
        "code_version": "abc",
        "tables": {"dim_coins": {"rows": 6}},
    } | more


def test_first_run_is_its_own_history(tmp_path: Path) -> None:
    now = manifest(
        "1",
        stage_seconds={"fetch": 1.5},
        loaded_rows=7,
        gates={"raw": {"critical_count": 0, "warning_count": 2, "breaches": ["long"]}},
        dbt={"tests": 103, "data_tests": ["long"]},
    )
    assert history(now, None, tmp_path) == [
        {
            "run_id": "1",
            "outcome": "published",
            "built_at": "2026-11-01T12:05:00+00:00",
            "source_kind": "simulated",
            "code_version": "abc",
            "stage_seconds": {"fetch": 1.5},
            "loaded_rows": 7,
            "table_rows": {"dim_coins": 6},
            "gates": {"raw": {"critical_count": 0, "warning_count": 2}},
            "tests_passed": 103,
        }
    ]


def test_snapshot_from_before_there_was_a_history_is_part_of_it(tmp_path: Path) -> None:
    runs = history(manifest("2"), manifest("1", dbt=None), tmp_path)
    assert [(run["run_id"], run["tests_passed"]) for run in runs] == [("1", None), ("2", None)]


def test_history_is_handed_on_up_to_its_limit(tmp_path: Path) -> None:
    previous: dict[str, Any] = {}
    for number in range(KEPT_RUNS + 3):
        now = manifest(f"{number:04}")
        previous = now | {"runs": history(now, previous or None, tmp_path)}
    kept = [run["run_id"] for run in previous["runs"]]
    assert kept == [f"{number:04}" for number in range(3, KEPT_RUNS + 3)]


def test_failed_runs_stand_between_those_that_published(tmp_path: Path) -> None:
    record_failure(tmp_path / "logs", {"run_id": "2", "stage": "dbt build", "message": "broken"})
    runs = history(manifest("3"), manifest("1"), tmp_path / "logs")
    assert [(run["run_id"], run["outcome"]) for run in runs] == [
        ("1", "published"),
        ("2", "failed"),
        ("3", "published"),
    ]
    assert runs[1]["failed_at"]

    handed_on = manifest("3", runs=runs)
    (tmp_path / "logs" / FAILED_RUNS).unlink()
    assert [run["run_id"] for run in history(manifest("4"), handed_on, tmp_path)] == list("1234")


@pytest.mark.parametrize(
    "line",
    [b'{"run_id": "2", "sta', b"\xff\x00", b"[]", b"5", b"{}", b'{"run_id": 2}', b"[" * 9_000],
)
def test_line_that_is_no_run_is_left_out(tmp_path: Path, line: bytes) -> None:
    record_failure(tmp_path, {"run_id": "1"})
    with (tmp_path / FAILED_RUNS).open("ab") as file:
        file.write(line)
    runs = history(manifest("3"), None, tmp_path)
    assert [run["run_id"] for run in runs] == ["1", "3"]
    assert failed_runs(tmp_path)[1] == 1

    record_failure(tmp_path, {"run_id": "2"})
    assert [run["run_id"] for run in failed_runs(tmp_path)[0]] == ["1", "2"]
    assert failed_runs(tmp_path)[1] == 0


def test_record_of_failed_runs_keeps_what_the_history_can_use(tmp_path: Path) -> None:
    many = [{"run_id": f"{number:04}"} for number in range(KEPT_RUNS + 5)]
    (tmp_path / FAILED_RUNS).write_text("".join(json.dumps(run) + "\n" for run in many))
    record_failure(tmp_path, {"run_id": "9999"})
    kept, _ = failed_runs(tmp_path)
    assert [run["run_id"] for run in kept] == [run["run_id"] for run in many[6:]] + ["9999"]


def test_record_is_whole_when_the_process_dies_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_failure(tmp_path, {"run_id": "1"})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        record_failure(tmp_path, {"run_id": "2"})
    assert [run["run_id"] for run in failed_runs(tmp_path)[0]] == ["1"]


def test_log_that_cannot_be_written_hides_no_failure(tmp_path: Path, caplog) -> None:
    (tmp_path / "logs").write_text("")
    record_failure(tmp_path / "logs", {"run_id": "1"})
    assert "not recorded" in caplog.text


@pytest.mark.parametrize("text", ["", "\n"])
def test_empty_log_tells_of_no_failure(tmp_path: Path, text: str) -> None:
    (tmp_path / FAILED_RUNS).write_text(text)
    runs = history(manifest("1"), None, tmp_path)
    assert [run["run_id"] for run in runs] == ["1"]
