"""The tick stream is followed to its end, and resumed behind the last batch."""

from __future__ import annotations

import json

import pytest

from extract.faults import CallFailedError
from extract.response_body import Body
from extract.simulated.faults import Fault
from extract.simulated.market import BATCH_MS
from extract.simulated.stream import RETENTION_BATCHES
from extract.sources import stream
from tests.extract.answers import NOW, EmptyRaw, all_landed, batches, ms

LATEST = ms(NOW) // BATCH_MS - 1


@pytest.fixture
def source(api, make_source, fake_time):
    return make_source(api.stream_url, recognise_fault=stream.recognise_fault)


def test_all_that_the_stream_holds_is_landed_call_by_call(source, settings) -> None:
    reached = list(stream.fetch_batches(source, 0, EmptyRaw()))
    assert reached[-1] == LATEST
    assert len(reached) == RETENTION_BATCHES / stream.BATCHES_A_CALL
    numbers = [
        batch["batch"]
        for answer in all_landed(settings.landing_dir)
        for batch in json.loads(answer.body)["batches"]
    ]
    assert numbers == list(range(LATEST - RETENTION_BATCHES + 1, LATEST + 1))


def test_it_goes_on_behind_the_batch_that_is_given(source, api, settings) -> None:
    assert list(stream.fetch_batches(source, LATEST - 7, EmptyRaw())) == [LATEST]
    [answer] = all_landed(settings.landing_dir)
    numbers = [batch["batch"] for batch in json.loads(answer.body)["batches"]]
    assert numbers == list(range(LATEST - 6, LATEST + 1))
    assert len(api.requests) == 1


def test_without_anything_new_it_ends_after_one_call(source, api) -> None:
    assert list(stream.fetch_batches(source, LATEST, EmptyRaw())) == []
    assert len(api.requests) == 1


def test_what_came_before_a_failure_is_landed(source, api, settings) -> None:
    api.faults.add(Fault("500", skip=2, times=9))
    reached = []
    with pytest.raises(CallFailedError):
        for number in stream.fetch_batches(source, 0, EmptyRaw()):
            reached.append(number)
    assert len(reached) == 2
    assert [answer.status for answer in all_landed(settings.landing_dir)][:3] == [200, 200, 500]


def test_every_tick_is_a_row_with_the_number_of_its_batch() -> None:
    rows = stream.rows(json.loads(batches(7, 2, ("A-USD", "B-USD")).body), "/batches")
    assert [(row["event_id"], row["batch_number"]) for row in rows] == [
        ("A-USD-7", 7),
        ("B-USD-7", 7),
        ("A-USD-8", 8),
        ("B-USD-8", 8),
    ]


def test_a_batch_without_ticks_has_no_rows() -> None:
    assert stream.rows({"batches": [{"batch": 1, "ticks": []}]}, "/batches") == []
    answer = '{"batches": [{"batch": 1, "ticks": []}], "latest": 1}'
    assert stream.recognise_fault(200, Body(answer)) is None


def test_what_is_no_object_stays_as_it_is_for_the_rules_to_reject() -> None:
    body = {"batches": [{"batch": 1, "ticks": ["x", None, 5]}]}
    assert stream.rows(body, "/batches") == ["x", None, 5]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (500, '{"batches": []}', 500),
        (429, "slow down", 429),
        (200, "<html>", 502),
        (200, "[]", 502),
        (200, "{}", 502),
        (200, '{"batches": 5}', 502),
        (200, '{"batches": [5]}', 502),
        (200, '{"batches": [{"batch": 1}]}', 502),
        (200, '{"batches": [{"batch": "1", "ticks": []}]}', 502),
        (200, '{"batches": [{"batch": 1.5, "ticks": []}]}', 502),
        (200, '{"batches": [{"batch": 1, "ticks": null}]}', 502),
        (200, "[" * 100_000, 413),
    ],
)
def test_anything_but_batches_is_a_fault(status: int, body: str, code: int) -> None:
    fault = stream.recognise_fault(status, Body(body))
    assert fault is not None
    assert fault.code == code


def test_a_server_that_does_not_go_on_ends_the_visit(source, monkeypatch) -> None:
    same = {"batches": [{"batch": 5, "ticks": []}], "latest": 9}
    monkeypatch.setattr(source, "get", lambda *_: same)
    assert list(stream.fetch_batches(source, 0, EmptyRaw())) == [5]


@pytest.mark.parametrize("latest", [{}, {"latest": None}, {"latest": "9"}])
def test_an_answer_without_the_latest_number_is_a_fault(latest) -> None:
    body = json.dumps({"batches": [{"batch": 5, "ticks": []}], **latest})
    assert stream.recognise_fault(200, Body(body)) is not None
