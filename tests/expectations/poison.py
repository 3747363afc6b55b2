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
