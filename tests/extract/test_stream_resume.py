"""A number of a batch that cannot be does not stand in the way of those that follow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from extract.landing import Response
from extract.pipeline import RawStore
from extract.settings import Settings
from extract.simulated.market import BATCH_MS
from extract.simulated.stream import RETENTION_BATCHES
from extract.sources import stream
from tests.extract.answers import NOW, EmptyRaw, batches, land, ms

LATEST = ms(NOW) // BATCH_MS - 1
MINUTE = 60 * 1000 // BATCH_MS


class Stream:
    """Answers as the stream does at one moment; what it gave is in `given`."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.given: list[Response] = []
        self.asked: list[int] = []

    def get(self, endpoint: str, path: str, params: dict[str, str]) -> Any:
        self.asked.append(int(params["after"]))
        latest = ms(self.now) // BATCH_MS - 1
        first = max(self.asked[-1] + 1, latest - RETENTION_BATCHES + 1)
        answer = batches(first, max(0, min(int(params["limit"]), latest - first + 1)))
        body = json.loads(answer.body) | {"latest": latest}
        self.given.append(replace(answer, body=json.dumps(body), fetched_at=self.now))
        return body

    @property
    def numbers(self) -> list[int]:
        return [
            batch["batch"] for answer in self.given for batch in json.loads(answer.body)["batches"]
        ]


@pytest.fixture
def take_up(store: RawStore, settings: Settings) -> Callable[..., None]:
    def take_up(*answers: Response, now: datetime = NOW) -> None:
        land(settings.landing_dir, *answers, now=now)
        list(store.load(store.pending()))

    return take_up


def with_forged(number: int, place: int) -> Response:
    """The newest honest batches, and the ticks of one of them once more under another number."""
    answer = batches(LATEST - 9, 10)
    body = json.loads(answer.body)
    body["batches"].append({"batch": number, "ticks": body["batches"][place]["ticks"]})
    return replace(answer, body=json.dumps(body))


@pytest.mark.parametrize("place", [3, 9])
@pytest.mark.parametrize("number", [2**53, LATEST + 30 * MINUTE, LATEST + 1])
def test_visits_go_on_where_honest_batches_ended(
    take_up: Callable[..., None], store: RawStore, number: int, place: int
) -> None:
    take_up(with_forged(number, place))
    for begin, end in ((0, 20), (20, 50), (50, 100)):
        source = Stream(NOW + timedelta(minutes=end))
        list(stream.fetch_batches(source, stream.last_batch(store), store))
        missed = range(LATEST + begin * MINUTE + 1, LATEST + end * MINUTE + 1)
        assert source.numbers == list(missed)
        take_up(*source.given, now=source.now)


def test_one_that_the_newest_tick_bears_is_passed_over_and_told_of(
    take_up: Callable[..., None], store: RawStore, caplog: pytest.LogCaptureFixture
) -> None:
    answer = batches(2**40, 1)
    body = json.loads(answer.body)
    body["batches"][0]["ticks"][0]["event_at"] = ms(NOW)
    take_up(batches(LATEST - 9, 10), replace(answer, body=json.dumps(body)))
    assert stream.last_batch(store) == 2**40

    source = Stream(NOW + timedelta(minutes=20))
    list(stream.fetch_batches(source, stream.last_batch(store), store))
    assert source.numbers == list(range(LATEST + 1, LATEST + 20 * MINUTE + 1))
    assert f"raw holds batch {2**40}, and the stream has come to" in caplog.text
    assert f"going on behind batch {LATEST}" in caplog.text
    take_up(*source.given, now=source.now)
    assert stream.last_batch(store) == LATEST + 20 * MINUTE


def test_a_number_too_high_among_those_of_an_answer_leaves_none_out() -> None:
    """What came behind it is asked for again."""
    source = Stream(NOW)
    get = source.get

    def forging(*arguments: Any) -> Any:
        body = get(*arguments)
        if len(source.asked) == 1:
            body["batches"][5]["batch"] = LATEST - 1
        return body

    source.get = forging
    assert list(stream.fetch_batches(source, 0, EmptyRaw()))[-1] == LATEST
    first = LATEST - RETENTION_BATCHES + 1
    assert source.asked[:3] == [0, first + 4, first + 4 + stream.BATCHES_A_CALL]
