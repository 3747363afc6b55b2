"""When the gates run, and what a breach means for the run."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from expectations.results import GateName, GateResult, breach_message
from extract.landed import missing_runs
from extract.pipeline import RawStore
from extract.raw_tables import RAW_TABLES
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.passed_loads import passed_until, remember_passed

log = logging.getLogger(__name__)


class Gates(Protocol):
    """The module `expectations.gates`, or a process that answers for it."""

    def run_gate(
        self, gate: GateName, url: str, docs_dir: Path, load_numbers: Sequence[int] | None
    ) -> GateResult: ...

    def build_docs(self, docs_dir: Path) -> Path: ...


def check_loads(settings: Settings, store: RawStore, gates: Gates) -> GateResult:
    """Gate 1 for every load that has not passed yet, including those of killed runs.

    Each load is checked on its own, since good rows of one would hide bad rows of another.
    Raises JobError (1) at the first that is stopped; those before it count as passed.
    """
    result: GateResult | None = None
    for load_number in _loads_not_passed(settings, store):
        found = _check(settings, gates, "raw", [load_number], store)
        remember_passed(settings, load_number)
        result = found if result is None else _joined(result, found)
    return result or _check(settings, gates, "raw", [], store)


def check_marts(settings: Settings, gates: Gates) -> GateResult:
    """Gate 2. Raises JobError (1)."""
    return _check(settings, gates, "marts")


def _check(
    settings: Settings,
    gates: Gates,
    gate: GateName,
    load_numbers: list[int] | None = None,
    store: RawStore | None = None,
) -> GateResult:
    result = gates.run_gate(gate, settings.warehouse_url, settings.quality_docs_dir, load_numbers)
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
    if load_numbers and store is not None:
        lines += _ways_on(settings, result, store.runs_of(load_numbers[0]))
    raise JobError(ExitCode.CHECK_FAILED, "\n".join(lines))


def _ways_on(settings: Settings, result: GateResult, runs: list[str]) -> list[str]:
    """What a person can do about a load that was stopped."""
    lines = ["Loads checked: " + ", ".join(runs)]
    if elsewhere := missing_runs(settings.landing_dir, runs):
        return [
            *lines,
            f"The landing of this folder does not hold {', '.join(elsewhere)}. If another data "
            "folder landed them, run the refresh there: it says what can be done.",
        ]
    if runs and any(breach.blames_rows for breach in result.critical):
        target = "" if settings.target == "duckdb" else f" --target {settings.target}"
        lines += [
            "To reject the rows at fault and load the rest with the next refresh:",
            f"  scripts/set_aside.py {runs[0]} --data-dir {shlex.quote(str(settings.data_dir))}"
            f"{target}",
        ]
    lines += ["To leave a load out for good: scripts/rebuild.py --quarantine LOAD"]
    return lines


def _loads_not_passed(settings: Settings, store: RawStore) -> list[int]:
    passed = passed_until(settings)
    loads: set[int] = set()
    for table in RAW_TABLES:
        rows = store.query(
            f"select distinct load_number from {table} where load_number > %s",  # noqa: S608
            passed,
        )
        loads.update(load_number for (load_number,) in rows)
    return sorted(loads)


def _joined(first: GateResult, second: GateResult) -> GateResult:
    return replace(
        first,
        row_counts={
            table: first.row_counts.get(table, 0) + second.row_counts.get(table, 0)
            for table in first.row_counts | second.row_counts
        },
        breaches=first.breaches + second.breaches,
    )
