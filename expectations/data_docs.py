"""Data Docs: the last results of both gates as pages that need nothing but themselves.

They are rendered here from the results that Great Expectations keeps. Its own pages load style
sheets and scripts from five public hosts, and put values into HTML as they are.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path
from typing import Any

from expectations.html_pages import render
from expectations.results import RESULTS_FOLDER

SITE_FOLDER = "site"
SUITE_NAME = re.compile(r"(raw|marts)\.([a-z0-9_]+)")


@dataclass(frozen=True)
class Expectation:
    """One claim and how it fared; `rows` are a few of those that break it."""

    text: str
    severity: str
    reason: str | None
    held: bool
    observed: str
    query: str
    rows: list[dict[str, Any]]

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(column for row in self.rows for column in row))


@dataclass(frozen=True)
class SuiteResult:
    """One table's expectations, broken ones first, critical ones before warnings."""

    gate: str
    table: str
    checked_at: str
    expectations: list[Expectation]

    @property
    def name(self) -> str:
        return f"{self.gate}.{self.table}"

    @property
    def page(self) -> str:
        return f"{self.gate}/{self.table}.html"

    @property
    def held(self) -> int:
        return sum(expectation.held for expectation in self.expectations)

    @property
    def critical(self) -> int:
        return self._broken("critical")

    @property
    def warnings(self) -> int:
        return self._broken("warning")

    def _broken(self, severity: str) -> int:
        return sum(
            not expectation.held and expectation.severity == severity
            for expectation in self.expectations
        )


def write_site(docs_dir: Path) -> Path:
    """Render the results kept under `docs_dir` to `docs_dir/site`; returns its index page."""
    building = docs_dir / f"{SITE_FOLDER}.new"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    gates: dict[str, list[SuiteResult]] = {}
    for path in sorted((docs_dir / RESULTS_FOLDER / "validations").rglob("*.json")):
        suite = read_result(json.loads(path.read_text("utf-8")))
        gates.setdefault(suite.gate, []).append(suite)
        page = building / suite.page
        page.parent.mkdir(exist_ok=True)
        page.write_bytes(render("suite.html", suite=suite))
    in_order = {gate: gates[gate] for gate in ("raw", "marts") if gate in gates}
    (building / "index.html").write_bytes(render("gates.html", gates=in_order))
    site = docs_dir / SITE_FOLDER
    shutil.rmtree(site, ignore_errors=True)
    building.rename(site)
    return site / "index.html"


def read_result(result: dict[str, Any]) -> SuiteResult:
    """A validation result as Great Expectations keeps it. Raises ValueError for a foreign one."""
    named = SUITE_NAME.fullmatch(result["suite_name"])
    if named is None:
        raise ValueError(f"a result of an unknown suite: {result['suite_name']!r}")
    expectations = [_expectation(outcome) for outcome in result["results"]]
    expectations.sort(key=lambda found: (found.held, found.severity != "critical"))
    checked_at = result["meta"]["run_id"]["run_time"][:19].replace("T", " ")
    return SuiteResult(named[1], named[2], checked_at, expectations)


def _expectation(outcome: dict[str, Any]) -> Expectation:
    config = outcome["expectation_config"]
    found = outcome["result"]
    severity = config["severity"]
    return Expectation(
        text=config["description"].removeprefix(f"{severity}: "),
        severity=severity,
        reason=config.get("notes"),
        held=outcome["success"],
        observed=_observed(found.get("observed_value")),
        query=cleandoc(config["kwargs"]["unexpected_rows_query"]),
        rows=found.get("details", {}).get("unexpected_rows", []),
    )


def _observed(row_count: int | None) -> str:
    if row_count is None:
        return "could not be evaluated"
    if row_count == 0:
        return "no rows"
    return "1 row" if row_count == 1 else f"{row_count:,} rows"
