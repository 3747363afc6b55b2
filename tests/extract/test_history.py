"""Which hours of history are asked for, and which are not asked for again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.history import missing_days
from tests.extract.answers import NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
THIS_HOUR = NOW.replace(minute=0)


class Raw:
    """The columns of raw that tell what is known, in a database of their own."""

    def __init__(self, zone: str = "UTC") -> None:
        self._database = duckdb.connect(":memory:")
        self._database.execute(
            f"set TimeZone = '{zone}';"
            "create table coingecko_markets (id text, last_updated timestamptz);"
            "create table coingecko_market_chart (coin_id text, point_at timestamptz);"
            "create table landed_responses (path text, params text, fetched_at timestamptz,"
            " endpoint text, error_code bigint);"
        )

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._database.execute(sql.replace("%s", "?"), parameters).fetchall()

    def polled(self, coin: str, moments: Iterable[datetime]) -> None:
        self.query("insert into coingecko_markets select %s, unnest(%s)", coin, list(moments))

    def charted(self, coin: str, moments: Iterable[datetime]) -> None:
        self.query("insert into coingecko_market_chart select %s, unnest(%s)", coin, list(moments))

    def asked(
        self, coin: str, days: object, at: datetime = NOW, error_code: int | None = None
    ) -> None:
        self.query(
            "insert into landed_responses values (%s, %s, %s, 'market_chart', %s)",
            f"/coins/{quote(coin, safe='')}/market_chart",
            json.dumps({} if days is None else {"days": days}),
            at,
            error_code,
        )


@pytest.fixture
def raw() -> Raw:
    return Raw()


def hours(first: int, last: int) -> list[datetime]:
    """Whole hours before the running one, counted back: 1 is the last that has ended."""
    return [THIS_HOUR - n * HOUR for n in range(first, last + 1)]


@pytest.mark.parametrize(
    ("history_days", "calls"),
    [(1, [1]), (2, [2]), (90, [90]), (91, [91, 90]), (365, [365, 90])],
)
def test_a_first_run_asks_for_the_whole_window(raw, history_days, calls) -> None:
    plan = missing_days(raw, ["bitcoin", "dai"], NOW, history_days)
    assert plan == {"bitcoin": calls, "dai": calls}


def test_a_window_that_is_covered_asks_for_nothing(raw) -> None:
    raw.charted("bitcoin", hours(1, 48))
    assert missing_days(raw, ["bitcoin"], NOW, 2) == {}


def test_no_coins_ask_for_nothing(raw) -> None:
    assert missing_days(raw, [], NOW, 90) == {}


@pytest.mark.parametrize(("back", "days"), [(1, 1), (20, 1), (23, 1), (24, 2), (77, 4), (239, 10)])
def test_one_hour_that_is_missing_is_reached_by_the_shortest_call(raw, back, days) -> None:
    raw.charted("bitcoin", [hour for hour in hours(1, 240) if hour != THIS_HOUR - back * HOUR])
    assert missing_days(raw, ["bitcoin"], NOW, 10) == {"bitcoin": [days]}


def test_any_moment_within_an_hour_covers_it(raw) -> None:
    raw.charted("bitcoin", [hour + timedelta(minutes=59, seconds=59) for hour in hours(1, 24)])
    assert missing_days(raw, ["bitcoin"], NOW, 1) == {}


def test_the_running_hour_is_not_missing(raw) -> None:
    raw.charted("bitcoin", hours(1, 24))
    for minutes in (0, 54):
        assert missing_days(raw, ["bitcoin"], NOW + timedelta(minutes=minutes), 1) == {}
    assert missing_days(raw, ["bitcoin"], NOW + timedelta(minutes=55), 1) == {"bitcoin": [1]}


def test_polls_are_cover_as_good_as_history(raw) -> None:
    raw.polled("bitcoin", (hour + timedelta(minutes=7) for hour in hours(1, 30)))
    raw.charted("bitcoin", hours(31, 48))
    assert missing_days(raw, ["bitcoin"], NOW, 2) == {}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns"])
def test_the_zone_of_the_database_moves_no_hour(zone) -> None:
    raw = Raw(zone)
    raw.charted("bitcoin", hours(1, 24))
    raw.asked("dai", "1", at=NOW - 2 * HOUR)
    raw.polled("dai", hours(1, 2))
    assert missing_days(raw, ["bitcoin", "dai"], NOW, 1) == {}
    assert missing_days(raw, ["bitcoin", "dai"], NOW + HOUR, 1) == {"bitcoin": [1], "dai": [1]}


def test_an_hour_that_was_asked_for_and_came_back_empty_is_not_asked_for_again(raw) -> None:
    raw.asked("bitcoin", "2")
    assert missing_days(raw, ["bitcoin"], NOW, 2) == {}
    later = NOW + 5 * HOUR
    raw.polled("bitcoin", (THIS_HOUR + n * HOUR for n in range(5)))
    assert missing_days(raw, ["bitcoin"], later, 2) == {}


def test_hours_since_the_last_call_are_asked_for(raw) -> None:
    raw.asked("bitcoin", "10", at=NOW - 50 * HOUR)
    assert missing_days(raw, ["bitcoin"], NOW, 10) == {"bitcoin": [3]}


def test_a_call_that_failed_covers_nothing(raw) -> None:
    raw.asked("bitcoin", "2", error_code=500)
    assert missing_days(raw, ["bitcoin"], NOW, 2) == {"bitcoin": [2]}


def test_a_new_coin_is_asked_for_alone(raw) -> None:
    raw.asked("bitcoin", "5")
    assert missing_days(raw, ["bitcoin", "dai"], NOW, 5) == {"dai": [5]}


def test_a_coin_with_odd_characters_is_recognised_in_its_path(raw) -> None:
    raw.asked("a/b c", "5")
    assert missing_days(raw, ["a/b c"], NOW, 5) == {}


def test_the_window_slides(raw) -> None:
    raw.charted("bitcoin", hours(1, 48))
    tomorrow = NOW + DAY
    # The hour that was running then is a day and five minutes back by now.
    assert missing_days(raw, ["bitcoin"], tomorrow, 2) == {"bitcoin": [2]}
    raw.polled("bitcoin", (THIS_HOUR + n * HOUR for n in range(24)))
    assert missing_days(raw, ["bitcoin"], tomorrow, 2) == {}
    assert missing_days(raw, ["bitcoin"], tomorrow, 3) == {}
    assert missing_days(raw, ["bitcoin"], tomorrow, 4) == {"bitcoin": [4]}


def test_a_longer_window_than_before_asks_for_what_lies_further_back(raw) -> None:
    raw.asked("bitcoin", "7")
    assert missing_days(raw, ["bitcoin"], NOW, 30) == {"bitcoin": [30]}


def test_a_gap_within_ninety_days_needs_no_daily_call(raw) -> None:
    raw.asked("bitcoin", "365", at=NOW - 2 * DAY)
    raw.asked("bitcoin", "90", at=NOW - 2 * DAY)
    assert missing_days(raw, ["bitcoin"], NOW, 365) == {"bitcoin": [3]}


def test_the_daily_call_does_not_stand_for_the_hourly_one_that_failed(raw) -> None:
    raw.asked("bitcoin", "365")
    raw.asked("bitcoin", "90", error_code=429)
    assert missing_days(raw, ["bitcoin"], NOW, 365) == {"bitcoin": [90]}
    raw.asked("bitcoin", "90")
    assert missing_days(raw, ["bitcoin"], NOW, 365) == {}


def test_the_hourly_call_does_not_stand_for_the_daily_one_that_failed(raw) -> None:
    raw.asked("bitcoin", "365", error_code=500)
    raw.asked("bitcoin", "90")
    assert missing_days(raw, ["bitcoin"], NOW, 365) == {"bitcoin": [365, 90]}


@pytest.mark.parametrize("days", ["max", None, "", "1.5"])
def test_a_recorded_answer_that_tells_no_days_covers_nothing(raw, days) -> None:
    raw.asked("bitcoin", days)
    assert missing_days(raw, ["bitcoin"], NOW, 2) == {"bitcoin": [2]}


@settings(max_examples=40)
@given(
    known=st.sets(st.integers(1, 72)),
    minute=st.integers(0, 59),
    history_days=st.integers(1, 3),
)
def test_a_call_reaches_the_first_gap_and_answers_it_for_good(
    known: set[int], minute: int, history_days: int
) -> None:
    now = THIS_HOUR + timedelta(minutes=minute)
    raw = Raw()
    raw.charted("bitcoin", (THIS_HOUR - n * HOUR for n in known))
    plan = missing_days(raw, ["bitcoin"], now, history_days)

    window = [n for n in range(1, 24 * history_days + 1) if n * HOUR < history_days * DAY]
    gaps = [n for n in window if n not in known]
    assert bool(plan) == bool(gaps)
    for days in plan.get("bitcoin", []):
        first_gap = THIS_HOUR - max(gaps) * HOUR
        assert now - days * DAY <= first_gap < now - (days - 1) * DAY
        raw.asked("bitcoin", str(days), at=now)
    assert missing_days(raw, ["bitcoin"], now, history_days) == {}


@pytest.mark.parametrize("history_days", [1, 89, 90, 91, 200])
def test_a_plan_that_was_carried_out_leaves_no_other(raw, history_days) -> None:
    for days in missing_days(raw, ["bitcoin"], NOW, history_days)["bitcoin"]:
        raw.asked("bitcoin", str(days))
    assert missing_days(raw, ["bitcoin"], NOW, history_days) == {}


def test_the_epoch_itself_is_no_bound(raw) -> None:
    now = datetime(1970, 1, 2, tzinfo=UTC)
    assert missing_days(raw, ["bitcoin"], now, 5) == {"bitcoin": [5]}
