"""dbt from the root of the project, as a person types it: no flags, no variables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from extract.settings import PROJECT_ROOT, Settings
from pipeline.exit_codes import ExitCode
from scripts import docs

DBT = Path(sys.executable).with_name("dbt")


@pytest.fixture(scope="module")
def checkout(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a warehouse in `data`, as after a first refresh."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_ROOT / name, root)
    shutil.copytree(PROJECT_ROOT / "dbt_project", root / "dbt_project")
    (root / "data").mkdir()
    shutil.copy(template / "warehouse.duckdb", root / "data")
    return root


def dbt(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CRYPTO_", "DBT_", "COINGECKO_"))
    }
    # Neither the hour of the day nor the zone of the machine may matter.
    environment["TZ"] = "Pacific/Kiritimati"
    return subprocess.run(
        [DBT, *arguments],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_build_runs_models_data_tests_and_unit_tests(checkout: Path) -> None:
    outcome = dbt(checkout, "build")
    assert outcome.returncode == 0, outcome.stdout[-4000:]
    results = json.loads((checkout / "target" / "run_results.json").read_text())["results"]
    kinds = [result["unique_id"].split(".")[0] for result in results]
    assert kinds.count("model") == 35
    assert kinds.count("unit_test") > 50
    assert kinds.count("test") > 80
    assert {result["status"] for result in results} == {"success", "pass", "no-op"}


def test_docs_are_generated(checkout: Path) -> None:
    outcome = dbt(checkout, "docs", "generate")
    assert outcome.returncode == 0, outcome.stdout[-4000:]
    catalog = json.loads((checkout / "target" / "catalog.json").read_text())
    assert "model.crypto_market.fct_hourly_prices" in catalog["nodes"]


def test_every_model_says_its_grain_and_every_mart_its_columns(checkout: Path) -> None:
    outcome = dbt(checkout, "parse")
    assert outcome.returncode == 0, outcome.stdout[-4000:]
    nodes = json.loads((checkout / "target" / "manifest.json").read_text())["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model"]
    assert len(models) == 36  # One is ephemeral, and not built by itself.
    for model in models:
        assert "One row per" in " ".join(model["description"].split()), model["name"]
        if model["schema"] == "marts":
            assert model["contract"]["enforced"], model["name"]
            assert all(column["description"] for column in model["columns"].values())


def test_static_page_and_site(built: Settings, tmp_path: Path) -> None:
    site = tmp_path / "site"
    outcome = CliRunner().invoke(
        docs.main, ["--data-dir", str(built.data_dir), "--site", str(site)]
    )
    assert outcome.exit_code == ExitCode.DONE, outcome.output
    assert "fct_hourly_prices" in (site / "models" / "index.html").read_text()
    assert (site / "quality" / "index.html").exists()
    assert (site / "data" / "manifest.json").exists()
    assert "data/fct_price_alerts.parquet" in (site / "index.html").read_text()


def test_site_before_any_refresh_says_what_to_do(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(docs.main, ["--data-dir", str(tmp_path)])
    assert outcome.exit_code == ExitCode.USAGE
