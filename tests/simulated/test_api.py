"""Every endpoint over real HTTP."""

from datetime import datetime

import numpy as np
import pytest
import requests

from extract.simulated.api import SimulatedApi
from extract.simulated.events import DAY_MS, HOUR_MS, Outage
from extract.simulated.market import BATCH_MS, Market
from extract.simulated.markets import shown
from extract.simulated.stream import RETENTION_BATCHES


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.fixture
def outage(market, clock) -> Outage:
    found = market.events.between(clock.ms - 89 * DAY_MS, clock.ms - 2 * DAY_MS)
    return next(event for event in found if isinstance(event, Outage))


def test_ping(client):
    assert client.json("/ping") == {"gecko_says": "(V3) To the Moon!"}


def test_requests_are_on_record_with_parameters_and_headers(api):
    headers = {"x-cg-demo-api-key": "anything"}
    url = f"{api.base_url}/ping"
    with requests.Session() as session:
        session.trust_env = False
        session.get(url, params={"a": "1"}, headers=headers, timeout=10)
    path, params, received = api.requests[-1]
    assert (path, params) == ("/api/v3/ping", {"a": "1"})
    assert received["x-cg-demo-api-key"] == "anything"


def test_markets_lists_all_coins_by_market_cap(client, market):
    rows = client.markets()
    assert {row["id"] for row in rows} == {coin.coin_id for coin in market.coins}
    caps = [row["market_cap"] for row in rows]
    assert caps == sorted(caps, reverse=True)
    assert [row["market_cap_rank"] for row in rows] == list(range(1, 31))


def test_a_row_of_markets_is_the_market_at_last_updated(client, market, clock):
    for row in client.markets(precision="full"):
        at = np.array([_ms(row["last_updated"]), _ms(row["last_updated"]) - DAY_MS])
        assert 0 < clock.ms - at[0] < 20 * 60_000
        now, before = market.prices(row["id"], at)
        assert row["current_price"] == now
        assert row["price_change_percentage_24h"] == pytest.approx(
            100 * (now / before - 1), abs=1e-4
        )
        assert row["total_volume"] == pytest.approx(market.rolling_volumes(row["id"], at)[0])
        assert row["market_cap"] == pytest.approx(market.market_caps(row["id"], at)[0])
        assert row["low_24h"] <= max(now, before)
        assert row["atl"] <= now <= row["ath"] * 1.001


def test_markets_mixes_types_and_nulls_as_the_real_one_does(client):
    rows = {row["id"]: row for row in client.markets()}
    assert isinstance(rows["bitcoin"]["current_price"], int)
    assert isinstance(rows["ethereum"]["current_price"], float)
    assert rows["monero"]["fully_diluted_valuation"] is None
    assert rows["ethereum"]["max_supply"] is None
    assert rows["bitcoin"]["roi"] is None
    assert set(rows["ethereum"]["roi"]) == {"times", "currency", "percentage"}
    assert "e-0" in repr(rows["pepe"]["current_price"])
    assert {type(row["market_cap_change_24h"]) for row in rows.values()} == {int, float}
    assert rows["beam"]["symbol"] == rows["beam-2"]["symbol"]


