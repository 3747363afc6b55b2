"""Coins that follow others, or the dollar, for longer than a month: a quote of each a day.

Each keeps to its bound but for a coin that leaves it now and then by a hundredth of a basis point,
and each misses days, so that some have too few closes. Who is larger changes, and some sizes are
equal or not told.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from extract.landing import Response
from tests.reference.answers import markets_answer

DAYS = 48
SIZES = [None, 0.0, 1e6, 1e6, 2e9]
ONE_IN_TEN_THOUSAND = Fraction(1, 10_000)


@dataclass(frozen=True)
class Follower:
    """Within `most_bp` of the leader, or of the dollar; `strays` is how often it is beyond."""

    name: str
    leader: str | None
    most_bp: int
    strays: float = 0
    misses: float = 0.1
    size: float | None = 1e6
    flag: tuple[str, str | None] | None = None


FOLLOWERS = [
    Follower("near", "leader", 50),
    Follower("straying", "leader", 50, strays=0.03),
    Follower("sparse", "leader", 40, misses=0.33),
    Follower("twin", "leader", 20, size=2e9),
    Follower("second", "near", 10, size=1e6),
    Follower("known", "leader", 30, flag=("wrapped", None)),
    Follower("ordinary", "leader", 30, flag=("ordinary", None)),
    Follower("dollar", None, 100),
    Follower("doubtful", None, 100, strays=0.03),
    Follower("seldom", None, 60, misses=0.33),
    Follower("pegged", None, 40, flag=("stablecoin", "usd")),
    Follower("shadow", "pegged", 30),
    Follower("euro", "leader", 45, flag=("stablecoin", "eur")),
]


class DailyMarket:
    """The answers of one such market, named like the others."""

    def __init__(self, name: str, seed: int, last_midnight: datetime, clock: datetime) -> None:
        self.name = name
        self._rng = random.Random(f"{seed} {name}")
        self._midnights = [last_midnight - timedelta(days=age) for age in range(DAYS)]
        self._clock = clock
        self.flags = [(f"{name}-{f.name}", *f.flag) for f in FOLLOWERS if f.flag]

    def responses(self) -> Iterator[Response]:
        level = 150_000
        for midnight in sorted(self._midnights):
            level += self._rng.randint(-9_000, 9_000)
            at = midnight + timedelta(minutes=self._rng.randint(-20, 20))
            if at <= self._clock:
                yield markets_answer(at, list(self._rows(at, Fraction(level, 100))))

    def _rows(self, at: datetime, price: Fraction) -> Iterator[dict[str, Any]]:
        prices = {"leader": price}
        yield self._row("leader", at, price, self._rng.choice([2e9, 2e9, None]))
        for follower in FOLLOWERS:
            led_by = prices[follower.leader] if follower.leader else Fraction(1)
            most = Fraction(follower.most_bp)
            nearby = [Fraction(0), Fraction(0), most, -most, most / 3, -most / 7]
            bp = self._rng.choice(nearby)
            if self._rng.random() < follower.strays:
                bp = self._rng.choice([1, -1]) * (most + Fraction(1, 100))
            prices[follower.name] = led_by * (1 + bp * ONE_IN_TEN_THOUSAND)
            if self._rng.random() >= follower.misses:
                size = follower.size if self._rng.random() < 0.9 else self._rng.choice(SIZES)
                yield self._row(follower.name, at, prices[follower.name], size)

    def _row(self, name: str, at: datetime, price: Fraction, size: float | None) -> dict[str, Any]:
        return {
            "id": f"{self.name}-{name}",
            "last_updated": at.isoformat(),
            "current_price": float(price),
            "market_cap": size,
            "total_volume": 5e6,
        }
