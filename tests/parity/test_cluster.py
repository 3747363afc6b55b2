"""Spark as processes of their own: a master, two workers, and executors that share only storage.

What the gates and the tests of dbt say does not depend on where the executors are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from extract.settings import Settings
from extract.spark_session import spark_session
from published.writing import publish
from tests import snapshots
from tests.engines import spark_settings
from tests.parity import inputs
from tests.parity.loading import load_parts
from tests.recordings import FOLDER

MASTER = "local-cluster[2,1,1024]"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> inputs.Input:
    """Recorded pages; the simulated market where there are none."""
    make = inputs.recorded if FOLDER.is_dir() else inputs.simulated
    return make(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def built(given: inputs.Input, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder: Path = tmp_path_factory.mktemp("cluster_data")
    with spark_settings(folder / "data", master=MASTER) as settings:
        settings = replace(settings, source_kind=given.source_kind)
        load_parts(settings, given, range(len(given.loads)))
        publish(settings, "20261101T120500000000Z-cluster", {}, given.catalog)
        yield settings


def test_executors_are_processes_of_their_own(built: Settings) -> None:
    session = spark_session()
    assert session.sparkContext.master == MASTER
    executors = session.sparkContext._jsc.sc().getExecutorMemoryStatus().size()
    assert executors == 3, "two executors and the driver"


def test_marts_equal_those_of_duckdb(built: Settings, given: inputs.Input) -> None:
    snapshots.assert_equal(snapshots.current(built.published_dir), given.expected, rtol=1e-9)
