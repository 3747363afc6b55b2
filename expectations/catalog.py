"""Which tables and columns a gate finds, and the claims about them."""

# ruff: noqa: S608 - queries are put together from constants and load numbers.

from collections.abc import Mapping, Sequence

from expectations.claims import Claim, Suite, text_list
from expectations.results import GateName
from expectations.warehouse import Query


def read_catalog(query: Query, columns: str, schema: GateName) -> dict[str, set[str]]:
    """The columns of each table and view of the schema; `columns` is the table that has them."""
    catalog: dict[str, set[str]] = {}
    for table, column in query(_columns_of(columns, schema)):
        catalog.setdefault(table, set()).add(column)
    return catalog


def count_rows(query: Query, suites: Sequence[Suite]) -> dict[str, int]:
    """The rows of each suite's batch."""
    if not suites:
        return {}
    counts = " union all ".join(
        f"select '{suite.table}' as table_name, count(*) as row_count "
        f"from ({suite.batch_query}) as batch_rows"
        for suite in suites
    )
    return {table: int(count) for table, count in query(counts)}


def checkable_tables(
    catalog: Mapping[str, set[str]], columns: Mapping[str, Sequence[str]]
) -> list[str]:
    """The tables that exist with every column the claims read; `catalog_suite` names the rest."""
    return [table for table in columns if set(columns[table]) <= catalog.get(table, set())]


def catalog_suite(
    gate: GateName,
    table_of_columns: str,
    catalog: Mapping[str, set[str]],
    columns: Mapping[str, Sequence[str]],
    required_tables: Sequence[str],
) -> Suite:
    """Claims about the schema itself; a table at fault is named by the breach."""
    expected_columns = [
        (table, column) for table in columns if table in catalog for column in columns[table]
    ]
    claims = [
        _all_present("every required table exists", [(table, "") for table in required_tables])
    ]
    if expected_columns:
        claims.append(_all_present("every column that the checks read exists", expected_columns))
    if gate == "raw":
        claims.append(_no_split_column())
    return Suite(gate, "columns", _columns_of(table_of_columns, gate), tuple(claims))


def _columns_of(columns: str, schema: GateName) -> str:
    return f"select table_name, column_name from {columns} where table_schema = '{schema}'"


def _all_present(text: str, expected: Sequence[tuple[str, str]]) -> Claim:
    """Each (table, column) is in the catalog; an empty column stands for any column."""
    values = ", ".join(f"({text_list(pair)})" for pair in expected)
    return Claim(
        text,
        f"""
        select expected.table_name, expected.column_name
        from (values {values}) as expected(table_name, column_name)
        left join {{batch}} as found
            on expected.table_name = found.table_name
            and expected.column_name in ('', found.column_name)
        where found.table_name is null
        """,
        names_tables=True,
    )


def _no_split_column() -> Claim:
    return Claim(
        "no column was split by type",
        "select table_name, column_name from {batch} where position('__v_' in column_name) > 0",
        reason="A value that did not fit its column's type went to a second column, unseen.",
        names_tables=True,
    )
