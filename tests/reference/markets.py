"""Irregular markets, many to a warehouse, because a build costs seconds whatever its size.

Hypothesis draws the shape of each market and the way its answers arrive; the thousands of rows
within follow from the seed in the shape. Every market has coins of its own, named by its number, so
that a difference names the market it is in. All end at the same two clocks, one for each source.

Prices are small whole numbers times a power of two or of ten: ties and thresholds are exact in
binary or in decimals alone. The thin coin is not ranked and may have any price.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from extract.landing import Response
from tests.reference.answers import (
    Markets,
    batches_answer,
    chart_answer,
    error_answer,
    landed_in_runs,
    markets_answer,
)
from tests.reference.followers import DailyMarket
from tests.reference.quotes import CoinPath, Quoting
from tests.reference.trades import deliveries, trades

# The day after New York changed its clocks: a local midnight anywhere shows.
LAST_MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
DAYS_SPANNED = 8
CLOCK = "clock"

# Where the clocks stand against the last midnight: before it, at it, near it, in the day.
CLOCKS = [
    timedelta(0),
    9 * HOUR,
    -2 * MINUTE,
    90 * MINUTE,
    90 * MINUTE + INSTANT,
    22 * HOUR + 45 * MINUTE,
]

# Observations about a midnight: at it, at the tolerance, beyond it, and in pairs equally far.
NEAR_MIDNIGHT = [
    sign * distance
    for distance in (
        timedelta(0),
        INSTANT,
        5 * MINUTE,
        37 * MINUTE,
        90 * MINUTE - INSTANT,
        90 * MINUTE,
        90 * MINUTE + INSTANT,
    )
    for sign in (-1, 1)
]

# From one observation to another that is compared with it or holds beside it.
LATER = [
    24 * HOUR - INSTANT,
    24 * HOUR - 15 * MINUTE,
    24 * HOUR - 15 * MINUTE - INSTANT,
    36 * HOUR,
    36 * HOUR + INSTANT,
    24 * HOUR,
    25.5 * HOUR,
    25.5 * HOUR + INSTANT,
    HOUR,
]


@dataclass(frozen=True)
class Shape:
    """One market: polls lie unevenly, none in the gap, and end so long before the clock."""

    seed: int
    days: int
    polls_a_day: int
    gap_hours: int
    silent_minutes: int
    charts: int
    trades_a_day: int


@dataclass(frozen=True)
class Recipe:
    """Markets, one of daily quotes, how long no other was quoted, where the clocks stand then."""

    shapes: tuple[Shape, ...]
    daily_seed: int
    quiet: timedelta
    coingecko_clock: datetime
    stream_clock: datetime


# The first of each choice makes the first example, and is the one that holds the most.
shapes = st.builds(
    Shape,
    seed=st.integers(0, 2**32 - 1),
    days=st.sampled_from([4, 2, 3, 5, 6]),
    polls_a_day=st.sampled_from([24, 8, 16, 40]),
    gap_hours=st.sampled_from([3, 0, 0, 1, 2, 5, 30]),
    silent_minutes=st.sampled_from([0, 0, 0, 10, 90, 91, 300, 1500]),
    charts=st.sampled_from([2, 0, 1, 3]),
    trades_a_day=st.sampled_from([60, 0, 6, 30]),
)
clocks = st.sampled_from([LAST_MIDNIGHT + offset for offset in CLOCKS])


def recipes(count: int) -> st.SearchStrategy[Recipe]:
    return st.builds(
        Recipe,
        shapes=st.lists(shapes, min_size=count, max_size=count).map(tuple),
        daily_seed=st.integers(0, 2**32 - 1),
        quiet=st.sampled_from([10 * HOUR, 0 * HOUR, 0 * HOUR]),
        coingecko_clock=clocks,
        stream_clock=clocks,
    )


def made(recipe: Recipe) -> Markets:
    answers: list[tuple[str, Response]] = []
    flags: list[tuple[str, str, str | None]] = []
    source_ids: list[tuple[str, str, str]] = []
    for number, shape in enumerate(recipe.shapes):
        market = OneMarket(number, shape, recipe)
        answers += [(market.name, response) for response in market.responses()]
        flags += market.flags
        source_ids += market.source_ids
    daily = DailyMarket("daily", recipe.daily_seed, LAST_MIDNIGHT, recipe.coingecko_clock)
    answers += [(daily.name, response) for response in daily.responses()]
    flags += daily.flags
    # The answers the clocks stand at hold no rows.
    answers.append((CLOCK, markets_answer(recipe.coingecko_clock, [])))
    answers.append((CLOCK, batches_answer(recipe.stream_clock, [])))
    return Markets(list(landed_in_runs(answers)), flags, source_ids)


def on_the_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


class OneMarket:
    """The answers of one market."""

    def __init__(self, number: int, shape: Shape, recipe: Recipe) -> None:
        self.name = f"m{number:02}"
        self._shape = shape
        self._rng = random.Random(f"{shape.seed} {number}")
        self._coingecko_clock = recipe.coingecko_clock
        self._stream_clock = recipe.stream_clock
        self._silence = recipe.quiet + shape.silent_minutes * MINUTE
        peg = self._rng.choice(["usd", "usd", "usd", "eur"])
        self.flags = [
            (f"{self.name}-stable", "stablecoin", peg),
            (f"{self.name}-wrapped", "wrapped", None),
        ]
        self.source_ids = [
            ("stream", f"{self.name}-{coin}-usd".upper(), f"{self.name}-{coin}")
            for coin in ("plain", "traded", "stable")
        ]

    def responses(self) -> list[Response]:
        times = self._times(self._coingecko_clock - self._silence, self._shape.polls_a_day)
        quoting = Quoting(self.name, self._rng)
        polls = [
            markets_answer(at, quoting.poll(at), currency)
            for at in sorted(times)
            for currency in self._rng.choices(["usd", "usd usd", "eur usd"], [94, 3, 3])[0].split()
        ]
        quoted = quoting.times
        charts = [self._chart(times, quoted) for _ in range(self._shape.charts) if times]
        return [*polls, *charts, *self._errors(), *self._stream()]

    def _times(self, end: datetime, a_day: int) -> list[datetime]:
        """Uneven, with a gap, and with instants at which rules turn."""
        rng = self._rng
        at = LAST_MIDNIGHT - timedelta(days=self._shape.days) + rng.random() * 12 * HOUR
        gap_start = at + rng.random() * timedelta(days=self._shape.days)
        gap_end = gap_start + self._shape.gap_hours * HOUR
        times: list[datetime] = []
        while at <= end:
            times.append(at.replace(microsecond=at.microsecond // 1000 * 1000))
            at += rng.expovariate(a_day) * timedelta(days=1)
        for days in range(self._shape.days + 1):
            midnight = LAST_MIDNIGHT - timedelta(days=days)
            times += [midnight + rng.choice(NEAR_MIDNIGHT) for _ in range(rng.randint(0, 3))]
        evenings = [at for at in times if at.hour >= 22]
        times += [rng.choice(times) + rng.choice(LATER) for _ in range(8) if times]
        times += [rng.choice(evenings) + rng.choice(LATER) for _ in range(4) if evenings]
        times += [on_the_hour(at) for at in rng.sample(times, min(5, len(times)))]
        if a_day > 48:
            # Dense enough for days of which no hour is missing.
            hours = range(24 * (self._shape.days + 1))
            times += [on_the_hour(end) - (age - rng.random()) * HOUR for age in hours]
        return sorted({t for t in times if t <= end and not gap_start <= t < gap_end})

    def _chart(self, times: list[datetime], quoted: dict[str, list[datetime]]) -> Response:
        """Hourly history up to a call, some of its points at the instants of quotes."""
        rng = self._rng
        coin_id = f"{self.name}-{rng.choice(['plain', 'stable', 'history', 'history'])}"
        called = rng.choice(times)
        points = [on_the_hour(called) - age * HOUR for age in range(rng.choice([5, 20, 50]))]
        points = [point for point in points if rng.random() < 0.8]
        known = [at for at in quoted.get(coin_id, []) if at <= called]
        points += rng.sample(known, min(len(known), rng.randint(0, 4)))
        points.append(called - rng.random() * MINUTE)
        path = CoinPath.of(coin_id, rng)
        return chart_answer(called, coin_id, [self._point(at, path) for at in sorted(points)])

    def _point(self, at: datetime, path: CoinPath) -> tuple[datetime | None, Any, Any]:
        price: Any = path.step()
        if self._rng.random() < 0.02:
            price = self._rng.choice([None, 0, -1.0, "1.0"])
        return (at if self._rng.random() > 0.01 else None), price, path.volume()

    def _errors(self) -> Iterator[Response]:
        """Answers without data; they move no clock, however late."""
        for _ in range(self._rng.randint(0, 2)):
            late = self._rng.random() * timedelta(days=2) - timedelta(days=1)
            yield error_answer(self._coingecko_clock + late, self._rng.choice([429, 200, 503]))

    def _stream(self) -> Iterator[Response]:
        if self._shape.trades_a_day:
            times = self._times(self._stream_clock - self._silence, self._shape.trades_a_day)
            for fetched_at, ticks in deliveries(
                trades(self.name, times, self._rng), self._stream_clock, self._rng
            ):
                yield batches_answer(fetched_at, ticks)
