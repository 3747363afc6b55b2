"""Makes Great Expectations keep one DuckDB connection open while it validates.

Great Expectations fetches rows after it has closed the connection that ran the query. A
duckdb-engine cursor dies with its connection, so most checks end in `list index out of range`.
Dialects listed in `_PERSISTED_CONNECTION_DIALECTS` keep theirs. The list is private and duckdb
is not in it (1.24.1); upstream issues:
https://github.com/great-expectations/great_expectations/issues/10738
https://github.com/great-expectations/great_expectations/issues/11579
"""

from enum import StrEnum

ATTRIBUTE = "_PERSISTED_CONNECTION_DIALECTS"


class DuckDBDialect(StrEnum):
    """Stands in for the member that the library's own enumeration of dialects lacks."""

    DUCKDB = "duckdb"


def keep_duckdb_connection_open() -> None:
    """Add duckdb to the persisted dialects once; raises RuntimeError if there is no such list."""
    import great_expectations
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine_module

    dialects = getattr(engine_module, ATTRIBUTE, None)
    if dialects is None:
        raise RuntimeError(
            f"great-expectations {great_expectations.__version__} has no {ATTRIBUTE} in "
            f"{engine_module.__name__}: the DuckDB work-around was written for 1.24.1. "
            "See whether this version keeps DuckDB connections open by itself, "
            "else install the pinned version."
        )
    if "duckdb" not in {dialect.value for dialect in dialects}:
        setattr(engine_module, ATTRIBUTE, (*dialects, DuckDBDialect.DUCKDB))
