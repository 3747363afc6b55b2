"""What is asked of CoinGecko, and how the rows of its answers are read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.landing import Landed
from extract.raw_batch import RawBatch
from extract.reading import read_into
from extract.sources import coingecko
from extract.sources.coingecko.calls import fetch_market_chart, fetch_markets
from tests.extract.answers import NOW, market_chart, ms
from tests.recordings import FOLDER, needs_recordings

PATH = "/coins/bitcoin/market_chart"


class Pages:
    """Answers /coins/markets from a list of ids in the order of their size."""

    def __init__(self, *known: str) -> None:
        self.known = known
        self.calls: list[dict[str, str]] = []

    def get(self, endpoint: str, path: str, params: dict[str, str]) -> list[dict[str, str]]:
        assert (endpoint, path) == ("markets", "/coins/markets")
        assert params["vs_currency"] == "usd" and params["precision"] == "full"
        self.calls.append(params)
        found = self.known
        if "ids" in params:
            found = tuple(coin for coin in self.known if coin in params["ids"].split(","))
        size, page = int(params["per_page"]), int(params.get("page", "1"))
        assert 1 <= size <= 250
        return [{"id": coin} for coin in found[size * (page - 1) : size * page]]


def coins(count: int, prefix: str = "c") -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in range(count))


def rows(prices: Any, caps: Any, volumes: Any) -> list[Any]:
    body = {"prices": prices, "market_caps": caps, "total_volumes": volumes}
    return list(coingecko.market_chart_rows(body, PATH))


def row(at: Any, price: Any, cap: Any, volume: Any) -> dict[str, Any]:
    return {
        "coin_id": "bitcoin",
        "point_at": at,
        "price": price,
        "market_cap": cap,
        "total_volume": volume,
    }


@pytest.mark.parametrize(
    ("wanted", "calls"), [(1, 1), (30, 1), (250, 1), (251, 2), (300, 2), (500, 2), (1000, 4)]
)
def test_the_largest_coins_are_asked_for_in_pages_of_up_to_250(wanted: int, calls: int) -> None:
    pages = Pages(*coins(2000))
    assert fetch_markets(pages, wanted) == list(coins(wanted))
    assert len(pages.calls) == calls
    landed = sum(int(call["per_page"]) for call in pages.calls)
    assert wanted <= landed < wanted + calls


def test_a_short_page_is_the_last() -> None:
    pages = Pages(*coins(30))
    assert fetch_markets(pages, 1000) == list(coins(30))
    assert len(pages.calls) == 1


def test_many_named_coins_are_asked_for_250_at_a_time() -> None:
    wanted = coins(600)
    pages = Pages(*wanted)
    assert fetch_markets(pages, wanted) == list(wanted)
    asked = [call["ids"].split(",") for call in pages.calls]
    assert [len(ids) for ids in asked] == [250, 250, 100]
    assert [coin for ids in asked for coin in ids] == list(wanted)


def test_unknown_coins_on_one_page_do_not_hide_the_known_on_the_next() -> None:
    unknown = coins(250, "no-such-coin-")
    pages = Pages("bitcoin")
    assert fetch_markets(pages, (*unknown, "bitcoin")) == ["bitcoin"]


def test_coins_that_move_between_pages_are_counted_once() -> None:
    pages = Pages(*coins(150), *coins(150))
    assert fetch_markets(pages, 300) == list(coins(150))


def test_rows_without_an_id_are_no_coins() -> None:
    class Odd:
        def get(self, *_: Any) -> list[Any]:
            return [{"id": "a"}, {"id": None}, {}, "x", None, {"id": " "}, {"id": 5}, {"id": "b"}]

    assert fetch_markets(Odd(), ("a", "b")) == ["a", "b"]


@pytest.mark.parametrize("coin_id", ["bitcoin", "a b", "a/b", "é", "a?b=c", "100%", "a#b", "_%2F"])
def test_an_id_with_odd_characters_is_quoted_and_read_back(coin_id: str) -> None:
    asked: list[str] = []

    class Charts:
        def get(self, endpoint: str, path: str, params: dict[str, str]) -> None:
            assert endpoint == "market_chart"
            assert params == {"vs_currency": "usd", "days": "7", "precision": "full"}
            asked.append(path)

    fetch_market_chart(Charts(), coin_id, 7)
    _, coins_part, quoted, last = asked[0].split("/")
    assert (coins_part, unquote(quoted), last) == ("coins", coin_id, "market_chart")
    assert not set(quoted) & set(" ?#/")
    body = {"prices": [[1, 2]], "market_caps": [], "total_volumes": []}
    assert coingecko.market_chart_rows(body, asked[0])[0]["coin_id"] == coin_id


def test_series_that_share_their_instants_are_put_side_by_side() -> None:
    assert rows([[1, 10], [2, 20]], [[1, 100], [2, 200]], [[1, 5], [2, 6]]) == [
        row(1, 10, 100, 5),
        row(2, 20, 200, 6),
    ]


def test_a_point_that_one_series_lacks_is_null_there_and_shifts_nothing() -> None:
    assert rows([[1, 10], [2, 20], [3, 30]], [[1, 100], [3, 300]], [[2, 6], [3, 7]]) == [
        row(1, 10, 100, None),
        row(2, 20, None, 6),
        row(3, 30, 300, 7),
    ]
    assert rows([[1, 10], [2, 20]], [], []) == [row(1, 10, None, None), row(2, 20, None, None)]


def test_a_point_without_a_price_is_no_point() -> None:
    assert rows([[2, 20]], [[1, 100], [2, 200]], [[2, 6], [3, 7]]) == [row(2, 20, 200, 6)]


def test_an_instant_twice_stays_twice_in_its_order() -> None:
    twice = [[1, 10], [1, 11], [2, 20]]
    assert rows(twice, [[1, 100], [1, 101], [2, 200]], [[1, 5], [2, 6]]) == [
        row(1, 10, 100, 5),
        row(1, 11, 101, 5),
        row(2, 20, 200, 6),
    ]


def test_an_instant_that_goes_back_a_second_is_kept() -> None:
    series = [[2000, 10], [1000, 11]]
    assert [r["point_at"] for r in rows(series, series, series)] == [2000, 1000]


@pytest.mark.parametrize(
    "point", ["no pair", None, 5, [], [1], [1, 2, 3], {"1": 2}, [None, 2], [[], 2], [{}, 2]]
)
def test_a_malformed_point_costs_no_other(point: Any) -> None:
    good = [[ms(NOW) - 3_600_000, 10], [ms(NOW), 20]]
    for prices, caps in (([*good, point], good), (good, [point, *good]), ([point, *good], [])):
        body = {"prices": prices, "market_caps": caps, "total_volumes": caps}
        batch = RawBatch()
        response = market_chart("bitcoin", body)
        read_into(batch, Landed(response, "live/2026-11-01/run.ndjson.gz", 9))
        accepted = batch.table(coingecko.MARKET_CHART.table, 1).to_pylist()
        assert [r["price"] for r in accepted] == [10, 20]
        assert [r["market_cap"] for r in accepted] == ([10, 20] if caps else 2 * [None])
        rejected = batch.table("rejected_rows", 1).to_pylist()
        assert len(rejected) == len(prices) - 2
        [landed] = batch.table("landed_responses", 1).to_pylist()
        assert (landed["received_rows"], landed["error_code"]) == (len(prices), None)


@pytest.mark.parametrize("point", ["no pair", [1, 2, 3], [[], 2]])
def test_a_rejected_point_can_be_read_in_its_payload(point: Any) -> None:
    batch = RawBatch()
    response = market_chart("bitcoin", {"prices": [point], "market_caps": [], "total_volumes": []})
    read_into(batch, Landed(response, "live/2026-11-01/run.ndjson.gz", 9))
    [payload] = batch.table("rejected_rows", 1)["payload"].to_pylist()
    kept = json.loads(payload)
    assert kept == point or (kept["point_at"], kept["price"]) == tuple(point)


points = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 9)).map(list), max_size=8, unique_by=lambda p: p[0]
)


@given(prices=points, caps=points, volumes=points)
def test_every_price_has_the_value_of_its_own_instant(
    prices: list[Any], caps: list[Any], volumes: list[Any]
) -> None:
    expected = [row(at, price, dict(caps).get(at), dict(volumes).get(at)) for at, price in prices]
    assert rows(prices, caps, volumes) == expected


@needs_recordings
@pytest.mark.parametrize(
    "name",
    ["market_chart_1d_2021.json", "market_chart_30d_2021.json", "market_chart_90d_2021.json"],
)
def test_recorded_charts_are_read_point_for_point(name: str) -> None:
    body = json.loads((FOLDER / "coingecko" / name).read_text())
    read = list(coingecko.market_chart_rows(body, PATH))
    assert [[r["point_at"], r["price"]] for r in read] == body["prices"]
    assert all(r["market_cap"] and r["total_volume"] for r in read)


def test_ids_that_cannot_be_kept_are_not_asked_for_history() -> None:
    """Half a surrogate pair, which JSON can escape, cannot stand in an address."""
    odd = ["\ud800", "a\0b", " a", "a" * 10_000, "\u202ea", 'it\'s "a"', "a"]

    class Odd:
        def get(self, *_: Any) -> list[Any]:
            return [{"id": coin_id} for coin_id in odd]

    assert fetch_markets(Odd(), 10) == ['it\'s "a"', "a"]
