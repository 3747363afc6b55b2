"""What a received value says, whatever form it has: a time, or a finite number."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.acceptance import instant, number


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-01T12:00:00Z",
        "2026-11-01T12:00:00.000Z",
        "2026-11-01T12:00:00+00:00",
        "2026-11-01T17:30:00+05:30",
        "2026-11-01T04:00:00-08:00",
        "2026-11-02T02:00:00+14:00",
        1793534400000,
        1793534400000.0,
    ],
)
def test_a_time_becomes_utc_whatever_its_form(text: object) -> None:
    moment = instant(text)
    assert moment == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "value", [True, False, "1", "", None, [], {}, math.nan, -math.inf, 10**309]
)
def test_what_is_not_a_finite_number_is_none(value: object) -> None:
    assert number(value) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_finite_double_is_itself(value: float) -> None:
    assert number(value) == value
