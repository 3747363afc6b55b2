"""Trades of one market's stream and the answers they come in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.reference.quotes import CoinPath

Tick = dict[str, Any]

# The last of them is no coin the warehouse knows.
COINS = ["traded", "traded", "plain", "stable", "unknown"]


def trades(market: str, times: list[datetime], rng: random.Random) -> list[Tick]:
    """One to three trades at each instant, most of one coin; ids do not follow the order."""
    paths = {coin: CoinPath.of(f"{market}-{coin}", rng) for coin in COINS}
    ticks: list[Tick] = []
    for number, at in enumerate(times):
        coins = ["traded", rng.choice(COINS), rng.choice(COINS)][: rng.choice([1, 1, 1, 2, 3])]
        for coin in coins:
            tick = {
                "event_id": f"{rng.choice('aBz9')}{rng.randint(0, 40)}",
                "product_id": f"{market}-{coin}-usd".upper(),
                "event_at": at.isoformat(),
                "price": paths[coin].step(),
                "size": rng.choice([None, 0, 1]) if rng.random() < 0.2 else rng.uniform(0, 9),
                "batch": number // 3,
            }
            if rng.random() < 0.01:
                tick |= rng.choice([{"event_id": ""}, {"price": 0}, {"event_at": None}])
            ticks.append(tick)
    return ticks


def deliveries(
    ticks: list[Tick], clock: datetime, rng: random.Random
) -> Iterator[tuple[datetime, list[Tick]]]:
    """(fetched_at, ticks) of each answer; some come again later, in part with other values."""
    start = 0
    while start < len(ticks):
        sent = ticks[start : start + rng.randint(1, 6)]
        start += len(sent)
        latest = max((t["event_at"] for t in sent if t["event_at"]), default=clock.isoformat())
        fetched_at = datetime.fromisoformat(latest) + timedelta(minutes=rng.randint(-4, 9))
        yield min(fetched_at, clock), sent
        if rng.random() < 0.1:
            again = [
                tick | {"price": 7.0, "size": rng.uniform(0, 9)} if rng.random() < 0.5 else tick
                for tick in sent
            ]
            yield min(fetched_at + timedelta(hours=rng.randint(0, 30)), clock), again
