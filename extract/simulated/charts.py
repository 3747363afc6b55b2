"""Responses of `GET /coins/{id}/market_chart`."""

import numpy as np

from extract.simulated.events import DAY_MS, HOUR_MS
from extract.simulated.market import Market
from extract.simulated.noise import Ints, stream_key, uniform

STEPS_MS = {"5m": 5 * 60_000, "hourly": HOUR_MS, "daily": DAY_MS}
MAX_DAYS = 365

_JITTER_MS = 20_000
# The point of the last midnight appears 35 minutes later.
_DAILY_LAG_MS = 35 * 60_000


def market_chart(
    market: Market, coin_id: str, now_ms: int, days: int, interval: str | None = None
) -> dict[str, list[list[float]]]:
    """`{prices, market_caps, total_volumes}`, each `[[epoch ms, USD], ...]`.

    One day has five-minute points, up to 90 days hourly ones, more days one at each 00:00 UTC.
    Points of the first two follow their grid time by 0 to 20 seconds, a function of coin and grid
    time. The last point is the present second, off the grid.
    """
    granularity = interval or ("5m" if days == 1 else "hourly" if days <= 90 else "daily")
    at = _point_times(market, coin_id, now_ms, days, granularity)
    prices = market.prices(coin_id, at)
    supplies = market.supplies(coin_id, at)
    volumes = market.rolling_volumes(coin_id, at)
    times = at.tolist()
    columns = {
        "prices": prices,
        "market_caps": prices * supplies.circulating,
        "total_volumes": volumes,
    }
    return {
        name: [[t, value] for t, value in zip(times, values.tolist(), strict=True)]
        for name, values in columns.items()
    }


def _point_times(market: Market, coin_id: str, now_ms: int, days: int, granularity: str) -> Ints:
    step = STEPS_MS[granularity]
    now = now_ms // 1000 * 1000
    outage = market.events.outage_near(now)
    if outage.start_ms <= now < outage.end_ms:
        now = outage.start_ms - 1000
    first = -(-(now - days * DAY_MS) // step)
    grid = np.arange(first * step, now_ms + 1, step, dtype=np.int64)
    if granularity == "daily":
        at = grid[grid + _DAILY_LAG_MS <= now_ms]
    else:
        key = stream_key(market.seed, coin_id, "jitter", granularity)
        at = grid + (uniform(key, grid // step) * _JITTER_MS).astype(np.int64)
    at = at[(at < now) & ~market.events.is_outage(at)]
    return np.append(at, now)
