"""Runs dbt in this process, so that its imports are paid once."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from extract.environment import secrets_hidden
from extract.settings import PROJECT_ROOT, Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.unchanged import inputs_of_build, note_built, runnable, unchanged
from pipeline.warehouse import BUILDS_SCHEMA, drop_models, drop_schema, reading
from published.catalog import DataTest, data_tests, marts_catalog

log = logging.getLogger(__name__)

SAMPLE_ROWS = 3
# Spark replaces the days of a table one by one. After an interrupted build, some may be new and
# others old, and the next build could not tell: it starts again from raw, with all models.
UNFINISHED_BUILD = "build_unfinished"
# The manifest and results as JSON would take longer to write than half of the models.
NO_JSON = "--no-write-json"
# Its own log takes a quarter of a build: each line is searched for every variable of the
# environment, and then left out for its level. The project's log has what matters.
NO_LOG = ("--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--no-print")
# The job's tests look at what changed since they last passed; those by hand look at everything.
CHANGED_DAYS_ONLY = ("--vars", "{test_changed_days_only: true}")
ALL_MEMORY = ("--vars", "{test_changed_days_only: true, limit_memory: false}")
# How DuckDB's message begins when a query runs out of memory.
OUT_OF_MEMORY = "Out of Memory Error"
# What the project's macros log about a run.
REBUILT, DROPPED = "rebuilt whole: ", "dropped because no model owns it: "
# profiles.yml reads it from the environment, where no other target and no child needs it.
PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105
LOG_LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


@dataclass(frozen=True)
class DbtResult:
    """Counts by kind of node, messages of what failed, every data test, and what the marts are.

    The counts include what was left out because it had not changed since everything passed;
    `unchanged` is how many nodes that was. Of `failures`, `errors` are those that could not be run
    at all. `rebuilt` are models that were rebuilt in full because their code, variables or seeds
    had changed, `dropped` are relations that no model owned.
    """

    models: int = 0
    seeds: int = 0
    tests: int = 0
    unit_tests: int = 0
    unchanged: int = 0
    warnings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    rebuilt: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    data_tests: list[DataTest] = field(default_factory=list)
    catalog: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {
            "models": self.models,
            "seeds": self.seeds,
            "tests": self.tests,
            "unchanged": self.unchanged,
            "warnings": self.warnings,
            "failures": self.failures,
            "rebuilt": self.rebuilt,
            "dropped": self.dropped,
            "data_tests": [test.to_dict() for test in self.data_tests],
        }


def build(
    settings: Settings,
    select: str | None = None,
    full_refresh: bool = False,
    on_node: Callable[[str], None] = lambda name: None,
) -> DbtResult:
    """`dbt build` of models, seeds and data tests; unit tests belong to the test suite.

    A selection is built with everything it depends on. What does not fit into the memory allowed
    for new data is built again without that limit.
    """
    result = _build(settings, select, full_refresh, on_node, CHANGED_DAYS_ONLY)
    if any(OUT_OF_MEMORY in error for error in result.errors):
        log.warning(
            "the new data does not fit into duckdb_memory; building again without that limit"
        )
        result = _build(settings, select, full_refresh, on_node, ALL_MEMORY)
    return result


def _build(
    settings: Settings,
    select: str | None,
    full_refresh: bool,
    on_node: Callable[[str], None],
    variables: tuple[str, ...],
) -> DbtResult:
    parsed = _run(settings, ["parse", NO_JSON, *variables])
    if parsed.exception is not None:
        return _result(settings, parsed)
    arguments = ["build", "--exclude-resource-type", "unit_test", NO_JSON, *variables]
    unfinished = settings.state_dir / UNFINISHED_BUILD
    if settings.target == "spark":
        if unfinished.exists():
            drop_models()
            select = None
        unfinished.touch()
    inputs = inputs_of_build(settings, PROJECT_ROOT, parsed.result, variables)
    left_out: set[str] = set()
    if select:
        arguments += ["--select", *(f"+{part.removeprefix('+')}" for part in select.split())]
    elif full_refresh:
        arguments.append("--full-refresh")
    else:
        left_out = unchanged(settings, parsed.result, inputs)
        arguments += _leaving_out(left_out, parsed.result)
    result, ran = _build_nodes(settings, arguments, on_node, parsed.result, left_out)
    if not result.failures:
        unfinished.unlink(missing_ok=True)
    if ran and not (select or result.failures or result.warnings):
        note_built(settings, inputs)
    tests = data_tests(parsed.result, ran, left_out)
    return replace(result, data_tests=tests, catalog=marts_catalog(parsed.result, tests))


def _build_nodes(
    settings: Settings,
    arguments: list[str],
    on_node: Callable[[str], None],
    manifest: Any,
    left_out: set[str],
) -> tuple[DbtResult, list[Any]]:
    """dbt's result and that of each node; nothing is run if all are left out."""
    if len(left_out) == len(runnable(manifest)):
        result, ran = DbtResult(), []
    else:
        said: list[str] = []
        outcome = _run(settings, arguments, on_node, manifest, said.append)
        result = _with_notices(_result(settings, outcome), said)
        ran = list(getattr(outcome.result, "results", []))
    kept = Counter(str(manifest.nodes[key].resource_type) for key in left_out)
    return replace(
        result,
        models=result.models + kept["model"],
        seeds=result.seeds + kept["seed"],
        tests=result.tests + kept["test"],
        unchanged=len(left_out),
    ), ran


