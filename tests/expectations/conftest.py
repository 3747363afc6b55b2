import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

os.environ["GX_ANALYTICS_ENABLED"] = "false"

from expectations.claims import Suite
from expectations.gates import plan_gate
from expectations.results import Breach, GateName
from tests.expectations.warehouse import NEW_LOAD, create_warehouse, url_of

LOADS: dict[GateName, list[int] | None] = {"raw": [NEW_LOAD], "marts": None}
Check = Callable[[GateName, str, str], list[Breach]]


@pytest.fixture(scope="session")
def good_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "good.duckdb"
    create_warehouse(path)
    return path


@pytest.fixture
def warehouse(good_warehouse: Path, tmp_path: Path) -> Path:
    """A copy that a test may poison."""
    return Path(shutil.copy(good_warehouse, tmp_path / "warehouse.duckdb"))


@pytest.fixture
def poison(warehouse: Path) -> Callable[[str], None]:
    def execute(sql: str) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(sql)

    return execute


@pytest.fixture(scope="session")
def good_suites(good_warehouse: Path) -> dict[GateName, list[Suite]]:
    return {gate: plan_gate(gate, url_of(good_warehouse), LOADS[gate])[0] for gate in LOADS}


@pytest.fixture
def check(warehouse: Path, good_suites: dict[GateName, list[Suite]], tmp_path: Path) -> Check:
    """Evaluates one claim of one suite, which is several times faster than the whole gate."""
    from expectations.validation import find_breaches

    def run(gate: GateName, table: str, text: str) -> list[Breach]:
        url = url_of(warehouse)
        # Only claims about the schema depend on what the poison did to it.
        suites = plan_gate(gate, url, LOADS[gate])[0] if table == "columns" else good_suites[gate]
        chosen = [
            replace(suite, claims=tuple(claim for claim in suite.claims if claim.text == text))
            for suite in suites
            if suite.table == table
        ]
        return list(find_breaches(url, chosen, tmp_path / "docs", gate == "raw"))

    return run
