"""A build leaves out what would give what it gave, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import pipeline.unchanged
from extract.settings import Settings
from pipeline.dbt_build import build, invoke
from pipeline.job import Job
from pipeline.unchanged import Built, unchanged
from pipeline.warehouse import relations
from tests import snapshots
from tests.conftest import AS_OF, quiet_stage, settings_for

LATER = AS_OF + timedelta(minutes=30)
NOTE = ("builds", "built")


def test_a_refresh_runs_what_has_news_above_it(built: Settings) -> None:
    later = settings_for(built.data_dir, as_of=LATER)
    job = Job(later, quiet_stage)
    job.fetch()
    job.load()
    ran: list[str] = []
    result = build(later, on_node=ran.append)

    assert not result.failures
    assert {"stg_coingecko__markets", "stg_stream__ticks", "fct_hourly_prices"} <= set(ran)
    assert "assert_received_rows_are_accounted_for" in ran
    # No history was fetched, no seed has changed, and a view shows the news of what it reads.
    left_out = {"stg_coingecko__market_chart_points", "coin_flags", "int_alert_thresholds"}
    left_out |= {"int_source_clocks", "unique_coin_flags_coin_id"}
    assert not left_out & set(ran)
    assert len(left_out) < result.unchanged < result.tests
    assert {test.status for test in result.data_tests} == {"pass"}

    incremental = Job(later, quiet_stage).build_and_publish().snapshot
    whole = Job(later, quiet_stage).build_and_publish(full_refresh=True).snapshot
    assert incremental is not None
    assert whole is not None
    snapshots.assert_equal(incremental, whole, leave_out=snapshots.TABLES_OF_LOADS)


def test_a_build_without_news_runs_nothing_until_the_warehouse_is_touched(
    built: Settings,
) -> None:
    ran: list[str] = []
    result = build(built, on_node=ran.append)
    assert ran == []
    assert result.unchanged == result.models + result.seeds + result.tests > 100
    assert {test.status for test in result.data_tests} == {"pass"}

    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        warehouse.execute("drop table marts.fct_market_breadth_daily")
    assert build(built, on_node=ran.append).unchanged == 0
    assert "fct_market_breadth_daily" in ran
    assert ("marts", "fct_market_breadth_daily") in relations(built)
    assert NOTE in relations(built)

    assert not invoke(built, ["run", "--select", "int_alert_thresholds"]).failures
    assert NOTE not in relations(built)


def test_a_build_that_fails_leaves_nothing_out_of_the_next(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        warehouse.execute("drop table builds.built; drop table raw.rejected_rows")
    assert build(built).failures
    assert NOTE not in relations(built)


def node(kind: str, materialized: str, *parents: str) -> SimpleNamespace:
    return SimpleNamespace(
        resource_type=kind,
        config=SimpleNamespace(materialized=materialized),
        depends_on=SimpleNamespace(nodes=list(parents)),
        schema="marts",
    )


def project(**nodes: SimpleNamespace) -> SimpleNamespace:
    for name, found in nodes.items():
        found.unique_id = found.alias = name
    sources = {f"raw.{name}": SimpleNamespace(identifier=name) for name in ("old", "new")}
    return SimpleNamespace(nodes=nodes, sources=sources)


PROJECT = project(
    seed=node("seed", "seed"),
    grown=node("model", "incremental", "raw.new"),
    table=node("model", "table", "raw.new", "seed"),
    stale=node("model", "table", "raw.old", "seed"),
    part=node("model", "ephemeral", "raw.new"),
    of_part=node("model", "table", "part"),
    view_of_grown=node("model", "view", "grown", "stale"),
    view_of_view=node("model", "view", "view_of_grown"),
    view_of_table=node("model", "view", "table"),
    view_of_its_view=node("model", "view", "view_of_table"),
    test_of_stale=node("test", "test", "stale"),
    test_of_view=node("test", "test", "view_of_grown"),
    test_of_both=node("test", "test", "stale", "grown"),
    test_of_raw=node("test", "test", "raw.old"),
)


def left_out(monkeypatch: pytest.MonkeyPatch, before: Built | None, touched: str = "") -> set[str]:
    """With one relation, of a model or of none, dropped or made by hand."""
    models = {
        ("marts", name)
        for name, found in PROJECT.nodes.items()
        if found.resource_type != "test" and found.config.materialized != "ephemeral"
    }
    present = (models ^ {("marts", touched)} if touched else models) | {NOTE, ("raw", "old")}
    monkeypatch.setattr(pipeline.unchanged, "relations", lambda _: present)
    monkeypatch.setattr(pipeline.unchanged, "_last_built", lambda _: before)
    settings: Any = None
    return unchanged(settings, PROJECT, Built("code", {"old": 3, "new": 4}))


def test_what_has_no_news_above_it_and_views_that_nothing_drops_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL drops the views of a table that is replaced."""
    found = left_out(monkeypatch, Built("code", {"old": 3, "new": 3}))
    assert found == {
        *("seed", "stale", "test_of_stale", "test_of_raw"),
        *("view_of_grown", "view_of_view"),
    }


@pytest.mark.parametrize(
    ("before", "touched"),
    [
        (None, ""),
        (Built("other code", {"old": 3, "new": 4}), ""),
        (Built("code", {"old": 3, "new": 4}), "stale"),
        (Built("code", {"old": 3, "new": 4}), "retired"),
    ],
    ids=["no note", "other code", "a relation is missing", "a relation that no model owns"],
)
def test_nothing_is_left_out(
    monkeypatch: pytest.MonkeyPatch, before: Built | None, touched: str
) -> None:
    assert left_out(monkeypatch, before, touched) == set()


def test_raw_of_another_folder_with_smaller_numbers_is_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "stale" not in left_out(monkeypatch, Built("code", {"old": 5, "new": 4}))
