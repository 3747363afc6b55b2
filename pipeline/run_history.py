"""The runs of a warehouse, newest last: what each published, or where it failed.

A published run hands its history on with the manifest of its snapshot. A failed one leaves a line
in the log folder, which the next published run takes over and removes. A run that was killed leaves
none. The folder keeps no more failed runs than the history can hold.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from extract import durable
from published.json_form import misfit
from published.manifest import RUN

log = logging.getLogger(__name__)

KEPT_RUNS = 200
FAILED_RUNS = "failed_runs.ndjson"

Run = dict[str, Any]


def history(
    manifest: Mapping[str, Any], previous: Mapping[str, Any] | None, log_dir: Path
) -> list[Run]:
    """The last runs up to this one, in the order in which they came, whatever the clock said.

    `previous` is the manifest of the snapshot before, if there is one.
    """
    runs: dict[str, Run] = {}
    if previous is not None:
        # A snapshot from before there was a history knows of its own run.
        handed_on = previous.get("runs") or [published_run(previous)]
        runs = {run["run_id"]: run for run in handed_on}
    for run in failed_runs(log_dir)[0]:
        runs.setdefault(run["run_id"], run)
    runs[manifest["run_id"]] = published_run(manifest)
    return list(runs.values())[-KEPT_RUNS:]


def published_run(manifest: Mapping[str, Any]) -> Run:
    """What the history keeps of a manifest. What an older one does not tell is null."""
    dbt = manifest.get("dbt") or {}
    return {
        "run_id": manifest["run_id"],
        "outcome": "published",
        "built_at": manifest["built_at"],
        "source_kind": manifest["source_kind"],
        "code_version": manifest.get("code_version"),
        "stage_seconds": manifest.get("stage_seconds") or {},
        "loaded_rows": manifest.get("loaded_rows"),
        "table_rows": {name: table["rows"] for name, table in manifest["tables"].items()},
        "gates": gate_counts(manifest.get("gates") or {}),
        "tests_passed": dbt.get("tests"),
    }


def gate_counts(gates: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {
        name: {key: gate[key] for key in ("critical_count", "warning_count")}
        for name, gate in gates.items()
    }


def record_failure(log_dir: Path, run: Run) -> None:
    """Add a run that published nothing. A log that cannot be written hides no failure."""
    failed = {"outcome": "failed", "failed_at": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
        keep_failed(log_dir, [*failed_runs(log_dir)[0], run | failed])
    except OSError as error:
        log.warning("the failed run was not recorded: %s", error)


def forget_failures(log_dir: Path) -> None:
    """Once a snapshot's history includes the failed runs, their lines are no longer needed."""
    (log_dir / FAILED_RUNS).unlink(missing_ok=True)


def failed_runs(log_dir: Path) -> tuple[list[Run], int]:
    """The failed runs on record, oldest first, and how many lines are none."""
    path = log_dir / FAILED_RUNS
    lines = path.read_bytes().splitlines() if path.is_file() else []
    runs = [run for line in lines if line.strip() and (run := _run(line)) is not None]
    return runs, sum(bool(line.strip()) for line in lines) - len(runs)


def keep_failed(log_dir: Path, runs: list[Run]) -> None:
    """Write the record anew, in one step, with the last of these runs."""
    lines = (json.dumps(run) + "\n" for run in runs[-KEPT_RUNS:])
    durable.write_text(log_dir / FAILED_RUNS, "".join(lines))


def _run(line: bytes) -> Run | None:
    try:
        run = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return run if misfit(run, RUN) is None else None
