"""The load audit counts each part on its own, so that a staging model that is wrong breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from extract.settings import Settings
from pipeline.dbt_build import invoke

AUDIT = "holds_fct_load_audit"
EVERY_KEY = "assert_every_key_of_raw_is_staged"
STAGING = {
    "coingecko/stg_coingecko__markets": "coin_id",
    "coingecko/stg_coingecko__market_chart_points": "coin_id",
    "stream/stg_stream__ticks": "product_id",
}


def break_model(project: Path, model: str, old: str, new: str) -> None:
    file = project / f"dbt_project/models/staging/{model}.sql"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def failing(settings: Settings) -> str:
    assert not invoke(settings, ["run", "--select", "+fct_load_audit"]).failures
    result = invoke(settings, ["test", "--select", "fct_load_audit", EVERY_KEY])
    return " ".join(result.failures)


@pytest.mark.parametrize("model", STAGING)
def test_a_staging_model_that_loses_rows_breaks_the_audit(
    built: Settings,
    project: Path,
    model: str,
) -> None:
    break_model(
        project,
        model,
        "where delivery_number = 1",
        "where delivery_number = 1 and extract(minute from fetched_at) <> 5",
    )
    failures = failing(built)
    assert AUDIT in failures
    assert EVERY_KEY in failures


@pytest.mark.parametrize("model", STAGING)
def test_a_staging_model_that_keeps_duplicates_breaks_the_audit(
    built: Settings,
    project: Path,
    model: str,
) -> None:
    break_model(project, model, "from deliveries\n    where delivery_number = 1", "from twice")
    break_model(
        project,
        model,
        "source as (",
        "twice as (select * from deliveries union all select * from deliveries),\nsource as (",
    )
    failures = failing(built)
    assert AUDIT in failures
    assert EVERY_KEY in failures


def test_a_wrong_idea_of_what_is_one_observation_is_seen_though_the_sums_agree(
    built: Settings,
    project: Path,
) -> None:
    """Duplicates by the coin alone: accepted and duplicate still add up to received."""
    macro = project / "dbt_project/macros/numbered_deliveries.sql"
    text = macro.read_text()
    assert text.count("partition by {{ observation_key(table) }}") == 1
    macro.write_text(
        text.replace("observation_key(table) }}\n", "raw_tables()[table].observation_key[0] }}\n")
    )
    assert EVERY_KEY in failing(built)
