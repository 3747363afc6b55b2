"""What a row of raw holds, seen in one load."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from extract.landing import Landed
from extract.pipeline import RawStore
from extract.raw_tables import RAW_TABLES
from extract.settings import Settings
from tests.extract import answers
from tests.extract.answers import NOW, chart, land, market_chart, markets, ms, quote

NAMES = ["Ðoge 🐕", "a\x00b", "it's; drop table x", "'\"\\\n", "", "\ud83d"]
EXACT = quote("exact", current_price=4e-12, last_updated="2026-11-01T17:30:00.123456+05:30")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("raw")


@pytest.fixture(scope="module")
def landed(data_dir: Path) -> list[Landed]:
    """One run with rows for every table."""
    return land(
        data_dir / "landing",
        markets([quote(f"named-{n}", name=name) for n, name in enumerate(NAMES)]),
        markets([EXACT, quote(id=None)]),
        market_chart("bitcoin", chart((NOW - timedelta(hours=1), 1), (NOW, 2))),
        answers.batches(ms(NOW) // 5_000 - 1, 1),
        markets("Throttled", status=429),
    )


@pytest.fixture(scope="module")
def store(data_dir: Path, landed: list[Landed]) -> RawStore:
    store = RawStore(Settings(data_dir=data_dir))
    assert sum(store.load(store.pending())) == 6 + 2 + 2 + 1 + 5 + 2
    return store


def test_every_row_has_the_id_of_its_load(store) -> None:
    loads = store.query("select load_id from _dlt_loads where status = 0")
    assert len(loads) == 1
    for table in RAW_TABLES:
        assert store.query(f"select distinct _dlt_load_id from {table}") == loads  # noqa: S608


def test_instants_are_utc_and_prices_exact(store) -> None:
    [(price, at, fetched_at)] = store.query(
        "select current_price, last_updated, fetched_at from coingecko_markets where id = 'exact'"
    )
    assert price == 4e-12
    assert at == NOW.replace(minute=0, microsecond=123456)
    assert fetched_at == NOW


def test_text_that_every_table_can_hold_is_kept(store) -> None:
    found = store.query("select name from coingecko_markets where id like 'named%' order by id")
    assert [name for (name,) in found] == [
        None if name in ("a\x00b", "\ud83d") else name for name in NAMES
    ]


def test_a_row_tells_which_answer_of_which_archive_it_came_from(store, landed) -> None:
    rows = store.query(
        "select id, row_index, responses.landing_file, responses.sequence, responses.run_id"
        " from coingecko_markets as markets"
        " inner join landed_responses as responses using (response_id) order by id"
    )
    named, exact, *_ = landed
    assert rows == [
        ("exact", 0, exact.archive, exact.sequence, exact.run_id),
        *((f"named-{n}", n, named.archive, named.sequence, named.run_id) for n in range(6)),
    ]


def test_an_answer_tells_what_it_was_asked_and_how_it_ended(store, landed) -> None:
    assert store.query(
        "select endpoint, table_name, path, params, status, received_rows, error_code"
        " from landed_responses order by sequence"
    ) == [
        ("markets", "coingecko_markets", "/coins/markets", '{"vs_currency": "usd"}', 200, 6, None),
        ("markets", "coingecko_markets", "/coins/markets", '{"vs_currency": "usd"}', 200, 2, None),
        (
            "market_chart",
            "coingecko_market_chart",
            "/coins/bitcoin/market_chart",
            '{"days": "2", "vs_currency": "usd"}',
            200,
            2,
            None,
        ),
        ("batches", "stream_ticks", "/batches", "{}", 200, 1, None),
        ("markets", "coingecko_markets", "/coins/markets", '{"vs_currency": "usd"}', 429, 0, 429),
    ]


def test_a_rejected_row_tells_its_reason_and_where_it_was(store, landed) -> None:
    [(payload, *facts)] = store.query(
        "select payload, row_id, source, table_name, reason from rejected_rows"
    )
    assert json.loads(payload) == quote(id=None)
    assert facts == [f"{landed[1].response_id}:1", "coingecko", "coingecko_markets", "no id"]
