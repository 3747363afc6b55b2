"""The two data-quality gates.

`raw` looks at what was just loaded, `marts` at what was just built. Great Expectations is
imported when a gate runs, not before: it takes seconds.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from expectations.catalog import catalog_suite, checkable_tables, count_rows, read_catalog
from expectations.claims import Suite
from expectations.mart_suites import MART_COLUMNS, mart_suites
from expectations.raw_suites import RAW_COLUMNS, REQUIRED_RAW_TABLES, raw_suites
from expectations.results import Breach, GateName, GateResult, breach_message
from expectations.warehouse import WarehouseUnavailableError, catalog_table, opened

__all__ = [
    "Breach",
    "GateName",
    "GateResult",
    "WarehouseUnavailableError",
    "breach_message",
    "build_docs",
    "run_gate",
]


def run_gate(
    gate: GateName,
    url: str,
    docs_dir: Path,
    load_numbers: Sequence[int] | None = None,
) -> GateResult:
    """Check one gate over the warehouse at `url`; keeps the results for `build_docs`.

    `url` is SQLAlchemy's, or `spark://` for the Spark session of this process.

    `load_numbers` restricts every batch of the raw gate to those loads; None means all rows.
    Raises ValueError for an unknown gate or what is no load number, FileNotFoundError for a DuckDB
    file that does not exist, and WarehouseUnavailableError if another holds the warehouse.
    """
    if gate not in ("raw", "marts"):
        raise ValueError(f"unknown gate {gate!r}: expected 'raw' or 'marts'")
    if odd := [number for number in load_numbers or () if type(number) is not int]:
        raise ValueError(f"no load numbers: {odd}")
    suites, row_counts = plan_gate(gate, url, load_numbers)
    _switch_analytics_off()
    from expectations.validation import find_breaches

    return GateResult(
        gate=gate,
        expectation_count=sum(len(suite.claims) for suite in suites),
        table_count=len(row_counts),
        row_counts=row_counts,
        breaches=find_breaches(
            url, suites, docs_dir, copy_batches=gate == "raw" and load_numbers is not None
        ),
    )


def build_docs(docs_dir: Path) -> Path:
    """Render Data Docs of each gate's last results; returns the index page."""
    from expectations.data_docs import write_site

    return write_site(docs_dir)


def plan_gate(
    gate: GateName,
    url: str,
    load_numbers: Sequence[int] | None = None,
) -> tuple[list[Suite], dict[str, int]]:
    """The suites for the tables that exist, and how many rows each looks at."""
    columns = catalog_table(url)
    with opened(url) as query:
        catalog = read_catalog(query, columns, gate)
        if gate == "raw":
            suites = raw_suites(checkable_tables(catalog, RAW_COLUMNS), load_numbers)
            schema = catalog_suite(gate, columns, catalog, RAW_COLUMNS, REQUIRED_RAW_TABLES)
        else:
            suites = mart_suites(checkable_tables(catalog, MART_COLUMNS))
            schema = catalog_suite(gate, columns, catalog, MART_COLUMNS, list(MART_COLUMNS))
        return [schema, *suites], count_rows(query, suites)


def _switch_analytics_off() -> None:
    """Read by Great Expectations when it is imported."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
