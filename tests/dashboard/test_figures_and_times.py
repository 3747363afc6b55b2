"""How figures, times and coins are written, and what counts as a visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from streamlit_app import formatting, visits
from streamlit_app.coin_choice import labels, short_names
from streamlit_app.periods import AUTO, Span, interval_hours

NOON = datetime.fromisoformat("2026-11-01T12:00:00")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (60_000.0, "$60,000.00"),
        (112_407.3, "$112,407"),
        (1_234.567, "$1,234.57"),
        (999.99999, "$1,000.0"),
        (1.0, "$1.0000"),
        (0.0000041, "$0.0000041000"),
        (0.0, "$0"),
        (None, "-"),
        (float("nan"), "-"),
    ],
)
def test_prices_keep_their_digits(value: float | None, written: str) -> None:
    assert formatting.price(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(1.234, "▲ +1.23 %"), (-1.2, "▼ -1.20 %"), (0.0, "■ +0.00 %")]
)
def test_changes_have_a_sign_and_a_shape(value: float, written: str) -> None:
    assert formatting.change(value).replace(formatting.NARROW, " ") == written


def test_ages_are_told_in_their_largest_units() -> None:
    assert formatting.duration(timedelta(days=2, hours=3, minutes=4)) == "2 d 3 h"
    assert formatting.duration(timedelta(seconds=59)) == "less than a minute"
    assert formatting.instant(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "2026-01-02 03:04 UTC"


def test_coins_that_share_a_symbol_are_told_apart() -> None:
    coins = pd.DataFrame(
        {
            "coin_id": ["beam", "beam-2", "bitcoin", "nameless"],
            "symbol": ["BEAM", "BEAM", "BTC", None],
            "name": ["BEAM", "Beam", "Bitcoin", None],
        }
    )
    assert short_names(coins) == {
        "beam": "beam",
        "beam-2": "beam-2",
        "bitcoin": "BTC",
        "nameless": "nameless",
    }
    assert labels(coins)["beam-2"] == "Beam · BEAM · beam-2"
    assert labels(coins)["bitcoin"] == "Bitcoin · BTC"
    assert labels(coins)["nameless"] == "nameless"


@pytest.mark.parametrize(("days", "hours"), [(7, 1), (30, 1), (90, 4), (365, 12), (3650, 24)])
def test_a_long_period_takes_a_coarser_interval(days: int, hours: int) -> None:
    assert interval_hours(Span(NOON - timedelta(days=days), NOON), AUTO) == hours


def test_candles_are_of_hours_that_hold_several_samples() -> None:
    day = Span(NOON - timedelta(days=1), NOON)
    assert interval_hours(day, AUTO, most=200, least=4) == 4
    assert interval_hours(day, "1 h", most=200, least=4) == 1


def test_a_visit_lasts_until_half_an_hour_passes() -> None:
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    first = visits.opened(None, NOON, at)
    assert first.before is None
    soon = visits.opened(first.to_cookie(), NOON + timedelta(hours=1), at + timedelta(minutes=5))
    assert (soon.before, soon.now) == (None, NOON + timedelta(hours=1))
    later = visits.opened(soon.to_cookie(), NOON + timedelta(days=1), at + timedelta(days=1))
    assert later.before == NOON + timedelta(hours=1)
    reloaded = visits.opened(later.to_cookie(), later.now, later.at + timedelta(minutes=1))
    assert reloaded.before == later.before


@pytest.mark.parametrize(
    "cookie", [None, "", "x", "||", "a|b|c", "|2026-11-01T12:00:00|2026-11-01T12:00:00", "|" * 9]
)
def test_a_cookie_that_nobody_here_wrote_counts_as_none(cookie: str | None) -> None:
    assert visits.from_cookie(cookie) is None
