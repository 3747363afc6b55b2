import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

os.environ["GX_ANALYTICS_ENABLED"] = "false"

from expectations.gates import plan_gate
from expectations.results import Breach, GateName
from tests.expectations.warehouse import NEW_LOAD, create_warehouse, url_of

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


@pytest.fixture
def check(warehouse: Path, tmp_path: Path) -> Check:
    """Evaluates one claim of one suite, which is several times faster than the whole gate."""
    from expectations.validation import find_breaches

    def run(gate: GateName, table: str, text: str) -> list[Breach]:
        load_ids = [NEW_LOAD] if gate == "raw" else None
        suites, _ = plan_gate(gate, url_of(warehouse), load_ids)
        chosen = [
            replace(suite, claims=tuple(claim for claim in suite.claims if claim.text == text))
            for suite in suites
            if suite.table == table
        ]
        return list(
            find_breaches(url_of(warehouse), chosen, tmp_path / "docs", load_ids is not None)
        )

    return run
