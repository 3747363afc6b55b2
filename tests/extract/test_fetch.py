"""One visit to the sources: what fails is told, and costs nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from extract.attempts import ATTEMPTS
from extract.faults import CallFailedError, SourceError
from extract.fetch import open_sources, visit
from extract.landing import Archive, new_run_id
from extract.pipeline import RawStore
from extract.simulated.faults import MALFORMED_POINTS, MALFORMED_ROWS, Fault
from extract.visit import FetchReport
from tests.extract.answers import NOW, EmptyRaw, all_landed
from tests.extract.conftest import VISITED
from tests.extract.local_server import Answer, serving

CHART = "/coins/{}/market_chart"


def charts_asked(api) -> list[str]:
    return [
        request.path.split("/")[-2]
        for request in api.requests
        if request.path.endswith("market_chart")
    ]


def test_a_visit_lands_quotes_history_and_stream(pay_visit, api, settings, progress) -> None:
    report = pay_visit(stream=True)
    assert sorted(report.coins) == sorted(VISITED)
    assert (report.calls["market_chart"], report.calls["batches"], report.failures) == (3, 6, [])
    endpoints = [answer.endpoint for answer in all_landed(settings.landing_dir)]
    assert endpoints == ["markets", *["market_chart"] * 3, *["batches"] * 6]
    assert progress == [
        *(("history", done, 3) for done in (1, 2, 3)),
        *(("stream", done, 0) for done in range(1, 7)),
    ]


def test_the_largest_coins_are_taken_when_a_number_is_given(pay_visit, api) -> None:
    report = pay_visit(coins=4)
    assert len(report.coins) == len(set(charts_asked(api))) == 4
    assert "bitcoin" in report.coins


@pytest.mark.parametrize("kind", ["500", "html", "cut_off", "unauthorized"])
def test_a_coin_that_fails_does_not_lose_the_others(pay_visit, api, kind) -> None:
    api.faults.add(Fault(kind, path=CHART.format("dai"), times=ATTEMPTS))
    report = pay_visit()
    assert sorted(report.coins) == sorted(VISITED)
    assert set(charts_asked(api)) == set(VISITED)
    assert report.calls["market_chart"] == 2
    [failure] = report.failures
    assert CHART.format("dai") in failure


def test_a_coin_without_history_does_not_lose_the_others(pay_visit_at) -> None:
    """Known to /coins/markets, 404 for its chart."""
    chart = '{"prices": [], "market_caps": [], "total_volumes": []}'

    def answer(path: str, headers: object) -> Answer:
        if path.startswith("/coins/markets"):
            return Answer('[{"id": "a"}, {"id": "gone"}, {"id": "z"}]')
        return Answer('{"error": "coin not found"}', 404) if "gone" in path else Answer(chart)

    with serving(answer) as url:
        report = pay_visit_at(url, ("a", "gone", "z"))
    assert report.coins == ["a", "gone", "z"]
    assert report.calls["market_chart"] == 2
    assert report.failures == ["coingecko /coins/gone/market_chart: 404 coin not found"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, 10002), (403, 10005), (401, 401), (403, 403), (401, 10010)]
)
def test_a_refusal_of_the_caller_stops_at_once(pay_visit_at, status, code) -> None:
    asked: list[str] = []

    def answer(path: str, headers: object) -> Answer:
        asked.append(path)
        if path.startswith("/coins/markets"):
            return Answer('[{"id": "a"}, {"id": "b"}, {"id": "c"}]')
        body = f'{{"status": {{"error_code": {code}, "error_message": "refused"}}}}'
        return Answer(body, status)

    with serving(answer) as url, pytest.raises(CallFailedError, match="refused") as error:
        pay_visit_at(url, ("a", "b", "c"))
    assert error.value.code == code
    assert len(asked) == 2


def test_a_throttle_leaves_the_rest_for_the_next_run_and_says_how_much(pay_visit, api) -> None:
    api.faults.add(Fault("429", path="market_chart", skip=1, times=ATTEMPTS))
    report = pay_visit()
    assert report.calls["market_chart"] == 1
    throttled, left = report.failures
    assert "429" in throttled
    assert left == "history of 2 coins is left for the next refresh"
    assert len(set(charts_asked(api))) == 2


def test_the_next_run_asks_for_the_history_that_was_left(pay_visit, api, store) -> None:
    api.faults.add(Fault("429", path="market_chart", skip=1, times=ATTEMPTS))
    [done] = {*VISITED} - {*_left(pay_visit(store), api)}
    list(store.load(store.pending()))
    api.requests.clear()
    report = pay_visit(store)
    assert (report.calls["market_chart"], report.failures) == (2, [])
    assert sorted([*charts_asked(api), done]) == sorted(VISITED)


def _left(report: FetchReport, api) -> list[str]:
    return [coin for coin in report.coins if coin not in charts_asked(api)[:1]]


def test_no_quotes_at_all_end_the_visit(pay_visit, api) -> None:
    api.faults.add(Fault("500", path="/coins/markets", times=ATTEMPTS))
    with pytest.raises(SourceError, match="coingecko /coins/markets: 500"):
        pay_visit()
    assert charts_asked(api) == []


def test_coins_that_are_not_known_are_named(pay_visit) -> None:
    report = pay_visit(coins=("bitcoin", "no-such-coin", "Dai"))
    assert report.coins == ["bitcoin"]
    assert report.failures == [
        "coingecko knows no coin 'no-such-coin'",
        "coingecko knows no coin 'Dai'",
    ]


def test_none_of_the_coins_known_ends_the_visit(pay_visit) -> None:
    with pytest.raises(SourceError, match="knows none of the coins"):
        pay_visit(coins=("no-such-coin",))


def test_malformed_rows_are_kept_with_their_reason_and_payload(pay_visit, api, store) -> None:
    api.faults.add(Fault("malformed_rows", path="/coins/markets"))
    api.faults.add(Fault("malformed_rows", path="market_chart"))
    api.faults.add(Fault("malformed_rows", path="/stream"))
    report = pay_visit(store, stream=True, coins=("bitcoin",))
    assert (report.coins, report.failures) == (["bitcoin"], [])
    list(store.load(store.pending()))

    reasons = dict.fromkeys(("no id", "no time", "time in the future", "not an object"), 1)
    reasons["price not a positive finite number"] = 3
    points = {reason: count for reason, count in reasons.items() if reason != "no id"}
    found = store.query("select table_name, reason, count(*) from rejected_rows group by all")
    assert sum(reasons.values()) == len(MALFORMED_ROWS)
    assert sum(points.values()) == len(MALFORMED_POINTS)
    assert {(table, reason): count for table, reason, count in found} == {
        **{("coingecko_markets", reason): count for reason, count in reasons.items()},
        **{("coingecko_market_chart", reason): count for reason, count in points.items()},
        **{("stream_ticks", reason): count for reason, count in reasons.items()},
    }
    assert store.query("select payload from rejected_rows where reason = 'not an object'") == [
        ('"no pair"',) if table == "coingecko_market_chart" else ('"not an object"',)
        for (table,) in store.query(
            "select table_name from rejected_rows where reason = 'not an object'"
        )
    ]
    assert_received_is_accepted_and_rejected(store)


def assert_received_is_accepted_and_rejected(store: RawStore) -> None:
    rows = "select response_id from {}"
    tables = ("coingecko_markets", "coingecko_market_chart", "stream_ticks", "rejected_rows")
    kept = " union all ".join(rows.format(table) for table in tables)
    counts = store.query(
        "select received_rows, count(kept.response_id) from landed_responses"  # noqa: S608
        f" left join ({kept}) as kept using (response_id) group by response_id, received_rows"
    )
    assert counts
    assert all(received == found for received, found in counts)


def test_a_later_visit_takes_up_where_the_last_one_ended(
    pay_visit, api, store, clock, settings
) -> None:
    pay_visit(store, stream=True)
    list(store.load(store.pending()))
    [(last,)] = store.query("select max(batch_number) from stream_ticks")
    clock.now += timedelta(minutes=20)
    api.requests.clear()

    report = pay_visit(store, stream=True)
    assert (report.calls["market_chart"], report.calls["batches"]) == (0, 2)
    first = next(request for request in api.requests if "/stream" in request.path)
    assert first.params["after"] == str(last)
    list(store.load(store.pending()))
    [(ticks, events, batches, first_batch, last_batch)] = store.query(
        "select count(*), count(distinct event_id), count(distinct batch_number),"
        " min(batch_number), max(batch_number) from stream_ticks"
    )
    assert ticks == events
    assert last_batch == last + 20 * 60 / 5
    assert batches == last_batch - first_batch + 1


def test_a_visit_at_the_same_moment_brings_no_new_observation(pay_visit, store) -> None:
    observations = (
        "select id, last_updated, current_price from coingecko_markets"
        " union select coin_id, point_at, price from coingecko_market_chart"
        " union select event_id, event_at, price from stream_ticks order by all"
    )
    pay_visit(store, stream=True)
    list(store.load(store.pending()))
    before = store.query(observations)
    report = pay_visit(store, stream=True)
    assert (report.calls["market_chart"], report.calls["batches"]) == (0, 0)
    list(store.load(store.pending()))
    assert store.query(observations) == before
    assert store.query("select count(*) from coingecko_markets") == [(2 * len(VISITED),)]


def test_the_embedded_market_is_served_for_the_visit_alone(settings, clock, fake_time) -> None:
    settings = replace(settings, coins=("bitcoin",))
    with (
        Archive(settings.landing_dir, "simulated", new_run_id(NOW)) as archive,
        open_sources(settings, archive, clock) as sources,
    ):
        assert visit(sources, EmptyRaw(), settings, clock, lambda *_: None).coins == ["bitcoin"]
    with pytest.raises(SourceError, match="cannot be reached"):
        sources["coingecko"].get("markets", "/coins/markets", {"vs_currency": "usd"})
