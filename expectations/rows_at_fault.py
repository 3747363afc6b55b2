"""Which rows of raw keep a load from passing gate 1: all of them, where a breach shows a few."""

# ruff: noqa: S608 - queries are put together from constants and load numbers.

from collections.abc import Sequence
from dataclasses import dataclass

from expectations.gates import plan_gate
from expectations.raw_suites import blames_rows
from expectations.warehouse import opened


@dataclass(frozen=True)
class RowsAtFault:
    """Row ids with the expectation that each breaks, and expectations that blame no row."""

    rows: dict[str, str]
    of_whole_load: list[str]


def find_rows_at_fault(url: str, load_numbers: Sequence[int]) -> RowsAtFault:
    """Ask every critical claim about the loads for its rows. Raises as `gates.run_gate` does."""
    rows: dict[str, str] = {}
    of_whole_load: list[str] = []
    suites, _ = plan_gate("raw", url, load_numbers)
    with opened(url) as query:
        for suite in suites:
            for claim in suite.claims:
                if claim.severity != "critical":
                    continue
                names_rows = blames_rows(suite, claim)
                asked = claim.rows if names_rows else claim.query
                found = query(
                    f"with batch_of_loads as ({suite.batch_query})"
                    f" select * from ({asked.replace('{batch}', 'batch_of_loads')}) as broken"
                )
                if names_rows:
                    for (row_id,) in found:
                        rows.setdefault(row_id, claim.text)
                elif found:
                    of_whole_load.append(f"{suite.table}: {claim.text}")
    return RowsAtFault(rows, of_whole_load)
