"""Every attempt is landed, and what will pass is tried again, as gently as the source asks."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from extract.attempts import ATTEMPTS
from extract.faults import ApiFault, CallFailedError, SourceError
from extract.limits import HttpPolicy
from extract.response_body import Body
from extract.simulated.faults import HTML_PAGE, Fault
from tests.extract.answers import all_landed
from tests.extract.local_server import Answer, serving

MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd", "ids": "bitcoin"})


@pytest.fixture
def source(api, make_source, fake_time):
    return make_source(api.base_url)


@pytest.fixture
def landed(settings):
    return lambda: all_landed(settings.landing_dir)


@pytest.fixture
def highest_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)


@pytest.fixture
def lowest_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)


def test_a_good_answer_is_landed_as_it_came_and_given_as_json(source, landed) -> None:
    rows = source.get(*MARKETS)
    assert [row["id"] for row in rows] == ["bitcoin"]
    [answer] = landed()
    assert json.loads(answer.body) == rows
    assert (answer.system, answer.endpoint, answer.path, answer.params) == ("coingecko", *MARKETS)
    assert answer.status == 200


def test_a_call_says_who_is_calling(source, api) -> None:
    source.get(*MARKETS)
    assert "crypto-market-warehouse" in api.requests[0].headers["user-agent"]


def test_retry_after_is_honoured_to_the_second(source, api, fake_time, landed) -> None:
    api.faults.add(Fault("429", retry_after=119))
    assert source.get(*MARKETS)
    assert fake_time.waits == [119]
    assert [answer.status for answer in landed()] == [429, 200]


def test_a_throttle_without_retry_after_backs_off_from_a_minute(
    source, api, fake_time, lowest_jitter
) -> None:
    api.faults.add(Fault("429_without_retry_after", times=3))
    assert source.get(*MARKETS)
    assert fake_time.waits == [60, 120, 240]


def test_a_throttle_without_retry_after_waits_up_to_a_quarter_longer(
    source, api, fake_time, highest_jitter
) -> None:
    api.faults.add(Fault("429_without_retry_after", times=3))
    assert source.get(*MARKETS)
    assert fake_time.waits == [75, 150, 300]


def test_the_backoff_is_the_policys(api, make_source, fake_time, lowest_jitter) -> None:
    api.faults.add(Fault("429_without_retry_after", times=2))
    assert make_source(api.base_url, HttpPolicy(throttle_backoff_seconds=7)).get(*MARKETS)
    assert fake_time.waits == [7, 14]


def test_the_backoff_starts_anew_after_a_good_answer(source, api, fake_time, lowest_jitter) -> None:
    for _ in range(2):
        api.faults.add(Fault("429_without_retry_after"))
        assert source.get(*MARKETS)
    assert fake_time.waits == [60, 60]


def test_it_gives_up_on_a_throttle_after_the_last_attempt(source, api, landed) -> None:
    api.faults.add(Fault("429", times=ATTEMPTS + 1))
    with pytest.raises(CallFailedError, match=r"coingecko /coins/markets: 429 .*Rate Limit") as e:
        source.get(*MARKETS)
    assert e.value.code == 429
    assert [answer.status for answer in landed()] == [429] * ATTEMPTS
    assert len(api.requests) == ATTEMPTS


@pytest.mark.parametrize(
    "fault",
    [
        Fault("500"),
        Fault("html", status=503),
        Fault("html", status=200),
        Fault("error_body_200"),
        Fault("429_without_retry_after"),
        Fault("cut_off"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_what_passes_is_tried_again_until_it_succeeds(source, api, fake_time, fault) -> None:
    for _ in range(ATTEMPTS - 1):
        api.faults.add(fault)
    assert [row["id"] for row in source.get(*MARKETS)] == ["bitcoin"]
    assert len(api.requests) == ATTEMPTS
    assert len(fake_time.waits) == ATTEMPTS - 1
    assert fake_time.waits == sorted(fake_time.waits) and fake_time.waits[0] > 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("500", times=9), 500),
        (Fault("html", times=9, status=503), 503),
        (Fault("html", times=9, status=200), 502),
        (Fault("error_body_200", times=9), 429),
        (Fault("cut_off", times=9), None),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_what_does_not_pass_fails_the_call_alone(source, api, fault, code) -> None:
    api.faults.add(fault)
    with pytest.raises(CallFailedError, match="coingecko /coins/markets: ") as error:
        source.get(*MARKETS)
    assert error.value.code == code
    assert len(api.requests) == ATTEMPTS
    api.faults.clear()
    assert source.get(*MARKETS)


@pytest.mark.parametrize(
    ("call", "status", "code", "message"),
    [
        (("market_chart", "/coins/no-coin/market_chart", {"vs_currency": "usd", "days": "1"}),
         404, 404, "coin not found"),
        (("markets", "/coins/markets", {}), 422, 422, "Missing parameter vs_currency"),
        (("market_chart", "/coins/bitcoin/market_chart", {"vs_currency": "usd", "days": "366"}),
         401, 10012, "exceeds the allowed time range"),
    ],
)  # fmt: skip
def test_a_refusal_is_not_tried_again(
    source, api, fake_time, landed, call, status, code, message
) -> None:
    with pytest.raises(CallFailedError, match=message) as error:
        source.get(*call)
    assert error.value.code == code
    assert [answer.status for answer in landed()] == [status]
    assert (len(api.requests), fake_time.waits) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_no_status_of_a_refusal_is_tried_again(make_source, fake_time, landed, status) -> None:
    with serving(lambda path, headers: Answer("{}", status)) as url:
        with pytest.raises(CallFailedError) as error:
            make_source(url).get(*MARKETS)
        assert error.value.code == status
    assert [answer.status for answer in landed()] == [status]
    assert fake_time.waits == []


def test_every_attempt_is_landed_in_its_order(source, api, landed) -> None:
    for fault in (Fault("500"), Fault("html", status=503), Fault("error_body_200")):
        api.faults.add(fault)
    source.get(*MARKETS)
    answers = landed()
    assert [answer.status for answer in answers] == [500, 503, 200, 200]
    assert answers[1].body == HTML_PAGE
    assert all(answer.params == MARKETS[2] for answer in answers)


def test_an_answer_is_landed_before_it_is_judged(api, make_source, landed) -> None:
    landed_when_judged: list[int] = []

    def judge(status: int, body: Body) -> ApiFault | None:
        landed_when_judged.append(len(landed()))
        raise RuntimeError("a bug in the judge")

    with pytest.raises(RuntimeError):
        make_source(api.base_url, recognise_fault=judge).get(*MARKETS)
    assert landed_when_judged == [1]


def test_text_of_any_script_is_utf8_whatever_the_header_says(make_source, landed) -> None:
    body = '[{"id": "ðoge-🐕"}]'
    headers = {"Content-Type": "text/html; charset=latin-1"}
    with serving(lambda path, _: Answer(body, headers=headers)) as url:
        assert make_source(url).get(*MARKETS) == [{"id": "ðoge-🐕"}]
    assert landed()[0].body == body


def test_a_source_that_is_not_there_is_named_and_nothing_else_is_said(
    make_source, fake_time, settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    source = make_source(f"http://127.0.0.1:{port}/api", headers={"x-cg-demo-api-key": "CG-1"})
    said = "coingecko cannot be reached in 3 attempts: the connection was refused"
    with pytest.raises(SourceError, match=said) as error:
        source.get(*MARKETS)
    assert not isinstance(error.value, CallFailedError)
    for secret in ("CG-1", "127.0.0.1", str(port), "/api"):
        assert secret not in str(error.value)
    assert fake_time.waits == [1, 2]
    assert not Path(settings.landing_dir).exists()


def test_a_redirect_is_not_followed(make_source, api, landed) -> None:
    """The key would be sent along to wherever it points."""
    elsewhere = {"Location": f"{api.base_url}/coins/markets?vs_currency=usd"}
    with serving(lambda path, headers: Answer("", 302, elsewhere)) as url:
        source = make_source(url, headers={"x-cg-demo-api-key": "CG-1"})
        with pytest.raises(CallFailedError, match="302"):
            source.get(*MARKETS)
    assert api.requests == []
    assert [answer.status for answer in landed()] == [302]


def test_a_server_on_this_machine_is_not_looked_for_behind_a_proxy(
    monkeypatch, api, archive, clock
) -> None:
    from extract.fetch import simulated_sources

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    sources = simulated_sources(api.url, archive, clock)
    assert sources["coingecko"].get(*MARKETS)
