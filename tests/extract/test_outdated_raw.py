"""On every target: whether an older version made raw, and what raw holds of landing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from extract import pipeline
from extract.pipeline import RawStore
from extract.raw_tables import INTEGER, RAW_TABLES
from extract.settings import Settings
from tests.engines import postgres_settings
from tests.extract.answers import NOW, land, markets, quote


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RawStore]:
    """On Spark raw is files, which need no session."""
    if request.param == "postgres":
        with postgres_settings(tmp_path / "data") as settings:
            yield RawStore(settings)
    else:
        yield RawStore(Settings(data_dir=tmp_path / "data", target=request.param))


def test_a_column_that_this_version_writes_and_raw_lacks_is_named(
    store: RawStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = RAW_TABLES["landed_responses"].append(pa.field("surprise", INTEGER))
    land(store._landing_dir, markets([quote()]), markets("Throttled", status=429))
    assert store.missing_columns() == []
    list(store.load(store.pending()))
    assert store.missing_columns() == []
    monkeypatch.setitem(pipeline.RAW_TABLES, "landed_responses", newer)
    assert RawStore(store._settings).missing_columns() == ["landed_responses.surprise"]


def test_answers_in_raw_are_known_by_archive_and_number(store: RawStore) -> None:
    assert store.landed_responses() == {}
    first = land(store._landing_dir, markets([quote("a")]), markets([quote("b")]))
    second = land(store._landing_dir, markets([quote("c")]), now=NOW + timedelta(days=1))
    list(store.load(store.pending()))
    assert store.landed_responses() == {
        first[0].archive: {item.sequence: item.response.content_hash for item in first},
        second[0].archive: {1: second[0].response.content_hash},
    }