def test_markets_takes_ids_pages_orders_and_periods(client):
    rows = client.markets(ids="dai,no-such-coin,bitcoin")
    assert [row["id"] for row in rows] == ["bitcoin", "dai"]
    assert rows[1]["market_cap_rank"] > 2
    pages = [client.markets(per_page=12, page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [12, 12, 6, 0]
    assert len({row["id"] for page in pages for row in page}) == 30
    volumes = [row["total_volume"] for row in client.markets(order="volume_asc")]
    assert volumes == sorted(volumes)
    row = client.markets(ids="solana", price_change_percentage="1h,7d")[0]
    assert "price_change_percentage_1h_in_currency" in row
    assert "price_change_percentage_7d_in_currency" in row
    assert client.markets(ids="litecoin", precision="1")[0]["current_price"] * 10 % 1 < 1e-6


@pytest.mark.parametrize(
    ("path", "params", "status", "error"),
    [
        ("/coins/markets", {}, 422, "Missing parameter vs_currency"),
        ("/coins/markets", {"vs_currency": "xyz"}, 400, "invalid vs_currency"),
        ("/coins/markets", {"vs_currency": "usd", "page": "x"}, 400, "invalid page"),
        ("/coins/markets", {"vs_currency": "usd", "order": "x"}, 400, "invalid order"),
        ("/coins/bitcoin/market_chart", {"days": "1"}, 422, "Missing parameter vs_currency"),
        ("/coins/bitcoin/market_chart", {"vs_currency": "usd"}, 422, "Missing parameter days"),
        (
            "/coins/bitcoin/market_chart",
            {"vs_currency": "usd", "days": "1", "interval": "x"},
            400,
            "invalid interval",
        ),
        ("/coins/nope/market_chart", {"vs_currency": "usd", "days": "1"}, 404, "coin not found"),
    ],
)
def test_a_bad_request_is_refused_with_its_reason(client, path, params, status, error):
    answer = client.get(path, **params)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_quote_stays_until_the_next_one(client, clock, market):
    def poll() -> dict[str, tuple[str, float]]:
        return {row["id"]: (row["last_updated"], row["current_price"]) for row in client.markets()}

    first = poll()
    assert poll() == first
    clock.advance(seconds=5)
    second = poll()
    unchanged = [coin_id for coin_id in first if second[coin_id] == first[coin_id]]
    assert 10 < len(unchanged) < 30
    clock.advance(minutes=20)
    third = poll()
    assert all(third[coin_id][0] > first[coin_id][0] for coin_id in first)


def test_quotes_are_fresh_with_a_stale_one_now_and_then(client, clock):
    ages, steps, last = [], [], {}
    for _ in range(20):
        for row in client.markets():
            at = _ms(row["last_updated"])
            ages.append((clock.ms - at) / 1000)
            steps.append(at - last.get(row["id"], at))
            last[row["id"]] = at
        clock.advance(seconds=60)
    assert min(ages) >= 3
    assert np.quantile(ages, 0.95) < 125
    assert 180 < max(ages) < 1_200
    assert min(steps) < 0


def test_an_hour_without_data_is_missing_from_charts(client, clock, outage):
    def hours(coin_id: str) -> list[int]:
        return [at // HOUR_MS for at, _ in client.chart(coin_id, days=90)["prices"]]

    for coin_id in ("bitcoin", "dai"):
        assert outage.start_ms // HOUR_MS not in hours(coin_id)
        assert outage.end_ms // HOUR_MS in hours(coin_id)
    clock.ms = outage.end_ms + 6 * HOUR_MS
    at = [point[0] for point in client.chart("tron", days=1)["prices"]]
    assert len(at) in (276, 277, 278)
    assert not [t for t in at if outage.start_ms <= t < outage.end_ms]


def test_within_an_hour_without_data_all_answers_are_from_before(client, clock, outage):
    clock.ms = outage.end_ms - 60_000
    for row in client.markets():
        assert outage.start_ms - 20 * 60_000 < _ms(row["last_updated"]) < outage.start_ms
    assert client.chart("bitcoin", days=1)["prices"][-1][0] < outage.start_ms
    assert client.json("/global")["data"]["updated_at"] * 1000 < outage.start_ms
    latest = client.json("/batches", limit=120)["batches"]
    assert not any(batch["ticks"] for batch in latest[15:])
    clock.ms = outage.end_ms + 3_000
    assert client.chart("bitcoin", days=1)["prices"][-1][0] >= outage.end_ms


def test_the_renamed_coin_keeps_its_id(client, clock):
    def label() -> tuple[str, str]:
        row = client.markets(ids="matic-network")[0]
        return row["symbol"], row["name"]

    before = label()
    clock.advance(days=45)
    assert {before, label()} == {("matic", "Polygon"), ("pol", "POL (ex-MATIC)")}


def test_global_totals_are_those_of_the_coins(client):
    data = client.json("/global")["data"]
    rows = client.markets()
    total = sum(row["market_cap"] for row in rows)
    assert data["total_market_cap"]["usd"] == pytest.approx(total, rel=0.01)
    assert data["total_volume"]["usd"] == pytest.approx(
        sum(row["total_volume"] for row in rows), rel=0.01
    )
    assert data["market_cap_percentage"]["btc"] == pytest.approx(
        100 * rows[0]["market_cap"] / total, rel=0.01
    )
    assert data["total_market_cap"]["btc"] == pytest.approx(
        total / rows[0]["current_price"], rel=0.01
    )


def test_the_stream_hands_out_finished_batches_in_order(client, clock, market):
    answer = client.json("/batches", limit=120)
    assert answer["latest"] == clock.ms // BATCH_MS - 1
    assert answer["first_available"] == answer["latest"] - RETENTION_BATCHES + 1
    numbers = [batch["batch"] for batch in answer["batches"]]
    assert numbers == list(range(answer["first_available"], answer["first_available"] + 120))
    tick = answer["batches"][7]["ticks"][0]
    assert set(tick) == {"event_id", "product_id", "event_at", "price", "size", "change_pct"}
    assert tick["event_id"] == f"{tick['product_id']}-{numbers[7]}"
    assert tick["event_at"] // BATCH_MS == numbers[7]
    assert tick["price"] == market.prices("bitcoin", np.array([tick["event_at"]]))[0]


def test_the_stream_resumes_after_a_batch_and_ends_at_the_clock(client, clock):
    latest = client.json("/batches", limit=1)["latest"]
    after = latest - 3
    assert [b["batch"] for b in client.json("/batches", after=after)["batches"]] == [
        latest - 2,
        latest - 1,
        latest,
    ]
    assert client.json("/batches", after=latest)["batches"] == []
    assert client.json("/batches", after=latest + 10)["batches"] == []
    clock.advance(seconds=5)
    assert [b["batch"] for b in client.json("/batches", after=latest)["batches"]] == [latest + 1]
    assert len(client.json("/batches", limit=999)["batches"]) == 120


def test_the_stream_forgets_after_an_hour(client, clock):
    old = client.json("/batches", limit=1)["latest"]
    clock.advance(hours=3)
    answer = client.json("/batches", after=old, limit=5)
    assert answer["batches"][0]["batch"] == answer["first_available"] > old + 1


def test_two_servers_give_the_same_answers_and_stop(client, clock, market):
    with SimulatedApi(Market(), clock) as other:
        port = int(other.base_url.split(":")[2].split("/")[0])
        with requests.Session() as session:
            session.trust_env = False
            url = f"{other.base_url}/coins/markets"
            rows = session.get(url, params={"vs_currency": "usd"}, timeout=10).json()
            assert rows == client.markets()
            with pytest.raises(OSError, match="in use"):
                SimulatedApi(market, clock, port).start()
        url = other.base_url
    with pytest.raises(requests.ConnectionError), requests.Session() as session:
        session.trust_env = False
        session.get(f"{url}/ping", timeout=1)


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (65_432.6, 65_433),
        (2_511.714, 2_511.71),
        (1.0049, 1.005),
        (0.99989217, 0.999892),
        (0.019252754, 0.0192528),
        (0.0000096812, 0.00000968),
        (0.000000000056366, 0.000000000056366),
    ],
)
def test_prices_are_shown_with_the_real_apis_digits(price, expected):
    assert shown(price) == expected
    assert type(shown(price)) is type(expected)
