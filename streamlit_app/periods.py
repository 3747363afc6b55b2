"""Choosing a period, and the interval that suits a chart of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

PERIODS: dict[str, timedelta | None] = {
    "1 h": timedelta(hours=1),
    "6 h": timedelta(hours=6),
    "24 h": timedelta(hours=24),
    "7 d": timedelta(days=7),
    "30 d": timedelta(days=30),
    "90 d": timedelta(days=90),
    "all": None,
}
DAYS = {name: length for name, length in PERIODS.items() if name not in ("1 h", "6 h", "24 h")}
RANGE = "range"
INTERVAL_HOURS = {"1 h": 1, "4 h": 4, "12 h": 12, "1 d": 24}
AUTO = "auto"
# More points than this on one curve cannot be told apart on any screen.
MOST_POINTS = 750


@dataclass(frozen=True)
class Span:
    """[start, end), UTC without a zone."""

    start: datetime
    end: datetime


def choose_period(
    first: datetime,
    last: datetime,
    default: str,
    *,
    periods: dict[str, timedelta | None] = PERIODS,
    key: str = "period",
) -> Span:
    """A span counted back from `last`, or a free range of whole days; the URL keeps it.

    The hour in which a period begins is included as a whole.
    """
    name = st.segmented_control(
        "Period", [*periods, RANGE], default=default, required=True, key=key, bind="query-params"
    )
    end = last + timedelta(microseconds=1)
    if name == RANGE:
        return _choose_days(first, last)
    length = periods[name]
    start = first if length is None else last - length
    return Span(start.replace(minute=0, second=0, microsecond=0), end)


def _choose_days(first: datetime, last: datetime) -> Span:
    left, right = st.columns(2)
    options: dict[str, Any] = {
        "min_value": first.date(),
        "max_value": last.date(),
        "bind": "query-params",
    }
    default = max(first.date(), last.date() - timedelta(days=14))
    begin: date = left.date_input("From (UTC)", default, key="from", **options)
    until: date = right.date_input("To, inclusive (UTC)", last.date(), key="to", **options)
    if until < begin:
        st.warning(
            "The range ends before it begins, so its ends were swapped.",
            icon=":material/swap_horiz:",
        )
        begin, until = until, begin
    midnight = datetime.min.time()
    return Span(
        datetime.combine(begin, midnight),
        datetime.combine(until + timedelta(days=1), midnight),
    )


def interval_hours(span: Span, chosen: str, *, most: int = MOST_POINTS, least: int = 1) -> int:
    """Hours of a point. `auto` is the shortest from `least` hours on with up to `most` points."""
    if chosen != AUTO:
        return INTERVAL_HOURS[chosen]
    hours = (span.end - span.start) / timedelta(hours=1)
    return next(
        (step for step in INTERVAL_HOURS.values() if step >= least and hours / step <= most),
        max(INTERVAL_HOURS.values()),
    )
