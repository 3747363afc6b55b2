"""When the gates are asked, and what a breach means for the run."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from expectations.results import GateName, GateResult, breach_message
from extract.pipeline import RawStore
from extract.raw_tables import RAW_TABLES
from extract.settings import Settings
from scripts.exit_codes import ExitCode, JobError

log = logging.getLogger(__name__)


class Gates(Protocol):
    """The module `expectations.gates`, or a process that answers for it."""

    def run_gate(
        self, gate: GateName, url: str, docs_dir: Path, load_ids: Sequence[str] | None
    ) -> GateResult: ...

    def build_docs(self, docs_dir: Path) -> Path: ...


def check_loads(settings: Settings, store: RawStore, gates: Gates) -> GateResult:
    """Gate 1 over every load that has not passed yet, those of killed runs among them.

    Each load is looked at by itself, for good rows of one would hide bad rows of another.
    Raises JobError (1) at the first that is stopped; those before it count as passed.
    """
    result: GateResult | None = None
    for load_id in _loads_not_passed(settings, store):
        found = _check(settings, gates, "raw", [load_id], store)
        remember_passed(settings, load_id)
        result = found if result is None else _joined(result, found)
    return result or _check(settings, gates, "raw", [], store)


def check_marts(settings: Settings, gates: Gates) -> GateResult:
    """Gate 2. Raises JobError (1)."""
    return _check(settings, gates, "marts")


def _check(
    settings: Settings,
    gates: Gates,
    gate: GateName,
    load_ids: list[str] | None = None,
    store: RawStore | None = None,
) -> GateResult:
    result = gates.run_gate(gate, settings.warehouse_url, settings.quality_docs_dir, load_ids)
    for breach in result.breaches:
        log.warning(breach_message(breach))
    if result.passed:
        return result
    lines = [f"gate {gate} stopped the run:"]
    lines += [f"  {breach_message(breach)}" for breach in result.critical]
    lines += [
        "Nothing was published; the last good snapshot stays.",
        f"All results: {gates.build_docs(settings.quality_docs_dir)}",
    ]
    if load_ids and store is not None:
        [load_id] = load_ids
        runs = store.query(
            "select distinct run_id from landed_responses where _dlt_load_id = %s order by 1",
            load_id,
        )
        lines += [
            "To leave a load out for good: scripts/rebuild.py --quarantine LOAD",
            "Loads that were looked at: " + ", ".join(run_id for (run_id,) in runs),
        ]
    raise JobError(ExitCode.CHECK_FAILED, "\n".join(lines))


def _loads_not_passed(settings: Settings, store: RawStore) -> list[str]:
    passed = ""
    if settings.gate_pointer.exists():
        passed = json.loads(settings.gate_pointer.read_text())["load_id"]
    loads: set[str] = set()
    for table in RAW_TABLES:
        rows = store.query(
            f"select distinct _dlt_load_id from {table} where _dlt_load_id > %s",  # noqa: S608
            passed,
        )
        loads.update(load_id for (load_id,) in rows)
    return sorted(loads)


def remember_passed(settings: Settings, load_id: str) -> None:
    """Gate 1 is not asked again about this load and those before it."""
    new = settings.gate_pointer.with_suffix(".new")
    new.write_text(json.dumps({"load_id": load_id}))
    new.replace(settings.gate_pointer)


def _joined(first: GateResult, second: GateResult) -> GateResult:
    return replace(
        first,
        row_counts={
            table: first.row_counts.get(table, 0) + second.row_counts.get(table, 0)
            for table in first.row_counts | second.row_counts
        },
        breaches=first.breaches + second.breaches,
    )
