"""The limits that the models are built by, read where dbt reads them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

DBT_PROJECT = Path(__file__).resolve().parent.parent / "dbt_project.yml"


@cache
def rule(name: str) -> float:
    """The value of a dbt variable, in the unit its name ends with."""
    return float(yaml.safe_load(DBT_PROJECT.read_text())["vars"][name])
