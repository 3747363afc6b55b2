"""What a field may hold, as data: evaluated row by row in `acceptance`, fit for whole columns too.

Bounds keep what is derived from accepted rows finite on every engine: a product or quotient of a
price and a figure neither overflows nor, where PostgreSQL would stop for it, underflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from expectations.rules import rule

# What a column of raw may be.
TEXT = pa.string()
NUMBER = pa.float64()
INTEGER = pa.int64()
INSTANT = pa.timestamp("us", tz="UTC")

FUTURE_TOLERANCE = timedelta(minutes=5)
EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)  # the first Bitcoin block

# dbt's tests and the gates read them there too.
SMALLEST_PRICE_USD = rule("smallest_price_usd")
LARGEST_PRICE_USD = rule("largest_price_usd")

# The largest real figure recorded is a change of 2e37 % since an all-time low of almost nothing.
LARGEST_FIGURE = 1e100
SMALLEST_FIGURE = 1e-100


@dataclass(frozen=True)
class Numbers:
    """Finite doubles from `at_least` to `at_most`; one that is not 0 has at least `least_size`."""

    at_least: float
    at_most: float
    least_size: float = SMALLEST_FIGURE
    kind: pa.DataType = NUMBER


@dataclass(frozen=True)
class WholeNumbers:
    """Whole numbers, also written as 52.0."""

    at_least: int
    at_most: int
    kind: pa.DataType = INTEGER


@dataclass(frozen=True)
class Texts:
    """Texts that every table can hold: neither NUL nor half a surrogate pair."""

    longest: int
    kind: pa.DataType = TEXT


@dataclass(frozen=True)
class Ids:
    """Printable texts without space around them."""

    longest: int
    kind: pa.DataType = TEXT


@dataclass(frozen=True)
class Objects:
    """JSON objects, kept as text."""

    longest: int
    kind: pa.DataType = TEXT


@dataclass(frozen=True)
class Instants:
    """Instants with their zone, or epoch milliseconds, up to `ahead` after they were fetched."""

    earliest: datetime = EARLIEST
    ahead: timedelta = FUTURE_TOLERANCE
    kind: pa.DataType = INSTANT


Domain = Numbers | WholeNumbers | Texts | Ids | Objects | Instants

ID = Ids(longest=200)
MOMENT = Instants()
PRICE = Numbers(SMALLEST_PRICE_USD, LARGEST_PRICE_USD)
# Of a range or an extreme, where real responses hold 0 for what is unknown.
PRICE_OR_ZERO = Numbers(0, LARGEST_PRICE_USD)
AMOUNT = Numbers(0, LARGEST_FIGURE)
DIFFERENCE = Numbers(-LARGEST_FIGURE, LARGEST_FIGURE)
# Nothing loses more than 100 %; real responses round.
CHANGE_PCT = Numbers(-100.01, LARGEST_FIGURE)
RANK = WholeNumbers(1, 1_000_000)
LABEL = Texts(longest=500)
ADDRESS = Texts(longest=2_000)
DETAILS = Objects(longest=2_000)
