"""Runs dbt in this process, so that its imports are paid once."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from extract.settings import PROJECT_ROOT, Settings
from scripts.exit_codes import ExitCode, JobError
from scripts.mart_catalog import DataTest, data_tests, marts_catalog
from scripts.warehouse import drop_models, reading

log = logging.getLogger(__name__)

SAMPLE_ROWS = 3
# Spark replaces the days of a table one after the other. Where a build was cut off, some may be
# new and others old, and the next build would not know: it begins from raw, with all models.
UNFINISHED_BUILD = "build_unfinished"
# The manifest and results as JSON would take longer to write than half of the models.
NO_JSON = "--no-write-json"
# Its own log takes a quarter of a build: each line is searched for every variable of the
# environment, and then left out for its level. The project's log has what matters.
NO_LOG = ("--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--no-print")
LOG_LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


@dataclass(frozen=True)
class DbtResult:
    """Counts by kind of node, messages of what failed, every data test, and what the marts are."""

    models: int = 0
    seeds: int = 0
    tests: int = 0
    unit_tests: int = 0
    warnings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    data_tests: list[DataTest] = field(default_factory=list)
    catalog: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {
            "models": self.models,
            "seeds": self.seeds,
            "tests": self.tests,
            "warnings": self.warnings,
            "failures": self.failures,
            "data_tests": [test.to_dict() for test in self.data_tests],
        }


def build(
    settings: Settings,
    select: str | None = None,
    full_refresh: bool = False,
    on_node: Callable[[str], None] = lambda name: None,
) -> DbtResult:
    """`dbt build` of models, seeds and data tests; unit tests belong to the test suite.

    A selection is built with all it is made of: a model that takes up what its parents have new
    would count a load as seen in which one of them was left behind.
    """
    parsed = _run(settings, ["parse", NO_JSON])
    if parsed.exception is not None:
        return DbtResult(failures=[str(parsed.exception).strip()])
    arguments = ["build", "--exclude-resource-type", "unit_test", NO_JSON]
    unfinished = settings.state_dir / UNFINISHED_BUILD
    if settings.target == "spark":
        if unfinished.exists():
            drop_models()
            select = None
        unfinished.touch()
    if select:
        arguments += ["--select", *(f"+{part.removeprefix('+')}" for part in select.split())]
    if full_refresh:
        arguments.append("--full-refresh")
    outcome = _run(settings, arguments, on_node, parsed.result)
    result = _result(settings, outcome)
    if not result.failures:
        unfinished.unlink(missing_ok=True)
    tests = data_tests(parsed.result, getattr(outcome.result, "results", []))
    return replace(result, data_tests=tests, catalog=marts_catalog(parsed.result, tests))


def declare_raw(settings: Settings) -> None:
    """Make raw readable in SQL: on Spark the session and the tables over the files.

    Raises JobError (2) where no session can be had.
    """
    if settings.target != "spark":
        return
    outcome = _run(settings, ["run-operation", "declare_raw_tables", NO_JSON])
    if not outcome.success:
        reason = outcome.exception or [result.message for result in outcome.result.results]
        raise JobError(ExitCode.USAGE, f"Spark cannot be used: {' '.join(str(reason).split())}")


def invoke(settings: Settings, arguments: list[str]) -> DbtResult:
    """Run a dbt command against this warehouse; what it says goes to the project's log."""
    return _result(settings, _run(settings, arguments))


def _run(
    settings: Settings,
    arguments: list[str],
    on_node: Callable[[str], None] = lambda name: None,
    manifest: Any = None,
) -> Any:
    """dbt's own result. With the manifest of an earlier command nothing is parsed again."""
    os.environ.update(settings.profile_variables)
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            on_node(event.data.node_info.node_name)
        if (level := LOG_LEVELS.get(event.info.level)) and event.info.msg:
            log.log(level, event.info.msg)

    outcome = dbtRunner(manifest, callbacks=[on_event]).invoke(
        [
            *NO_LOG,
            *arguments,
            "--target",
            settings.target,
            "--project-dir",
            str(PROJECT_ROOT),
            "--profiles-dir",
            str(PROJECT_ROOT),
            "--target-path",
            str(settings.dbt_dir),
        ]
    )
    if settings.target == "duckdb":
        _release_warehouse()
    return outcome


def _result(settings: Settings, outcome: Any) -> DbtResult:
    if outcome.exception is not None:
        return DbtResult(failures=[str(outcome.exception).strip()])
    results = getattr(outcome.result, "results", [])
    kinds = Counter(str(result.node.resource_type) for result in results)
    return DbtResult(
        models=kinds["model"],
        seeds=kinds["seed"],
        tests=kinds["test"],
        unit_tests=kinds["unit_test"],
        warnings=[_message(settings, r) for r in results if str(r.status) == "warn"],
        failures=[_message(settings, r) for r in results if str(r.status) in ("fail", "error")],
    )


def _release_warehouse() -> None:
    """dbt-duckdb keeps its connection for the life of the process, under settings of its own."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()


def _message(settings: Settings, result: Any) -> str:
    """Name, count and a few of the rows."""
    if str(result.status) == "error":
        return f"{result.node.name}: {' '.join(str(result.message).split())}"
    with reading(settings) as warehouse:
        rows = warehouse.relation(result.node.compiled_code).limit(SAMPLE_ROWS)
        shown = [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
    samples = "; ".join(", ".join(f"{k}={v}" for k, v in row.items()) for row in shown)
    return f"{result.node.name}: {result.failures} rows, for example {samples}"
