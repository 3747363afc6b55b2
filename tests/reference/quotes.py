"""Quotes of one market's coins, with the irregularities that polls bring."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

MINUTE = timedelta(minutes=1)

# Of 4000: moves that reach and just miss 5 %, 4 % (where episodes close), 10 % and 20 %.
LEVELS = [4000, 4000, 4000, 4200, 4199, 4160, 4159, 4400, 4399, 4800, 4799, 5000]
LEVELS += [3800, 3801, 3840, 3841, 3600, 3601, 3200, 3201, 3000]
# Powers of two, of which all is exact, and of ten, by which levels are decimals that binary misses.
SCALES = [Fraction(2) ** power for power in (-50, -12, -2, 0, 30)]
SCALES += [Fraction(10) ** power for power in (-9, -5, -3, -2, 1)]

# About 1 USD: 50 bp and 200 bp off, 40 bp (where episodes close), and what just misses them.
PEGGED = [1.0, 1.0, 1.0, 0.9999, 1.005, 1.0051, 1.0049, 1.004, 1.0039, 1.0041, 1.02, 1.0201, 1.0199]
PEGGED += [0.995, 0.9951, 0.9949, 0.996, 0.9961, 0.9959, 0.98, 0.9801, 0.9799, 1.05, 0.91]

VOLUMES = [None, None, 0.0, 999_999.99, 1_000_000.0, 1_000_000.01]


@dataclass
class CoinPath:
    """Steps of one coin's price and draws of its volume."""

    kind: str
    scale: Fraction
    rng: random.Random
    level: float = 4000

    @classmethod
    def of(cls, coin_id: str, rng: random.Random) -> CoinPath:
        """A coin has one scale, whoever quotes it."""
        scale = SCALES[sum(coin_id.encode()) % len(SCALES)]
        return cls(coin_id.rpartition("-")[2], scale, rng)

    def step(self) -> float:
        """Holds, jitters, or jumps."""
        fate = self.rng.random()
        if self.kind == "stable":
            if fate > 0.5:
                self.level = self.rng.choice(PEGGED)
            return self.level if self.level < 2 else 1.0
        if self.kind == "thin":
            return float(self.scale) * (4000 + self.rng.uniform(-400, 400))
        if fate > 0.75:
            self.level = self.rng.choice(LEVELS)
        elif fate > 0.55:
            self.level = min(max(self.level + self.rng.randint(-30, 30), 2000), 6000)
        return float(self.scale * Fraction(self.level))

    def volume(self) -> float | None:
        if self.kind == "thin":
            return self.rng.choice([None, 1.5, 999_999.0])
        if self.rng.random() < 0.3:
            return self.rng.choice(VOLUMES)
        return self.rng.uniform(1e6, 1e11)


class Quoting:
    """Answers one poll after another; `times` are those of all quotes by coin."""

    def __init__(self, market: str, rng: random.Random) -> None:
        self._market = market
        self._rng = rng
        self._paths = {
            coin: CoinPath.of(f"{market}-{coin}", rng)
            for coin in ("plain", "stable", "wrapped", "thin")
        }
        self._named = {coin: (coin[:3], coin.title()) for coin in [*self._paths, "twin"]}
        self._last: dict[str, dict[str, Any]] = {}
        self.times: dict[str, list[datetime]] = defaultdict(list)

    def poll(self, at: datetime) -> list[dict[str, Any]]:
        """The rows of an answer fetched at `at`."""
        rows = [row for coin in self._paths for row in self._coin(coin, at)]
        self._rng.shuffle(rows)
        return [self._spoiled(row, at) if self._rng.random() < 0.02 else row for row in rows]

    def _coin(self, coin: str, at: datetime) -> Iterator[dict[str, Any]]:
        """No row, the last quote again, or a new one; the twin moves as the plain coin does."""
        fate = self._rng.random()
        last = self._last.get(coin)
        if fate < 0.08:
            return
        if last is not None and fate < 0.16:
            row = last
        elif last is not None and fate < 0.20:
            row = last | self._figures(coin)
        else:
            row = self._quote(coin, self._observed(at, fate))
        self._last[coin] = row
        yield row
        if coin == "plain" and self._rng.random() < 0.9:
            yield row | {
                "id": f"{self._market}-twin",
                "current_price": float(3 * Fraction(repr(row["current_price"]))),
                "total_volume": row["total_volume"] and row["total_volume"] + 1,
            }

    def _observed(self, at: datetime, fate: float) -> datetime:
        """At the poll, before it, hours before it, or ahead of it by a clock that runs fast."""
        if fate < 0.70:
            return at
        if fate < 0.92:
            return at - timedelta(milliseconds=self._rng.randint(1, 600_000))
        if fate < 0.96:
            return at - self._rng.choice([10, 15, 60, 89, 90, 200, 1440]) * MINUTE
        return at + self._rng.choice([1, 4, 5]) * MINUTE

    def _quote(self, coin: str, observed_at: datetime) -> dict[str, Any]:
        if self._rng.random() < 0.03:
            self._named[coin] = self._rng.choice(
                [(coin[:3], coin.title()), ("new", coin.title()), (None, "Renamed"), ("new", None)]
            )
        coin_id = f"{self._market}-{coin}"
        self.times[coin_id].append(observed_at)
        symbol, name = self._named[coin]
        zone = timezone(timedelta(hours=-5)) if self._rng.random() < 0.1 else UTC
        return {
            "id": coin_id,
            "symbol": symbol,
            "name": name,
            "last_updated": observed_at.astimezone(zone).isoformat(),
        } | self._figures(coin)

    def _figures(self, coin: str) -> dict[str, Any]:
        path = self._paths[coin]
        vendor_pct = None if self._rng.random() < 0.2 else self._rng.uniform(-30, 30)
        return {
            "current_price": path.step(),
            "total_volume": path.volume(),
            "price_change_percentage_24h": vendor_pct,
        }

    def _spoiled(self, row: dict[str, Any], at: datetime) -> dict[str, Any]:
        """Breaks a hard rule."""
        return row | self._rng.choice(
            [
                {"id": None},
                {"id": " "},
                {"current_price": 0},
                {"current_price": -1.5},
                {"current_price": None},
                {"current_price": "12"},
                {"last_updated": None},
                {"last_updated": "2026-03-09T12:00:00"},
                {"last_updated": (at + 5 * MINUTE + timedelta(microseconds=1)).isoformat()},
                {"total_volume": "much"},
            ]
        )
