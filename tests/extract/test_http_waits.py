"""How long a source may keep a visit waiting, and how soon it is said that nobody is there."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from extract.attempts import ATTEMPTS
from extract.faults import CallFailedError, PatienceSpentError, SourceError
from extract.limits import HttpPolicy, Limits, retry_after_seconds
from extract.simulated.faults import Fault
from tests.extract.answers import NOW, all_landed
from tests.extract.local_server import Answer, serving

MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd", "ids": "bitcoin"})
SERVER_DATE = {"Date": "Sun, 01 Nov 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("119", 119),
        (" 7 ", 7),
        ("86400", 86_400),
        ("1.2", 2),
        ("9" * 6_000, 10**18),
        ("Sun, 01 Nov 2026 12:01:59 GMT", 119),
        ("Sunday, 01-Nov-26 12:01:59 GMT", 119),
        ("Sun, 01 Nov 2026 13:01:59 +0100", 119),
        ("Fri, 01 Jan 2099 00:00:00 GMT", 2_277_374_400),
        ("Sun, 01 Nov 2026 11:59:59 GMT", None),
        *((nothing, None) for nothing in ("", "0", "-5", "soon", "nan", "inf", "1e9", "²")),
        *((no_date, None) for no_date in ("Sun, 99 Nov 2026 12:00:00 GMT", "1 Jan", ",", ":")),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_what_retry_after_says(header: str, seconds: int | None) -> None:
    an_hour_off = datetime(2026, 11, 1, 13, 0, tzinfo=UTC)
    assert retry_after_seconds({"Retry-After": header} | SERVER_DATE, an_hour_off) == seconds


def test_a_date_counts_from_the_clock_where_the_server_has_none() -> None:
    header = {"Retry-After": "Sun, 01 Nov 2026 12:06:00 GMT"}
    assert retry_after_seconds(header, NOW) == 60
    assert retry_after_seconds(header | {"Date": "now"}, NOW) == 60
    assert retry_after_seconds({}, NOW) is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("86400", "it asks to wait 86,400 s"),
        ("601", "it asks to wait 601 s"),
        ("Fri, 01 Jan 2099 00:00:00 GMT", r"it asks to wait 2,\d{3},\d{3},\d{3} s"),
        ("9" * 6_000, "it asks to wait 1,000,000,000,000,000,000 s"),
    ],
    ids=["a day", "a second too long", "2099", "for ever"],
)
def test_a_wait_longer_than_a_visit_is_not_waited_for(
    make_source, settings, fake_time, status, header, said
) -> None:
    asked: list[str] = []

    def answer(path: str, headers: object) -> Answer:
        asked.append(path)
        return Answer("{}", status, SERVER_DATE | {"Retry-After": header})

    with serving(answer) as url, pytest.raises(PatienceSpentError, match=said) as error:
        make_source(url).get(*MARKETS)
    assert "a visit waits 600 s in all" in str(error.value)
    assert error.value.code == status
    assert (fake_time.waits, len(asked)) == ([], 1)
    assert [landed.status for landed in all_landed(settings.landing_dir)] == [status]


@pytest.mark.parametrize("header", ["-1", "0", "later", "Sun, 99 Nov 2026 12:00:00 GMT"])
def test_a_wait_that_makes_no_sense_is_our_own(make_source, fake_time, monkeypatch, header) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)
    answers = iter([Answer("{}", 429, {"Retry-After": header}), Answer("[]")])
    with serving(lambda path, headers: next(answers)) as url:
        assert make_source(url).get(*MARKETS) == []
    assert fake_time.waits == [60]


def test_all_waits_of_a_visit_are_bounded_together(make_source, api, fake_time) -> None:
    source = make_source(api.base_url)
    for _ in range(5):
        api.faults.add(Fault("429", retry_after=119))
        assert source.get(*MARKETS)
    api.faults.add(Fault("429", retry_after=119))
    with pytest.raises(PatienceSpentError, match="it asks to wait 119 s"):
        source.get(*MARKETS)
    assert fake_time.waits == [119] * 5


def test_the_wait_that_nobody_waits_for_is_not_lost(make_source, api, fake_time) -> None:
    """After the last attempt there is none."""
    api.faults.add(Fault("429", retry_after=150, times=ATTEMPTS))
    source = make_source(api.base_url)
    with pytest.raises(CallFailedError, match=r"429 .*Rate Limit") as error:
        source.get(*MARKETS)
    assert not isinstance(error.value, PatienceSpentError)
    assert fake_time.waits == [150] * 3
    assert source.get(*MARKETS)


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose connections are never accepted, as on a network that drops everything."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def assert_unreachable(make_source, url: str, said: str, limits: Limits | None = None) -> None:
    """Real waits: those between the attempts are what is promised."""
    policy = HttpPolicy(calls_per_minute=5, limits=limits or Limits(), trust_env=False)
    began = time.monotonic()
    with pytest.raises(SourceError, match=rf"^coingecko cannot be reached in . attempts: {said}$"):
        make_source(url, policy).get(*MARKETS)
    assert time.monotonic() - began < 9


def test_a_name_that_nobody_knows_is_said_soon(make_source) -> None:
    assert_unreachable(make_source, "http://nowhere.invalid", "its name could not be resolved")


def test_a_refused_connection_is_said_soon(make_source) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert_unreachable(make_source, f"http://127.0.0.1:{port}", "the connection was refused")


def test_a_network_that_drops_everything_is_said_soon(make_source) -> None:
    with full_backlog() as port:
        assert_unreachable(make_source, f"http://127.0.0.1:{port}", "nobody answered in 5 s")


def test_a_resolver_that_hangs_is_not_waited_for(make_source, monkeypatch) -> None:
    """It knows no limit of time."""
    from threading import Event

    over = Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: over.wait(30) or [])
    hasty = Limits(connect_seconds=0.2)
    assert_unreachable(make_source, "http://nowhere.invalid", "nobody answered in 0.2 s", hasty)
    over.set()


def test_a_proxy_that_is_not_there_is_said(make_source, monkeypatch, fake_time) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(SourceError, match="the proxy of the environment did not let the call"):
        make_source("http://nowhere.invalid").get(*MARKETS)
