"""The two data-quality gates.

`raw` looks at what was just loaded, `marts` at what was just built. Great Expectations is
imported when a gate runs, not before: it takes seconds.
"""

import os
import re
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

LOAD_ID = re.compile(r"[0-9]+\.[0-9]+")


def run_gate(
    gate: GateName,
    url: str,
    docs_dir: Path,
    load_ids: Sequence[str] | None = None,
) -> GateResult:
    """Check one gate over the warehouse at `url`; keeps the results for `build_docs`.

    `url` is SQLAlchemy's, or `spark://` for the Spark session of this process.

    `load_ids` restricts every batch of the raw gate to those loads; None means all rows.
    Raises ValueError for an unknown gate or a malformed load id, FileNotFoundError for a DuckDB
    file that does not exist, and WarehouseUnavailableError if another holds the warehouse.
    """
    if gate not in ("raw", "marts"):
        raise ValueError(f"unknown gate {gate!r}: expected 'raw' or 'marts'")
    if malformed := [load_id for load_id in load_ids or () if not LOAD_ID.fullmatch(load_id)]:
        raise ValueError(f"malformed load ids: {malformed}")
    suites, row_counts = plan_gate(gate, url, load_ids)
    _switch_analytics_off()
    from expectations.validation import find_breaches

    return GateResult(
        gate=gate,
        expectation_count=sum(len(suite.claims) for suite in suites),
        table_count=len(row_counts),
        row_counts=row_counts,
        breaches=find_breaches(
            url, suites, docs_dir, copy_batches=gate == "raw" and load_ids is not None
        ),
    )


def build_docs(docs_dir: Path) -> Path:
    """Render Data Docs of each gate's last results; returns the index page."""
    _switch_analytics_off()
    from expectations.data_docs import write_site

    return write_site(docs_dir)


def plan_gate(
    gate: GateName,
    url: str,
    load_ids: Sequence[str] | None = None,
) -> tuple[list[Suite], dict[str, int]]:
    """The suites for the tables that exist, and how many rows each looks at."""
    columns = catalog_table(url)
    with opened(url) as query:
        catalog = read_catalog(query, columns, gate)
        if gate == "raw":
            suites = raw_suites(checkable_tables(catalog, RAW_COLUMNS), load_ids)
            schema = catalog_suite(gate, columns, catalog, RAW_COLUMNS, REQUIRED_RAW_TABLES)
        else:
            suites = mart_suites(checkable_tables(catalog, MART_COLUMNS))
            schema = catalog_suite(gate, columns, catalog, MART_COLUMNS, list(MART_COLUMNS))
        return [schema, *suites], count_rows(query, suites)


def _switch_analytics_off() -> None:
    """Read by Great Expectations when it is imported."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
