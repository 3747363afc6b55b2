"""The simulated market: every value is a pure function of seed, coin and absolute time.

Nothing is walked from a starting date. A later run extends the same history, and any subset of
instants, in any order, gives the same bits. Instants are int64 epoch milliseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extract.simulated.coins import COINS, Coin
from extract.simulated.events import DAY_MS, HOUR_MS, EventCalendar
from extract.simulated.jumps import Jumps
from extract.simulated.noise import Bools, Floats, Ints, Noise, stream_key, uniform
from extract.simulated.volume import VolumeRate

BATCH_MS = 5_000

# Of whichever type the values have.
Column = NDArray[Any]

_YEAR_MS = 365.25 * DAY_MS
_EPOCH_2025_MS = 1_735_689_600_000

# Periods of the octaves grow by three, from 5 seconds to 277 days. The longest are damped, so that
# a coin stays within sight of its level; the others are raised by what turbulence adds to the fast.
_FAST_MS = tuple(BATCH_MS * 3**k for k in range(11))
_SLOW_MS = tuple(BATCH_MS * 3**k for k in range(11, 15))
_SLOW_WEIGHTS = (1.2, 1.15, 0.9, 0.6)
# Standard deviation of the change over a day when the amplitude of a one-day octave is 1, measured.
_DAILY_CHANGE = 2.15
_MARKET_VOLATILITY = 0.023
# Calm and busy weeks come to all coins together.
_TURBULENCE_MS = (4 * DAY_MS, 11 * DAY_MS, 40 * DAY_MS)
_TURBULENCE = (0.25, 0.25, 0.25)
_TETHERED_MS = tuple(BATCH_MS * 4**k for k in range(1, 10))


def _walk(periods_ms: Sequence[int], daily: float) -> list[float]:
    """Amplitudes of a random walk with this standard deviation of daily changes."""
    return [daily / _DAILY_CHANGE * math.sqrt(period / DAY_MS) for period in periods_ms]


@dataclass(frozen=True)
class Supplies:
    """Coins in circulation at each instant; total and maximum are None where unknown."""

    circulating: Floats
    total: Floats | None
    maximum: float | None


class _Engine:
    """The random streams of one coin."""

    def __init__(self, seed: int, coin: Coin, events: EventCalendar):
        name = f"{seed}/{coin.coin_id}"
        self.tick_time_key = stream_key(name, "tick time")
        self.tick_size_key = stream_key(name, "tick size")
        self.volume = VolumeRate(
            f"{name}/volume", coin.daily_volume_usd, lambda at_ms: events.log_shift(coin, at_ms)
        )
        if coin.kind != "coin":
            share = coin.volatility / math.sqrt(len(_TETHERED_MS))
            self.tethered = Noise(f"{name}/tether", _TETHERED_MS, [share] * len(_TETHERED_MS))
            return
        common = coin.beta * _MARKET_VOLATILITY
        own = math.sqrt(max(coin.volatility**2 - common**2, (0.3 * coin.volatility) ** 2))
        self.fast = Noise(f"{name}/fast", _FAST_MS, _walk(_FAST_MS, own))
        slow = _walk(_SLOW_MS, own)
        self.slow = Noise(f"{name}/slow", _SLOW_MS, _weighted(slow))
        self.jumps = Jumps(f"{name}/jump", 1.6 * coin.volatility)


def _weighted(amplitudes: Sequence[float]) -> list[float]:
    return [a * d for a, d in zip(amplitudes, _SLOW_WEIGHTS, strict=True)]


class Market:
    """Prices, volumes, supplies, labels and ticks of a set of coins."""

    def __init__(self, seed: int = 7, coins: Sequence[Coin] = COINS):
        self.seed = seed
        self.coins = tuple(coins)
        self.events = EventCalendar(seed, self.coins)
        self._by_id = {coin.coin_id: coin for coin in self.coins}
        missing = {c.follows for c in self.coins if c.kind == "wrapped"} - self._by_id.keys()
        if missing:
            raise ValueError(f"wrapped coins follow coins that are not in the market: {missing}")
        self._engines = {c.coin_id: _Engine(seed, c, self.events) for c in self.coins}
        walk = _walk(_FAST_MS, _MARKET_VOLATILITY)
        self._common_fast = Noise(f"{seed}/market/fast", _FAST_MS, walk)
        walk = _weighted(_walk(_SLOW_MS, _MARKET_VOLATILITY))
        self._common_slow = Noise(f"{seed}/market/slow", _SLOW_MS, walk)
        self._turbulence = Noise(f"{seed}/market/turbulence", _TURBULENCE_MS, _TURBULENCE)

    def coin(self, coin_id: str) -> Coin:
        """The coin with this id; KeyError when there is none."""
        return self._by_id[coin_id]

    def __contains__(self, coin_id: object) -> bool:
        return coin_id in self._by_id

    def prices(self, coin_id: str, at_ms: Ints) -> Floats:
        """USD for one coin at each instant."""
        at = _instants(at_ms)
        if at.size == 0:
            return np.empty(0)
        return np.exp(self._log_prices(self._by_id[coin_id], at))

    def _log_prices(self, coin: Coin, at: Ints) -> Floats:
        engine = self._engines[coin.coin_id]
        if coin.follows is not None:
            years = (at - _EPOCH_2025_MS) * (1.0 / _YEAR_MS)
            ratio = math.log(coin.level_usd) + coin.ratio_growth * years
            return self._log_prices(self._by_id[coin.follows], at) + ratio + engine.tethered.at(at)
        if coin.kind == "stablecoin":
            out = engine.tethered.at(at)
        else:
            out = coin.beta * self._common_fast.at(at) + engine.fast.at(at)
            out *= np.exp(self._turbulence.at(at))
            out += coin.beta * self._common_slow.at(at) + engine.slow.at(at)
            engine.jumps.add_to(out, at)
        shift = self.events.log_shift(coin, at)
        if shift is not None:
            out += shift
        return out + math.log(coin.level_usd)

    def rolling_volumes(self, coin_id: str, at_ms: Ints) -> Floats:
        """USD traded in the 24 hours that end at each instant."""
        at = _instants(at_ms)
        return self._engines[coin_id].volume.rolling(at) if at.size else np.empty(0)

    def supplies(self, coin_id: str, at_ms: Ints) -> Supplies:
        """Supply at each instant. It changes once a UTC day."""
        coin = self._by_id[coin_id]
        years = (_instants(at_ms) // DAY_MS * DAY_MS - _EPOCH_2025_MS) * (1.0 / _YEAR_MS)
        factor = np.exp(coin.supply_growth * np.clip(years, -10.0, 10.0))
        total = None
        if coin.total_supply is not None:
            total = coin.total_supply * factor
            if coin.total_supply == coin.max_supply:
                total = np.full(factor.size, coin.total_supply)
        ceiling = coin.max_supply if coin.max_supply is not None else np.inf
        if total is not None:
            total = np.minimum(total, ceiling)
            ceiling = total
        circulating = np.minimum(coin.circulating_supply * factor, ceiling)
        return Supplies(circulating, total, coin.max_supply)

    def market_caps(self, coin_id: str, at_ms: Ints) -> Floats:
        """USD value of the circulating supply at each instant."""
        return self.prices(coin_id, at_ms) * self.supplies(coin_id, at_ms).circulating

    def symbol_at(self, coin_id: str, at_ms: int) -> str:
        """Ticker symbol in force, lower case as the API has it."""
        return self.events.label(self._by_id[coin_id], at_ms)[0]

    def name_at(self, coin_id: str, at_ms: int) -> str:
        """Name in force."""
        return self.events.label(self._by_id[coin_id], at_ms)[1]

    def ticks(self, batch_number: int) -> dict[str, Column]:
        """Trades of one batch, [n * 5 s, (n + 1) * 5 s): see `tick_batches`."""
        return self.tick_batches(batch_number, 1)

    def tick_batches(self, first: int, count: int) -> dict[str, Column]:
        """Trades of `count` consecutive batches, one per coin and batch, by batch and coin.

        Columns: batch, event_id, product_id, event_at (epoch ms), price (USD), size (coins),
        change_pct (percent since the coin's tick of the batch before; NaN when that one fell into
        an hour without data). Batches of such an hour have no rows.
        """
        batch = np.arange(first - 1, first + count, dtype=np.int64)
        known = ~self.events.is_outage(batch * BATCH_MS)
        columns = [self._coin_ticks(coin, batch, known) for coin in self.coins]
        keep = np.repeat(known[1:], len(columns))
        return {
            name: np.stack([column[name] for column in columns], axis=1).ravel()[keep]
            for name in columns[0]
        }

    def _coin_ticks(self, coin: Coin, batch: Ints, known: Bools) -> dict[str, Column]:
        engine = self._engines[coin.coin_id]
        offset = uniform(engine.tick_time_key, batch) * BATCH_MS
        at = batch * BATCH_MS + offset.astype(np.int64)
        price = self.prices(coin.coin_id, at)
        change = np.where(known[:-1], 100.0 * (price[1:] / price[:-1] - 1.0), np.nan)
        batch, at, price = batch[1:], at[1:], price[1:]
        usd = engine.volume.per_hour(at // HOUR_MS) * (BATCH_MS / HOUR_MS)
        # Exponential sizes: many small trades, a few large ones, mean as the rate says.
        size = -np.log1p(-uniform(engine.tick_size_key, batch)) * usd / price
        return {
            "batch": batch,
            "event_id": np.array([f"{coin.product_id}-{n}" for n in batch.tolist()], dtype=object),
            "product_id": np.full(batch.size, coin.product_id, dtype=object),
            "event_at": at,
            "price": price,
            "size": np.maximum(size, 1e-12),
            "change_pct": change,
        }


def _instants(at_ms: Ints) -> Ints:
    return np.ascontiguousarray(at_ms, dtype=np.int64).ravel()
