"""One input, three engines, one snapshot: equal row for row, doubles to 1e-9 of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from extract.settings import Settings
from scripts.dbt_build import invoke
from scripts.job import Job, prepare
from tests import snapshots
from tests.conftest import quiet_stage
from tests.engines import postgres_settings, spark_settings
from tests.parity import inputs
from tests.recordings import needs_recordings

# One worker has the engines for itself.
pytestmark = pytest.mark.xdist_group("engines")

Opened = Callable[[Path], AbstractContextManager[Settings]]
TARGETS: dict[str, Opened] = {"postgres": postgres_settings, "spark": spark_settings}
INPUTS = {"simulated": inputs.simulated, "recorded": inputs.recorded}


@pytest.fixture(
    scope="module", params=["simulated", pytest.param("recorded", marks=needs_recordings)]
)
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> inputs.Input:
    return INPUTS[request.param](tmp_path_factory.mktemp("parity"))


@pytest.fixture(scope="module", params=list(TARGETS))
def built(
    request: pytest.FixtureRequest, given: inputs.Input, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The target after the three loads; gates and data tests are run after the last."""
    folder = tmp_path_factory.mktemp(request.param)
    with TARGETS[request.param](folder / "data") as settings:
        settings = replace(settings, source_kind=given.source_kind)
        prepare(settings)
        for load in range(len(given.loads)):
            given.deliver(load, settings.landing_dir)
            job = Job(settings, quiet_stage)
            if load < len(given.loads) - 1:
                job.load()
                models_only = ("--resource-type", "model", "--resource-type", "seed")
                assert not invoke(settings, ["build", *models_only]).failures
        job.build_and_publish()
        yield settings


def test_marts_equal_those_of_duckdb(built: Settings, given: inputs.Input) -> None:
    snapshots.assert_equal(snapshots.current(built.published_dir), given.expected, rtol=1e-9)


def test_every_check_passed(built: Settings, given: inputs.Input) -> None:
    """The same tests and expectations as on DuckDB, and the same warnings."""
    found = snapshots.manifest(snapshots.current(built.published_dir))
    expected = snapshots.manifest(given.expected)
    assert found["target"] == built.target
    assert found["dbt"] == expected["dbt"]
    for gate, result in expected["gates"].items():
        other = found["gates"][gate]
        assert other["expectation_count"] == result["expectation_count"]
        assert other["row_counts"] == result["row_counts"]
        assert breaches(other) == breaches(result)


def breaches(gate: dict) -> list[tuple]:
    """Of the raw gate each stands once for a load."""
    return sorted(
        (breach["table"], breach["expectation"], breach["row_count"]) for breach in gate["breaches"]
    )


def test_unit_tests_pass(built: Settings, given: inputs.Input) -> None:
    if given.source_kind != "simulated":
        pytest.skip("the rules do not depend on the input")
    result = invoke(built, ["test", "--select", "test_type:unit"])
    assert not result.failures
    assert result.unit_tests > 90
