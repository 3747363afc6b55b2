"""What a hostile source costs a visit: itself, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from extract.attempts import ATTEMPTS
from extract.faults import SourceError
from extract.sources.stream import CALLS_A_VISIT, fetch_batches
from tests.extract.answers import EmptyRaw, all_landed, quote
from tests.extract.hostile_server import head, scripted, whole
from tests.extract.local_server import Answer, serving

CHART = b'{"prices": [], "market_caps": [], "total_volumes": []}'
COINS = ("a", "b", "c")


def page(*ids: str) -> bytes:
    return json.dumps([quote(coin_id) for coin_id in ids]).encode()


@pytest.mark.parametrize(
    "refusal", [whole(b"{}", 429, Retry_After="86400"), whole(b"{}", 503, Retry_After="86400")]
)
def test_a_long_wait_leaves_history_for_the_next_refresh_and_keeps_the_quotes(
    pay_visit_at, refusal
) -> None:
    def script(asked: str) -> Iterator[bytes]:
        yield whole(page(*COINS)) if "/coins/markets" in asked else refusal

    with scripted(script) as server:
        report = pay_visit_at(server.url)
        assert len(server.asked) == 2, "it is not asked again"
    assert report.coins == list(COINS)
    assert "it asks to wait 86,400 s, and a visit waits 600 s in all" in report.failures[0]


def test_a_long_wait_before_the_first_quote_ends_the_visit(pay_visit_at, settings) -> None:
    with scripted(lambda asked: iter([whole(b"{}", 429, Retry_After="86400")])) as server:
        with pytest.raises(SourceError, match="it asks to wait 86,400 s"):
            pay_visit_at(server.url)
        assert len(server.asked) == 1
    assert [answer.status for answer in all_landed(settings.landing_dir)] == [429]


def test_a_coin_whose_history_has_no_end_does_not_lose_the_others(pay_visit_at) -> None:
    def script(asked: str) -> Iterator[bytes]:
        if "/coins/markets" in asked:
            yield whole(page(*COINS))
        elif "/coins/b/" in asked:
            yield head()
            while True:
                yield b" " * 100_000
        else:
            yield whole(CHART)

    with scripted(script) as server:
        report = pay_visit_at(server.url)
    assert report.calls["market_chart"] == 2
    assert report.failures == [
        "coingecko /coins/b/market_chart: 413 the response was refused: more than 16 MB"
    ]


def test_a_coin_whose_connection_breaks_does_not_lose_the_others(pay_visit_at) -> None:
    """Refused is not unreachable: the others may be answered."""

    def script(asked: str) -> Iterator[bytes]:
        if "/coins/markets" in asked:
            yield whole(page(*COINS))
        elif "/coins/b/" not in asked:
            yield whole(CHART)

    with scripted(script) as server:
        report = pay_visit_at(server.url)
        assert len([asked for asked in server.asked if "/coins/b/" in asked]) == ATTEMPTS
    assert report.calls["market_chart"] == 2
    assert report.failures == ["coingecko /coins/b/market_chart: ConnectionError"]


ODD_IDS = ("\ud83d", "x\udfffy", "n\x00l", "x" * 201, " ")


@pytest.mark.parametrize("coins", [8, COINS])
def test_an_id_that_stands_in_no_url_does_not_lose_the_others(
    pay_visit_at, settings, store, coins
) -> None:
    def script(asked: str) -> Iterator[bytes]:
        yield whole(page(*ODD_IDS, *COINS) if "/coins/markets" in asked else CHART)

    with scripted(script) as server:
        report = pay_visit_at(server.url, coins)
    assert report.coins == list(COINS)
    assert (report.calls["market_chart"], report.failures) == (3, [])
    list(store.load(store.pending()))
    assert store.query("select id from coingecko_markets order by id") == [("a",), ("b",), ("c",)]
    refused = store.query("select reason, payload from rejected_rows order by row_index")
    assert [reason for reason, _ in refused] == ["malformed id"] * 4 + ["no id"]
    assert [json.loads(payload)["id"] for _, payload in refused] == [*ODD_IDS]


def test_only_the_coins_that_were_asked_for_cost_calls(pay_visit_at) -> None:
    def script(asked: str) -> Iterator[bytes]:
        more = (f"x{number}" for number in range(5_000))
        yield whole(page("b", *more, "a") if "/coins/markets" in asked else CHART)

    with scripted(script) as server:
        report = pay_visit_at(server.url, ("a", "b"))
        assert len(server.asked) == 3
    assert report.coins == ["b", "a"]


def test_a_stream_that_always_has_more_is_left_for_the_next_visit(make_source) -> None:
    def answer(path: str, headers: object) -> Answer:
        [after] = parse_qs(urlsplit(path).query)["after"]
        batch = {"batch": int(after) + 1, "ticks": []}
        return Answer(json.dumps({"batches": [batch], "latest": 10**15}))

    with serving(answer) as url:
        assert list(fetch_batches(make_source(url), 0, EmptyRaw())) == list(
            range(1, CALLS_A_VISIT + 1)
        )
