"""One input, three engines, one snapshot: equal row for row, doubles to 1e-9 of each other.

The recorded pages go through Spark in test_cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from extract.settings import Settings
from extract.spark_session import spark_session
from pipeline.dbt_build import UNFINISHED_BUILD, build, invoke
from pipeline.job import Job
from pipeline.old_warehouse import set_aside
from pipeline.warehouse import Reader, reading
from tests import snapshots
from tests.conftest import quiet_stage
from tests.engines import postgres_settings, spark_settings
from tests.parity import inputs
from tests.parity.loading import load_in_parts
from tests.recordings import needs_recordings

Opened = Callable[[Path], AbstractContextManager[Settings]]
TARGETS: dict[str, Opened] = {"postgres": postgres_settings, "spark": spark_settings}
INPUTS = {"simulated": inputs.simulated, "recorded": inputs.recorded}
PAIRS = [
    ("simulated", "postgres"),
    ("simulated", "spark"),
    pytest.param(("recorded", "postgres"), marks=needs_recordings),
]


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


@pytest.fixture(scope="module")
def inputs_made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], inputs.Input]:
    """Each input is made once, whichever targets take it."""
    return cache(lambda name: INPUTS[name](tmp_path_factory.mktemp(name)))


@pytest.fixture(scope="module")
def given(pair: tuple[str, str], inputs_made: Callable[[str], inputs.Input]) -> inputs.Input:
    return inputs_made(pair[0])


@pytest.fixture(scope="module")
def built(
    pair: tuple[str, str], given: inputs.Input, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The target after the three loads."""
    folder = tmp_path_factory.mktemp(pair[1])
    with TARGETS[pair[1]](folder / "data") as settings:
        settings = replace(settings, source_kind=given.source_kind)
        load_in_parts(settings, given)
        yield settings


def test_marts_equal_those_of_duckdb(built: Settings, given: inputs.Input) -> None:
    snapshots.assert_equal(snapshots.current(built.published_dir), given.expected, rtol=1e-9)


def test_every_check_passed(built: Settings, given: inputs.Input) -> None:
    """The same tests and expectations as on DuckDB, and the same warnings."""
    found = snapshots.manifest(snapshots.current(built.published_dir))
    expected = snapshots.manifest(given.expected)
    assert found["target"] == built.target
    assert found["dbt"] == expected["dbt"]
    marts, expected_marts = found["gates"]["marts"], expected["gates"]["marts"]
    assert marts["expectation_count"] == expected_marts["expectation_count"]
    assert marts["row_counts"] == expected_marts["row_counts"]
    assert breaches(marts) == breaches(expected_marts)
    # There the three parts were one load, here gate 1 looked at the last of them.
    raw = found["gates"]["raw"]
    assert raw["passed"]
    assert raw["expectation_count"] == expected["gates"]["raw"]["expectation_count"]
    assert raw["row_counts"]["coingecko_markets"] > 0
    assert all(breach["row_count"] is not None for breach in raw["breaches"])


def breaches(gate: dict) -> list[tuple]:
    return sorted(
        (breach["table"], breach["expectation"], breach["row_count"]) for breach in gate["breaches"]
    )


def test_unit_tests_pass(built: Settings, given: inputs.Input) -> None:
    if given.source_kind != "simulated":
        pytest.skip("the rules do not depend on the input")
    result = invoke(built, ["test", "--select", "test_type:unit"])
    assert not result.failures
    assert result.unit_tests > 90


def mart_names(warehouse: Reader) -> set[str]:
    rows = warehouse.relation(
        "select table_name from information_schema.tables where table_schema = 'marts'"
    )
    return {name for (name,) in rows.fetchall()}


def test_a_server_is_rebuilt_from_landing_or_left_as_it_was(
    built: Settings, given: inputs.Input
) -> None:
    if built.target != "postgres" or given.source_kind != "simulated":
        pytest.skip("of the others it moves files, which other tests see")
    with pytest.raises(RuntimeError, match="on the way"), set_aside(built):
        with reading(built) as warehouse:
            assert not mart_names(warehouse)
        raise RuntimeError("on the way")
    with reading(built) as warehouse:
        assert "fct_hourly_prices" in mart_names(warehouse)

    with set_aside(built):
        Job(built, quiet_stage).build_and_publish(full_refresh=True)
    snapshots.assert_equal(snapshots.current(built.published_dir), given.expected, rtol=1e-9)


def test_a_build_of_spark_that_was_cut_off_is_made_anew(built: Settings) -> None:
    """It leaves some days of a table new and others old, and files that no table has."""
    if built.target != "spark":
        pytest.skip("the others replace the days of a table in one transaction")
    session = spark_session()
    hours = "select count(*) as row_count from intermediate.int_price_observations"
    with reading(built) as warehouse:
        before = warehouse.relation(hours).fetchall()
    session.sql("truncate table staging.stg_stream__ticks")
    session.sql("drop table intermediate.int_price_observations")
    stray = Path(url2pathname(urlsplit(built.spark_warehouse_url).path))
    (stray / "intermediate.db" / "int_price_observations").mkdir()
    (built.state_dir / UNFINISHED_BUILD).touch()

    assert not build(built, select="dim_coins").failures

    with reading(built) as warehouse:
        assert warehouse.relation(hours).fetchall() == before
    assert not (built.state_dir / UNFINISHED_BUILD).exists()
