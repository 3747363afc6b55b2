"""Runs a group of tests in a process of its own, and keeps what they measured as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from tests.campaign.promises import Group

# All passed, some failed, not all of the tests are there, there are none.
ENDS = (0, 1, 4, 5)
LIBRARIES = ("duckdb", "dlt", "dbt-core", "great-expectations")


class CutOffError(Exception):
    """The tests were stopped or killed, which says nothing about a promise."""


@dataclass(frozen=True)
class Case:
    """One test and its end; `said` is the reason of a failure or of a skip.

    `figures` are what it gave to pytest's `record_property`, by name.
    """

    test: str
    outcome: str
    said: str
    figures: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """One run of a group. `sizes` are the variables it was run with, `seconds` of the wall."""

    group: str
    sizes: dict[str, str]
    seconds: float
    machine: str
    cases: list[Case]


def measure(group: Group, sizes: Mapping[str, str], work: Path, root: Path) -> Measured:
    """Run the tests of a group below `root`; the result is also kept in the folder `work`.

    Raises CutOffError, and keeps the result from before, where they did not come to their end.
    """
    work.mkdir(parents=True, exist_ok=True)
    report = work.resolve() / f"{group.name}.xml"
    report.unlink(missing_ok=True)
    began = time.monotonic()
    outcome = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", f"--junitxml={report}"),
            # The form that names files, and has room for what a test recorded.
            *("-o", "junit_family=xunit1", *group.tests),
        ],
        cwd=root,
        env=os.environ | dict(sizes),
        check=False,
    )
    if outcome.returncode not in ENDS:
        raise CutOffError(f"the tests of {group.name} were cut off; run this group again")
    seconds = round(time.monotonic() - began)
    cases = list(read_report(report)) if report.exists() else []
    measured = Measured(group.name, dict(sizes), seconds, machine(), cases)
    unfinished = kept(work, group.name).with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(measured), indent=1))
    unfinished.replace(kept(work, group.name))
    return measured


def kept(work: Path, group: str) -> Path:
    return work / f"{group}.json"


def read(work: Path, groups: tuple[Group, ...]) -> dict[str, Measured]:
    """The results that a folder holds, by the names of groups."""
    found: dict[str, Measured] = {}
    for group in groups:
        if kept(work, group.name).exists():
            fields = json.loads(kept(work, group.name).read_text())
            fields["cases"] = [Case(**case) for case in fields["cases"]]
            found[group.name] = Measured(**fields)
    return found


def read_report(report: Path) -> Iterator[Case]:
    """The cases of pytest's JUnit XML."""
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
        ends = [child for child in case if child.tag in ("failure", "error", "skipped")]
        outcome = {"skipped": "skipped"}.get(ends[0].tag, "failed") if ends else "passed"
        figures = {
            entry.get("name", ""): float(entry.get("value", "nan"))
            for entry in case.iter("property")
        }
        said = (ends[0].get("message") or "").strip().split("\n")[0] if ends else ""
        yield Case(f"{case.get('file')}::{case.get('name')}", outcome, said, figures)


def machine() -> str:
    """What the figures were measured on, without its name and the day."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {libraries}"
    )
