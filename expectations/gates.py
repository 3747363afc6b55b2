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

__all__ = ["Breach", "GateName", "GateResult", "breach_message", "build_docs", "run_gate"]

LOAD_ID = re.compile(r"[0-9]+\.[0-9]+")


def run_gate(
    gate: GateName,
    url: str,
    docs_dir: Path,
    load_ids: Sequence[str] | None = None,
    min_volume_usd: float | None = None,
) -> GateResult:
    """Check one gate over the warehouse at `url`; keeps the results for `build_docs`.

    `load_ids` restricts every batch of the raw gate to those loads; None means all rows.
    `min_volume_usd` is the least 24 h volume of a ranked coin; None leaves it unchecked.
    Raises ValueError for an unknown gate or a malformed load id, FileNotFoundError for a DuckDB
    file that does not exist, and the driver's error if the warehouse cannot be opened.
    """
    if gate not in ("raw", "marts"):
        raise ValueError(f"unknown gate {gate!r}: expected 'raw' or 'marts'")
    if malformed := [load_id for load_id in load_ids or () if not LOAD_ID.fullmatch(load_id)]:
        raise ValueError(f"malformed load ids: {malformed}")
    if gate == "marts" and load_ids is not None:
        raise ValueError("load ids restrict the raw gate only: marts are checked whole")
    suites, row_counts = _plan(gate, url, load_ids, min_volume_usd)
    _switch_analytics_off()
    from expectations.validation import find_breaches

    return GateResult(
        gate=gate,
        expectation_count=sum(len(suite.claims) for suite in suites),
        table_count=len(row_counts),
        row_counts=row_counts,
        breaches=find_breaches(url, suites, docs_dir, copy_batches=bool(load_ids)),
    )


def build_docs(docs_dir: Path) -> Path:
    """Render Data Docs of each gate's last results; returns the index page."""
    _switch_analytics_off()
    from expectations.data_docs import write_site

    return write_site(docs_dir)


def _plan(
    gate: GateName, url: str, load_ids: Sequence[str] | None, min_volume_usd: float | None
) -> tuple[list[Suite], dict[str, int]]:
    """The suites for the tables that exist, and how many rows each looks at."""
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool

    location = make_url(url)
    database = location.database
    if location.get_backend_name() == "duckdb" and not (database and Path(database).is_file()):
        raise FileNotFoundError(f"no DuckDB file at {database}")
    engine = create_engine(location, poolclass=NullPool)
    with engine.connect() as connection:
        catalog = read_catalog(connection, gate)
        if gate == "raw":
            tables = checkable_tables(catalog, RAW_COLUMNS)
            suites = raw_suites(tables, load_ids)
            schema = catalog_suite(gate, catalog, RAW_COLUMNS, REQUIRED_RAW_TABLES)
        else:
            tables = checkable_tables(catalog, MART_COLUMNS)
            suites = mart_suites(set(tables), min_volume_usd)
            schema = catalog_suite(gate, catalog, MART_COLUMNS, list(MART_COLUMNS))
        row_counts = count_rows(connection, suites)
    engine.dispose()
    return [schema, *suites], row_counts


def _switch_analytics_off() -> None:
    """Read by Great Expectations when it is imported."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
