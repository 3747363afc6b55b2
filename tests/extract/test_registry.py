"""The declarations of the sources go together, and nothing that is made of them is old."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from extract import registry
from extract.dbt_sources import files
from extract.registry import ENDPOINTS, SOURCES, recorded_endpoint
from extract.settings import PROJECT_ROOT
from extract.source import Endpoint, Source
from extract.sources import coingecko, stream

DBT = PROJECT_ROOT / "dbt_project"


def test_every_module_of_the_folder_is_a_source() -> None:
    assert SOURCES == (coingecko.SOURCE, stream.SOURCE)


def test_names_are_of_one_source_and_table() -> None:
    endpoints = [(source.system, found) for source in SOURCES for found in source.endpoints]
    for names in (
        [source.system for source in SOURCES],
        [endpoint.table for _, endpoint in endpoints],
        [endpoint.staging_model for _, endpoint in endpoints],
        [(system, endpoint.name) for system, endpoint in endpoints],
    ):
        assert max(Counter(names).values()) == 1


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)
def test_a_price_has_a_currency_and_a_coin(endpoint: Endpoint) -> None:
    rules = endpoint.rules
    decisive = [*rules.id_fields, rules.time_field]
    if rules.price_field is None:
        assert (endpoint.currency, endpoint.coin_field) == (None, None)
    else:
        assert endpoint.currency is not None
        assert endpoint.coin_field in rules.id_fields
        decisive.append(rules.price_field)
    assert set(decisive) <= rules.domains.keys()


def test_every_table_is_staged_by_the_model_it_names() -> None:
    for source in SOURCES:
        for endpoint in source.endpoints:
            path = DBT / "models/staging" / source.system / f"{endpoint.staging_model}.sql"
            assert f'"{endpoint.table}"' in path.read_text()


def test_what_dbt_knows_of_raw_is_current() -> None:
    """`make sources` writes it."""
    old = [path.name for path, content in files().items() if path.read_text() != content]
    assert old == []


def test_every_source_of_prices_has_its_row_and_one_is_the_reference() -> None:
    with (DBT / "seeds/price_sources.csv").open() as seed:
        rows = {row["source"]: row for row in csv.DictReader(seed)}
    priced = {
        source.system
        for source in SOURCES
        if any(endpoint.rules.price_field for endpoint in source.endpoints)
    }
    assert rows.keys() == priced
    assert [row["is_reference"] for row in rows.values()].count("true") == 1


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/coins/markets", "markets"),
        ("/api/v3/coins/markets/", "markets"),
        ("/coins/bitcoin/market_chart", "market_chart"),
        ("/batches", "batches"),
    ],
)
def test_a_recording_is_known_by_the_end_of_its_path(path: str, name: str) -> None:
    source, endpoint = recorded_endpoint(path, None)
    assert endpoint.name == name and endpoint in source.endpoints


def test_a_path_of_two_sources_needs_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Source("other", (coingecko.MARKETS,), coingecko.recognise_fault, coingecko.fetch)
    monkeypatch.setitem(registry._READERS, ("other", "markets"), (other, coingecko.MARKETS))
    with pytest.raises(ValueError, match="2 sources have a path like '/coins/markets'"):
        recorded_endpoint("/coins/markets", None)
    assert recorded_endpoint("/coins/markets", "other")[0] is other
    assert recorded_endpoint("/coins/markets", "coingecko")[0] is coingecko.SOURCE


@pytest.mark.parametrize(("path", "system"), [("/coins/x/ohlc", None), ("/batches", "coingecko")])
def test_a_path_of_no_source_is_refused(path: str, system: str | None) -> None:
    with pytest.raises(ValueError, match="unknown path"):
        recorded_endpoint(path, system)
