"""A copy of the dbt project that a test may change, and what dbt parsed of it before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline.dbt_build
from extract.settings import PROJECT_ROOT, Settings
from pipeline.dbt_build import invoke
from tests.conftest import settings_for


@pytest.fixture(scope="session")
def parsed_project(worker_dir: Path, template: Path) -> Path:
    """`project`, and `dbt` as the state of a data folder; each is used where it was parsed."""
    kept, copy, data = (worker_dir / name for name in ("parsed_project", "project", "data"))
    kept.mkdir()
    copy.mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_ROOT / name, copy / name)
    shutil.copytree(PROJECT_ROOT / "dbt_project", copy / "dbt_project")
    shutil.copytree(template, data, symlinks=True)
    settings = settings_for(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.dbt_build, "PROJECT_ROOT", copy)
        assert not invoke(settings, ["parse"]).failures
    settings.dbt_dir.rename(kept / "dbt")
    copy.rename(kept / "project")
    shutil.rmtree(data)
    return kept


@pytest.fixture
def project(
    worker_dir: Path, parsed_project: Path, built: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    copy = worker_dir / "project"
    shutil.copytree(parsed_project / "project", copy)
    shutil.rmtree(built.dbt_dir)
    shutil.copytree(parsed_project / "dbt", built.dbt_dir)
    monkeypatch.setattr(pipeline.dbt_build, "PROJECT_ROOT", copy)
    yield copy
    shutil.rmtree(copy)
