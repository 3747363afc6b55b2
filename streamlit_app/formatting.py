"""How figures are written. Prices range from 60,000 to 0.0000041 and keep their digits in both."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard, TypeVar

import pandas as pd

# What pandas writes the cells of a column with, by its name.
CellFormats = dict[Any, str | Callable[[Any], str] | None]
Value = TypeVar("Value", float, datetime)

UNKNOWN = "-"
# Not a place to break a line.
NARROW = "\N{NO-BREAK SPACE}"
# d3-format, for Plotly: six significant digits without an exponent.
AXIS_PRICE = ",.6~r"
HOVER_PRICE = "$,.6~r"
# moment.js, for tables.
MOMENT = "YYYY-MM-DD HH:mm"
COMPACT_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def is_known(value: Value | None) -> TypeGuard[Value]:
    """Neither null nor, as in a frame, NaT or NaN."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is not None and value is not pd.NaT


def significant(value: float | None, digits: int = 5) -> str:
    """`digits` significant digits, grouped thousands, no exponent; whole numbers keep theirs."""
    if not is_known(value):
        return UNKNOWN
    if value == 0:
        return "0"
    exponent = int(f"{value:.{digits - 1}e}".split("e")[1])
    return f"{value:,.{max(digits - 1 - exponent, 0)}f}"


def price(value: float | None) -> str:
    """US dollars. Cents from 1 to 100,000, five significant digits elsewhere."""
    if not is_known(value):
        return UNKNOWN
    text = f"{value:,.2f}" if 1000 <= abs(value) < 100_000 else significant(value)
    return f"${text}"


def change(value: float | None) -> str:
    """Per cent with its sign and an arrow, so that colour is never alone in telling."""
    if not is_known(value):
        return UNKNOWN
    arrow = "▲" if value > 0 else "▼" if value < 0 else "■"
    return f"{arrow}{NARROW}{value:+.2f}{NARROW}%"


def coloured_change(value: float | None) -> str:
    """The same for Markdown."""
    text = change(value)
    if not is_known(value) or value == 0:
        return text
    return f":{'green' if value > 0 else 'red'}[{text}]"


def percent(value: float | None, digits: int = 1) -> str:
    return f"{value:.{digits}f} %" if is_known(value) else UNKNOWN


def dollars(value: float | None) -> str:
    """Large sums in short: $1.23B."""
    if not is_known(value):
        return UNKNOWN
    for unit, letter in COMPACT_UNITS:
        if abs(value) >= unit:
            return f"${value / unit:,.2f}{letter}"
    return f"${value:,.0f}"


def size(count: int) -> str:
    """Bytes."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def instant(value: datetime | None) -> str:
    """A naive time is UTC already."""
    if not is_known(value):
        return UNKNOWN
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    return f"{value:%Y-%m-%d %H:%M} UTC"


def short_instant(value: datetime | None, unknown: str = UNKNOWN) -> str:
    """Day and time without the year, for narrow tables."""
    return f"{value:%d %b %H:%M}".replace(" ", NARROW) if is_known(value) else unknown


def duration(length: timedelta) -> str:
    """In its largest two units."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    shown = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(shown)


def age(since: datetime, now: datetime) -> str:
    return f"{duration(max(now - since, timedelta()))} ago"
