"""Claims about a table, as portable SQL that returns the rows which break them.

A query names the batch as `{batch}`. Where a query joins, the batch needs an alias; where it
does not, it must have none: Great Expectations adds its own.
"""

# ruff: noqa: S608 - queries are put together from constants and load numbers.

from collections.abc import Sequence
from dataclasses import dataclass

from expectations.results import GateName, Severity

LARGEST_DOUBLE = "1.7976931348623157e308"


@dataclass(frozen=True)
class Claim:
    """What must hold, and the query for the rows that break it.

    `observed` is a template over the columns of the first such row. `names_tables` says that
    those rows name the tables at fault in a column `table_name`. `rows` is a query for the `row_id`
    of every row of the batch without which the claim would hold, where there are such.
    """

    text: str
    query: str
    severity: Severity = "critical"
    reason: str = ""
    observed: str = ""
    names_tables: bool = False
    rows: str = ""


@dataclass(frozen=True)
class Suite:
    """The claims about one table and the query that selects the batch they are checked on."""

    gate: GateName
    table: str
    batch_query: str
    claims: tuple[Claim, ...]

    @property
    def name(self) -> str:
        return f"{self.gate}.{self.table}"


def text_list(values: Sequence[str]) -> str:
    """A SQL list of text literals: constants of this package or validated ids, never free text.

    An empty list becomes an empty text, which equals no id.
    """
    return ", ".join(f"'{value}'" for value in values or [""])


def number_list(values: Sequence[int]) -> str:
    """A SQL list of whole numbers. An empty list becomes -1, which no load has."""
    return ", ".join(str(int(value)) for value in values or [-1])


def loaded_by(load_numbers: Sequence[int] | None) -> str:
    """The where clause that selects the rows of the loads; none for all rows."""
    return "" if load_numbers is None else f" where load_number in ({number_list(load_numbers)})"


def none_where(
    text: str,
    condition: str,
    columns: str,
    severity: Severity = "critical",
    reason: str = "",
) -> Claim:
    """No row of the batch meets the condition; `columns` are shown of the rows that do."""
    query = f"select {columns} from {{batch}} where {condition}"
    rows = f"select row_id from {{batch}} where {condition}" if "row_id" in columns else ""
    return Claim(text, query, severity, reason, rows=rows)


def filled(*columns: str) -> Claim:
    """No column holds a null."""
    named = " and ".join([", ".join(columns[:-1]), columns[-1]]) if columns[1:] else columns[0]
    return none_where(
        f"{named} {'are' if columns[1:] else 'is'} not null",
        " or ".join(f"{column} is null" for column in columns),
        ", ".join(columns),
    )


def one_row_per(*columns: str) -> Claim:
    """The grain: no combination of the columns repeats; sample rows are the repeated keys."""
    key = ", ".join(columns)
    return Claim(
        f"one row per {key}",
        f"select {key}, count(*) as row_count from {{batch}} group by {key} having count(*) > 1",
    )


def one_of(column: str, values: Sequence[str], columns: str, nullable: bool = False) -> Claim:
    """The column holds one of the values; a null breaks it unless `nullable`."""
    condition = f"{column} not in ({text_list(values)})"
    return none_where(
        f"{column} is {'null or ' if nullable else ''}one of {', '.join(values)}",
        condition if nullable else f"{column} is null or {condition}",
        columns,
    )


def found_in(column: str, table: str, columns: str) -> Claim:
    """Every value of the column exists in the column of the same name of the other table."""
    known = f"select {column} from {table} where {column} is not null"
    return none_where(
        f"{column} exists in {table}",
        f"{column} is null or {column} not in ({known})",
        columns,
    )


def positive_finite(column: str, columns: str) -> Claim:
    """NaN and infinity sort above every finite double on DuckDB and PostgreSQL."""
    return none_where(
        f"{column} is a positive finite number",
        f"{column} is null or {column} <= 0 or {column} > {LARGEST_DOUBLE}",
        columns,
    )