def _leaving_out(nodes: set[str], manifest: Any) -> list[str]:
    """The tests of what is left out are named themselves: others look at more than one model."""
    if not nodes:
        return []
    names = sorted(".".join(manifest.nodes[key].fqn) for key in nodes)
    return ["--indirect-selection", "empty", "--exclude", *names]


def forget_progress(settings: Settings) -> None:
    """Make the next build rebuild every model from raw."""
    if settings.target == "spark":
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        (settings.state_dir / UNFINISHED_BUILD).touch()
    else:
        drop_schema(settings, BUILDS_SCHEMA)


def declare_raw(settings: Settings) -> None:
    """Make raw readable in SQL: on Spark the session and the tables over the files.

    Raises JobError (2) if no session is available.
    """
    if settings.target != "spark":
        return
    outcome = _run(settings, ["run-operation", "declare_raw_tables", NO_JSON])
    if not outcome.success:
        reason = outcome.exception or [result.message for result in outcome.result.results]
        raise JobError(ExitCode.USAGE, f"Spark cannot be used: {' '.join(str(reason).split())}")


def invoke(settings: Settings, arguments: list[str]) -> DbtResult:
    """Run a dbt command against this warehouse; what it says goes to the project's log."""
    said: list[str] = []
    return _with_notices(_result(settings, _run(settings, arguments, on_message=said.append)), said)


def _run(
    settings: Settings,
    arguments: list[str],
    on_node: Callable[[str], None] = lambda name: None,
    manifest: Any = None,
    on_message: Callable[[str], None] = lambda text: None,
) -> Any:
    """dbt's own result. With the manifest of an earlier command nothing is parsed again.

    `on_message` is given what macros log.
    """
    variables = settings.profile_variables
    password = variables.pop(PASSWORD)
    os.environ.update(variables)
    from dbt.cli.main import dbtRunner

    def on_event(event: Any) -> None:
        if event.info.name == "NodeFinished":
            on_node(event.data.node_info.node_name)
        if event.info.name == "JinjaLogInfo":
            on_message(event.data.msg)
        if (level := LOG_LEVELS.get(event.info.level)) and event.info.msg:
            log.log(level, event.info.msg)

    command = [
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
    with secrets_hidden({PASSWORD: password} if settings.target == "postgres" else None):
        outcome = dbtRunner(manifest, callbacks=[on_event]).invoke(command)
    if settings.target == "duckdb":
        _release_warehouse()
    return outcome


def _result(settings: Settings, outcome: Any) -> DbtResult:
    if outcome.exception is not None:
        message = str(outcome.exception).strip()
        return DbtResult(failures=[message], errors=[message])
    results = getattr(outcome.result, "results", [])
    kinds = Counter(str(result.node.resource_type) for result in results)
    return DbtResult(
        models=kinds["model"],
        seeds=kinds["seed"],
        tests=kinds["test"],
        unit_tests=kinds["unit_test"],
        warnings=[_message(settings, r) for r in results if str(r.status) == "warn"],
        failures=[_message(settings, r) for r in results if str(r.status) in ("fail", "error")],
        errors=[str(r.message) for r in results if str(r.status) == "error"],
    )


def _with_notices(result: DbtResult, said: list[str]) -> DbtResult:
    return replace(
        result,
        rebuilt=[text.removeprefix(REBUILT) for text in said if text.startswith(REBUILT)],
        dropped=[text.removeprefix(DROPPED) for text in said if text.startswith(DROPPED)],
    )


def _release_warehouse() -> None:
    """dbt-duckdb keeps its connection for the life of the process, under settings of its own."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call] # dbt-duckdb's


def _message(settings: Settings, result: Any) -> str:
    """Name, count and a few of the rows."""
    if str(result.status) == "error":
        return f"{result.node.name}: {' '.join(str(result.message).split())}"
    with reading(settings) as warehouse:
        rows = warehouse.relation(result.node.compiled_code).limit(SAMPLE_ROWS)
        shown = [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
    samples = "; ".join(", ".join(f"{k}={v}" for k, v in row.items()) for row in shown)
    return f"{result.node.name}: {result.failures} rows, for example {samples}"
