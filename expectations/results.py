"""What a gate found: plain types with no heavy imports, safe to use anywhere."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

GateName = Literal["raw", "marts"]
Severity = Literal["critical", "warning"]

MAX_SAMPLE_ROWS = 5
# Of the gates' folder: what Great Expectations keeps, from which the pages are made.
RESULTS_FOLDER = "results"


@dataclass(frozen=True)
class Breach:
    """One expectation that did not hold; `row_count` is null when it could not be evaluated.

    `blames_rows` says that single rows of the source can be refused to mend it.
    """

    gate: GateName
    table: str
    expectation: str
    severity: Severity
    row_count: int | None
    sample_rows: list[dict[str, Any]]
    observed: str | None
    blames_rows: bool = False


@dataclass(frozen=True)
class GateResult:
    """The outcome of one gate; it passes when no critical expectation was breached.

    `row_counts` holds the rows of each table that were looked at.
    """

    gate: GateName
    expectation_count: int
    table_count: int
    row_counts: dict[str, int]
    breaches: tuple[Breach, ...]

    @property
    def critical(self) -> tuple[Breach, ...]:
        return tuple(breach for breach in self.breaches if breach.severity == "critical")

    @property
    def warnings(self) -> tuple[Breach, ...]:
        return tuple(breach for breach in self.breaches if breach.severity == "warning")

    @property
    def passed(self) -> bool:
        return not self.critical

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe form for a manifest."""
        return {
            "gate": self.gate,
            "passed": self.passed,
            "expectation_count": self.expectation_count,
            "table_count": self.table_count,
            "row_counts": dict(self.row_counts),
            "critical_count": len(self.critical),
            "warning_count": len(self.warnings),
            "breaches": [asdict(breach) for breach in self.breaches],
        }


def breach_message(breach: Breach, max_rows: int = 3) -> str:
    """One line: what failed, in which table, on how many rows, and the first few of them."""
    failed = f'{breach.severity}: {breach.gate}.{breach.table}: "{breach.expectation}"'
    if breach.row_count is not None:
        rows = "1 row" if breach.row_count == 1 else f"{breach.row_count:,} rows"
        failed += f" does not hold for {rows}"
    parts = [failed]
    if breach.observed:
        parts.append(" ".join(breach.observed.split()))
    if samples := breach.sample_rows[:max_rows]:
        shown = ", ".join(json.dumps(row, ensure_ascii=False) for row in samples)
        parts.append(f"for example {shown}")
    return "; ".join(parts)
