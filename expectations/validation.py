"""Runs suites with Great Expectations. Importing this module imports it, which takes seconds."""

import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from expectations.claim_expectation import ExpectClaimToHold
from expectations.claims import Claim, Suite
from expectations.duckdb_dialect import keep_duckdb_connection_open
from expectations.raw_suites import blames_rows
from expectations.results import RESULTS_FOLDER, Breach
from extract.spark_session import SPARK_URL, spark_session


def find_breaches(
    url: str, suites: Sequence[Suite], docs_dir: Path, copy_batches: bool
) -> tuple[Breach, ...]:
    """Validate all suites and replace the gate's results under `docs_dir`.

    With `copy_batches` each batch is first copied to a temporary table: worth it where a batch
    is a small part of a big table, which is then scanned once and not once per claim.
    """
    keep_duckdb_connection_open()
    results_dir = docs_dir / RESULTS_FOLDER
    for suite in suites:
        for kind in ("validations", "expectations"):
            shutil.rmtree(results_dir / kind / suite.gate, ignore_errors=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context = stored_context(results_dir)
        run_id = RunIdentifier(run_time=datetime.now(UTC))
        with _source(context, url, copy_batches) as batch_of:
            breaches = [
                _breach(suite, result)
                for suite in suites
                for result in _validate(context, suite, *batch_of(suite), run_id).results
                if not result.success
            ]
    return tuple(sorted(breaches, key=lambda breach: breach.severity != "critical"))


def stored_context(results_dir: Path) -> EphemeralDataContext:
    """A context that keeps suites and validation results as files, the rest in memory."""
    config = InMemoryStoreBackendDefaults()
    for store, folder in (
        (config.expectations_store_name, "expectations"),
        (config.validation_results_store_name, "validations"),
    ):
        config.stores[store]["store_backend"] = _files(results_dir / folder)
    project = DataContextConfig(
        store_backend_defaults=config,
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=project)


def _files(directory: Path) -> dict[str, Any]:
    return {
        "class_name": "TupleFilesystemStoreBackend",
        # The library puts variables in for what follows a plain dollar sign.
        "base_directory": str(directory.resolve()).replace("$", r"\$"),
    }


def _validate(
    context: EphemeralDataContext,
    suite: Suite,
    batch: BatchDefinition[Any],
    parameters: dict[str, Any] | None,
    run_id: RunIdentifier,
) -> ExpectationSuiteValidationResult:
    expectations = [
        ExpectClaimToHold.of(claim, position) for position, claim in enumerate(suite.claims)
    ]
    definition = gx.ValidationDefinition(
        name=suite.name,
        data=batch,
        suite=context.suites.add(gx.ExpectationSuite(name=suite.name, expectations=expectations)),
    )
    return context.validation_definitions.add(definition).run(
        batch_parameters=parameters, run_id=run_id
    )


@contextmanager
def _source(
    context: EphemeralDataContext, url: str, copy_batches: bool
) -> Iterator[Callable[[Suite], tuple[BatchDefinition[Any], dict[str, Any] | None]]]:
    """How a suite's batch is found; afterwards no connection or copy is left."""
    if url == SPARK_URL:
        session = spark_session()
        spark = context.data_sources.add_spark("warehouse", persist=copy_batches)

        def frame(suite: Suite) -> tuple[BatchDefinition[Any], dict[str, Any] | None]:
            asset = spark.add_dataframe_asset(suite.table)
            return asset.add_batch_definition_whole_dataframe("rows"), {
                "dataframe": session.sql(suite.batch_query)
            }

        try:
            yield frame
        finally:
            session.catalog.clearCache()
        return

    warehouse = context.data_sources.add_sql(
        "warehouse", connection_string=url, create_temp_table=copy_batches
    )

    def query(suite: Suite) -> tuple[BatchDefinition[Any], dict[str, Any] | None]:
        asset = warehouse.add_query_asset(suite.table, query=suite.batch_query)
        return asset.add_batch_definition_whole_table("rows"), None

    try:
        yield query
    finally:
        warehouse.get_execution_engine().close()
        warehouse.get_engine().dispose()


def _breach(suite: Suite, result: ExpectationValidationResult) -> Breach:
    # A result without the configuration it is of cannot be: the library writes both.
    assert result.expectation_config is not None  # noqa: S101
    claim = suite.claims[result.expectation_config.meta["position"]]
    rows = result.result.get("details", {}).get("unexpected_rows", [])
    row_count = result.result.get("observed_value")
    return Breach(
        gate=suite.gate,
        table=_tables_at_fault(suite, claim, rows),
        expectation=claim.text,
        severity=claim.severity,
        row_count=row_count,
        sample_rows=rows,
        observed=_observed(claim, rows) if row_count is not None else _failure(result),
        blames_rows=blames_rows(suite, claim),
    )


def _tables_at_fault(suite: Suite, claim: Claim, rows: Sequence[dict[str, Any]]) -> str:
    if claim.names_tables and rows:
        return ", ".join(dict.fromkeys(str(row["table_name"]) for row in rows))
    return suite.table


def _observed(claim: Claim, rows: Sequence[dict[str, Any]]) -> str | None:
    return claim.observed.format(**rows[0]) if claim.observed and rows else None


def _failure(result: ExpectationValidationResult) -> str:
    """The library nests one report per metric; the query follows the message's first line."""
    for report in (result.exception_info, *result.exception_info.values()):
        if isinstance(report, dict) and report.get("exception_message"):
            return f"could not be evaluated: {report['exception_message'].strip().splitlines()[0]}"
    return "could not be evaluated"
