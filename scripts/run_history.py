"""The runs of a warehouse, newest last: what each published, or where it failed.

A published run hands its history on with the manifest of its snapshot. A failed one leaves a line
in the log folder, which the next published run takes up. A run that was killed leaves none.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

KEPT_RUNS = 200
FAILED_RUNS = "failed_runs.ndjson"

Run = dict[str, Any]


def history(manifest: Mapping[str, Any], previous: Path, log_dir: Path) -> list[Run]:
    """The last runs up to this one, by run id.

    `previous` is the manifest of the snapshot before, which need not exist.
    """
    runs = {run["run_id"]: run for run in _handed_on(previous)}
    runs |= {run["run_id"]: run for run in _failed(log_dir)}
    runs[manifest["run_id"]] = published_run(manifest)
    return [runs[run_id] for run_id in sorted(runs)][-KEPT_RUNS:]


def published_run(manifest: Mapping[str, Any]) -> Run:
    """What the history keeps of a manifest. What an older one does not tell is null."""
    dbt = manifest.get("dbt") or {}
    return {
        "run_id": manifest["run_id"],
        "outcome": "published",
        "built_at": manifest["built_at"],
        "source_kind": manifest["source_kind"],
        "code_version": manifest["code_version"],
        "stage_seconds": manifest.get("stage_seconds", {}),
        "loaded_rows": manifest.get("loaded_rows"),
        "table_rows": {name: table["rows"] for name, table in manifest["tables"].items()},
        "gates": gate_counts(manifest.get("gates", {})),
        "tests_passed": dbt.get("tests"),
    }


def gate_counts(gates: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {
        name: {key: gate[key] for key in ("critical_count", "warning_count")}
        for name, gate in gates.items()
    }


def record_failure(log_dir: Path, run: Run) -> None:
    """Append a run that published nothing. A log that cannot be written hides no failure."""
    failed = {"outcome": "failed", "failed_at": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        log_dir.mkdir(parents=True, exist_ok=True)
        with (log_dir / FAILED_RUNS).open("a") as file:
            file.write(json.dumps(run | failed) + "\n")
    except OSError as error:
        log.warning("the failed run was not recorded: %s", error)


def _handed_on(previous: Path) -> list[Run]:
    if not previous.is_file():
        return []
    try:
        manifest = json.loads(previous.read_text())
    except ValueError:
        log.warning("%s is damaged; the history of runs begins anew", previous)
        return []
    # A snapshot from before there was a history knows of its own run.
    return manifest.get("runs") or [published_run(manifest)]


def _failed(log_dir: Path) -> Iterator[Run]:
    path = log_dir / FAILED_RUNS
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            log.warning("a line of %s was cut off and is left out", path)
