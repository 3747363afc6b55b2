"""An answer has a time as a whole, however often something of it arrives."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator

import pytest

from extract.attempts import ATTEMPTS
from extract.faults import CallFailedError, PatienceSpentError
from extract.limits import HttpPolicy, Limits
from tests.extract.answers import all_landed
from tests.extract.hostile_server import HostileServer, chunk, head, scripted

MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd"})
HASTY = HttpPolicy(limits=Limits(response_seconds=0.3))


def attempt_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "http-attempt"]


def stalled_before_the_head(server: HostileServer) -> Iterator[bytes]:
    server.stall()
    yield head()


def stalled_in_the_body(server: HostileServer) -> Iterator[bytes]:
    yield head(Content_Length="100") + b"["
    server.stall()


def dripping_body(server: HostileServer) -> Iterator[bytes]:
    yield head(Content_Length=str(10**6)) + b"["
    while True:
        yield b" "
        server.stall(0.02)


def dripping_head(server: HostileServer) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    while True:
        yield b"x"
        server.stall(0.02)


def dripping_chunks_of_a_bomb(server: HostileServer) -> Iterator[bytes]:
    yield head(Content_Encoding="gzip", Transfer_Encoding="chunked") + chunk(
        gzip.compress(b"")[:10]
    )
    while True:
        yield chunk(b"\x00\x00\x00\xff\xff")
        server.stall(0.02)


def continuing_for_ever(server: HostileServer) -> Iterator[bytes]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    "script",
    [
        stalled_before_the_head,
        stalled_in_the_body,
        dripping_body,
        dripping_head,
        dripping_chunks_of_a_bomb,
        continuing_for_ever,
    ],
    ids=lambda script: script.__name__,
)
def test_an_answer_has_a_time_as_a_whole(make_source, settings, fake_time, script) -> None:
    """Each single read of most of these is quick."""
    servers: list[HostileServer] = []
    with scripted(lambda asked: script(servers[0])) as server:
        servers.append(server)
        with pytest.raises(CallFailedError, match="no complete response in 4 attempts"):
            make_source(server.url, HASTY).get(*MARKETS)
        assert len(server.asked) == ATTEMPTS
        for thread in attempt_threads():
            thread.join(5)
        assert attempt_threads() == [], "what was left behind has ended, with its connection"
    assert all_landed(settings.landing_dir) == []


def test_the_time_of_answers_that_never_came_is_lost_to_the_visit(make_source) -> None:
    impatient = HttpPolicy(
        backoff_seconds=0.01, limits=Limits(response_seconds=0.1, wait_seconds=0.35)
    )
    servers: list[HostileServer] = []
    with scripted(lambda asked: stalled_in_the_body(servers[0])) as server:
        servers.append(server)
        source = make_source(server.url, impatient)
        with pytest.raises(CallFailedError, match="no complete response"):
            source.get(*MARKETS)
        with pytest.raises(PatienceSpentError, match="not asked, for 0 s of this visit went to"):
            source.get(*MARKETS)
        assert len(server.asked) == ATTEMPTS
