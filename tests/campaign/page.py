"""The page that says what is promised, how it is tested, and what was measured."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from enum import StrEnum

from tests.campaign.measuring import Case, Measured
from tests.campaign.promises import Group, Promise

# Of figures with such names the largest counts; all others are summed over the cases.
LARGEST = ("longest", "most")

HEAD = """# Reliability

What is promised about faults, how it is tested, and what was measured. The test suite runs the \
tests named here on a small scale; `make campaign` runs them with the sizes given below, and \
writes this page from their results.

Marts are compared row by row with those of an undisturbed folder. Where loads may be interrupted, \
four marts are left out, because they describe the loads themselves, of which there are then \
more: `fct_load_audit`, `fct_refused_answers`, `fct_rejected_rows` and `fct_repaired_fields`. For \
the first of them, the number of loads whose parts do not add up is counted instead. A row counts \
as lost or duplicated if its identity (all of its columns except floating-point ones) is missing \
or occurs twice.
"""


class Verdict(StrEnum):
    KEPT = "kept"
    BROKEN = "**broken**"
    NOT_TESTED = "not tested"


def page(groups: tuple[Group, ...], measured: Mapping[str, Measured]) -> str:
    """Markdown; groups without a result are named at the end."""
    parts = [HEAD, _overview(groups, measured)]
    parts += [_section(group, measured[group.name]) for group in groups if group.name in measured]
    if missing := [group.title.lower() for group in groups if group.name not in measured]:
        parts.append(f"Not measured: {', '.join(missing)}.\n")
    return "\n".join(parts)


def broken(groups: tuple[Group, ...], measured: Mapping[str, Measured]) -> list[Promise]:
    return [
        promise
        for group in groups
        if group.name in measured
        for promise in group.promises
        if verdict(cases_of(promise, measured[group.name])) == Verdict.BROKEN
    ]


def cases_of(promise: Promise, measured: Measured) -> list[Case]:
    return [
        case
        for case in measured.cases
        if any(
            case.test == test or case.test.startswith((f"{test}::", f"{test}["))
            for test in promise.tests
        )
    ]


def verdict(cases: list[Case]) -> Verdict:
    """A promise none of whose tests ran is broken: they are gone, or could not start."""
    outcomes = {case.outcome for case in cases}
    if not cases or "failed" in outcomes:
        return Verdict.BROKEN
    return Verdict.KEPT if "passed" in outcomes else Verdict.NOT_TESTED


def figures(cases: list[Case]) -> dict[str, float]:
    """By name, over all cases, in the order in which they were recorded."""
    found: dict[str, float] = {}
    for case in cases:
        for name, value in case.figures.items():
            if name in found and name.startswith(LARGEST):
                found[name] = max(found[name], value)
            else:
                found[name] = found.get(name, 0) + value
    return found


def _overview(groups: tuple[Group, ...], measured: Mapping[str, Measured]) -> str:
    machines = sorted({result.machine for result in measured.values()})
    verdicts = [
        verdict(cases_of(promise, measured[group.name]))
        for group in groups
        if group.name in measured
        for promise in group.promises
    ]
    counts = ", ".join(f"{verdicts.count(kind)} {kind}" for kind in Verdict if kind in verdicts)
    return f"Measured on {'; and on '.join(machines)}. Of {len(verdicts)} promises: {counts}.\n"


def _section(group: Group, measured: Measured) -> str:
    lines = [
        f"## {group.title}",
        "",
        f"`{_command(group, measured)}`, {_duration(measured.seconds)}.",
        "",
        "| promise | tested by | measured | verdict |",
        "|---|---|---|---|",
    ]
    for promise in group.promises:
        cases = cases_of(promise, measured)
        files = dict.fromkeys(test.split("::")[0] for test in promise.tests)
        cells = (
            promise.text,
            "<br>".join(f"`{file}`" for file in files),
            _told(cases),
            verdict(cases) + _reasons(cases),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _command(group: Group, measured: Measured) -> str:
    sizes = [f"{name}={shlex.quote(value)}" for name, value in measured.sizes.items()]
    return " ".join([*sizes, "pytest", *dict.fromkeys(t.split("::")[0] for t in group.tests)])


def _told(cases: list[Case]) -> str:
    passed = sum(case.outcome == "passed" for case in cases)
    told = [f"{passed} of {len(cases)} tests passed"]
    for name, value in figures(cases).items():
        number = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
        told.append(f"{name}: {number}" if name.startswith(LARGEST) else f"{number} {name}")
    return "; ".join(told)


def _reasons(cases: list[Case]) -> str:
    if not cases:
        return ": none of its tests ran"
    reasons = dict.fromkeys(
        f"{case.test.split('::')[1]}: {case.said}" for case in cases if case.outcome != "passed"
    )
    return ": " + "; ".join(reasons) if reasons else ""


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
