"""How a test breaks one expectation."""

# ruff: noqa: S608

from dataclasses import dataclass


@dataclass(frozen=True)
class Poison:
    """`sql` breaks the claim `text` of one suite.

    The breach must count `row_count` rows and name `table`, by default that of the suite.
    """

    suite: str
    text: str
    row_count: int
    sql: str
    table: str

    def __str__(self) -> str:
        return f"{self.suite}: {self.text}"


def update(schema: str, table: str, change: str, rows: str) -> str:
    return f"update {schema}.{table} set {change} where {rows}"


def nulls(schema: str, table: str, columns: list[str], rows: str = "true") -> str:
    """Each of the columns is emptied in a row of its own, of the rows that meet the condition."""
    changes = ", ".join(
        f"{column} = case when position = {position} then null else victims.{column} end"
        for position, column in enumerate(columns, 1)
    )
    return (
        f"update {schema}.{table} as victims set {changes} from ("
        "select rowid as id, row_number() over (order by rowid) as position "
        f"from {schema}.{table} where {rows}) as numbered where victims.rowid = numbered.id"
    )
