"""Calls keep their pace and the budget of the month."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extract.call_budget import CallBudget
from extract.faults import CallFailedError, SourceError
from extract.limits import HttpPolicy
from extract.simulated.faults import Fault

MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd", "ids": "bitcoin"})


class Calendar:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def budget_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "call_budget.json"


def counted(path: Path, monthly_calls: int, calendar: Calendar) -> CallBudget:
    return CallBudget(path, monthly_calls, calendar, "COINGECKO_MONTHLY_CALLS")


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low)


def test_calls_are_spread_over_the_minute(api, make_source, fake_time, no_jitter) -> None:
    source = make_source(api.base_url, HttpPolicy(calls_per_minute=5))
    for _ in range(4):
        source.get(*MARKETS)
    assert fake_time.waits == [12, 12, 12]


def test_the_pace_has_a_jitter_of_up_to_a_tenth(api, make_source, fake_time, monkeypatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    source = make_source(api.base_url, HttpPolicy(calls_per_minute=5))
    for _ in range(2):
        source.get(*MARKETS)
    assert fake_time.waits == [pytest.approx(13.2)]


def test_time_spent_between_calls_is_not_waited_for_again(
    api, make_source, fake_time, no_jitter
) -> None:
    source = make_source(api.base_url, HttpPolicy(calls_per_minute=5))
    for elapsed, waits in ((5, []), (12, [7]), (60, [7]), (0, [7])):
        source.get(*MARKETS)
        assert fake_time.waits == waits
        fake_time.now += elapsed
    source.get(*MARKETS)
    assert fake_time.waits == [7, 12]


def test_retries_keep_the_pace_too(api, make_source, fake_time, no_jitter) -> None:
    api.faults.add(Fault("500", times=2))
    source = make_source(api.base_url, HttpPolicy(calls_per_minute=1, backoff_seconds=2))
    source.get(*MARKETS)
    backoff, rest, backoff_2, rest_2 = fake_time.waits
    assert backoff + rest == backoff_2 + rest_2 == 60
    assert 0 < backoff < backoff_2


def test_without_a_pace_nothing_waits(api, make_source, fake_time) -> None:
    source = make_source(api.base_url)
    for _ in range(5):
        source.get(*MARKETS)
    assert fake_time.waits == []


def test_good_and_failed_calls_and_retries_are_counted(
    api, make_source, fake_time, calendar, budget_path
) -> None:
    budget = counted(budget_path, 100, calendar)
    source = make_source(api.base_url, budget=budget)
    source.get(*MARKETS)
    assert budget.spent("2026-11") == 1
    with pytest.raises(CallFailedError):
        source.get("markets", "/coins/markets", {})
    assert budget.spent("2026-11") == 2
    api.faults.add(Fault("500", times=2))
    source.get(*MARKETS)
    assert budget.spent("2026-11") == 5
    api.faults.add(Fault("cut_off", times=1))
    source.get(*MARKETS)
    assert budget.spent("2026-11") == 7


def test_calls_that_reach_nobody_cost_nothing_and_wait_for_no_pace(
    make_source, fake_time, calendar, budget_path
) -> None:
    budget = counted(budget_path, 100, calendar)
    budget.spend()
    source = make_source("http://127.0.0.1:1", HttpPolicy(calls_per_minute=1), budget=budget)
    with pytest.raises(SourceError):
        source.get(*MARKETS)
    assert budget.spent("2026-11") == 1
    assert fake_time.waits == [1, 2]


def test_the_budget_survives_the_process(calendar, budget_path) -> None:
    for spent in (1, 2, 3):
        counted(budget_path, 3, calendar).spend()
        assert counted(budget_path, 3, calendar).spent("2026-11") == spent
    with pytest.raises(SourceError):
        counted(budget_path, 3, calendar).spend()


def test_no_call_is_made_over_the_budget(
    api, make_source, fake_time, calendar, budget_path
) -> None:
    source = make_source(api.base_url, budget=counted(budget_path, 2, calendar))
    source.get(*MARKETS)
    source.get(*MARKETS)
    with pytest.raises(SourceError, match="budget of 2 calls for 2026-11 is used up") as error:
        source.get(*MARKETS)
    assert not isinstance(error.value, CallFailedError)
    assert "COINGECKO_MONTHLY_CALLS" in str(error.value)
    assert (len(api.requests), fake_time.waits) == (2, [])
    assert counted(budget_path, 2, calendar).spent("2026-11") == 2


def test_the_budget_can_end_between_two_attempts(
    api, make_source, fake_time, calendar, budget_path
) -> None:
    api.faults.add(Fault("500", times=9))
    source = make_source(api.base_url, budget=counted(budget_path, 2, calendar))
    with pytest.raises(SourceError, match="used up"):
        source.get(*MARKETS)
    assert len(api.requests) == 2


def test_the_budget_starts_anew_with_the_month_in_utc(calendar, budget_path) -> None:
    budget = counted(budget_path, 1, calendar)
    budget.spend()
    with pytest.raises(SourceError, match="2026-11"):
        budget.spend()
    calendar.now = datetime(2026, 12, 1, tzinfo=UTC)
    budget.spend()
    assert budget.spent("2026-12") == 1
    with pytest.raises(SourceError, match="2026-12"):
        budget.spend()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"2026-11": "many"}', '{"2026-11": []}', "\x00"])
def test_a_count_that_cannot_be_read_stops_the_calls_and_names_its_file(
    calendar, budget_path, text
) -> None:
    budget_path.parent.mkdir()
    budget_path.write_text(text)
    with pytest.raises(SourceError, match=r"cannot be read; remove that file") as error:
        counted(budget_path, 5, calendar).spend()
    assert str(budget_path) in str(error.value)


def test_the_count_is_replaced_in_one_step(calendar, budget_path) -> None:
    counted(budget_path, 5, calendar).spend()
    assert [path.name for path in budget_path.parent.iterdir()] == [budget_path.name]
    assert json.loads(budget_path.read_text()) == {"2026-11": 1}
