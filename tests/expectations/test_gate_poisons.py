"""Every expectation is broken once, and the gate must say so: claim, table, count and rows."""

import json
from collections.abc import Callable

import pytest

from expectations.claims import Suite
from expectations.gates import breach_message
from expectations.results import GateName
from tests.expectations import mart_poisons, raw_poisons
from tests.expectations.conftest import Check
from tests.expectations.poison import Poison

POISONS: list[tuple[GateName, str, Poison]] = [
    *(("raw", "critical", poison) for poison in raw_poisons.CRITICAL),
    *(("raw", "warning", poison) for poison in raw_poisons.WARNINGS),
    *(("marts", "critical", poison) for poison in mart_poisons.CRITICAL),
    *(("marts", "warning", poison) for poison in mart_poisons.WARNINGS),
]


@pytest.mark.parametrize(("gate", "severity", "poison_"), POISONS, ids=str)
def test_poison_is_found(
    gate: GateName,
    severity: str,
    poison_: Poison,
    poison: Callable[[str], None],
    check: Check,
) -> None:
    poison(poison_.sql)

    breaches = check(gate, poison_.suite, poison_.text)

    assert len(breaches) == 1
    breach = breaches[0]
    assert breach.expectation == poison_.text
    assert (breach.gate, breach.table, breach.severity) == (gate, poison_.table, severity)
    assert 1 <= len(breach.sample_rows) <= 5
    json.dumps(breach.sample_rows, allow_nan=False)
    message = breach_message(breach)
    assert "\n" not in message
    assert poison_.text in message
    assert f"{gate}.{poison_.table}" in message
    assert breach.row_count == poison_.row_count


def test_every_expectation_has_a_poison(good_suites: dict[GateName, list[Suite]]) -> None:
    poisoned = {(gate, severity, p.suite, p.text) for gate, severity, p in POISONS}
    claimed = {
        (gate, claim.severity, suite.table, claim.text)
        for gate, suites in good_suites.items()
        for suite in suites
        for claim in suite.claims
    }
    assert claimed == poisoned
