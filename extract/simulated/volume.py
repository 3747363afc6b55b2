"""Turnover: a rate that is constant within each UTC hour, and its integral over 24 hours."""

import math
from collections.abc import Callable

import numpy as np

from extract.simulated.events import DAY_MS, HOUR_MS
from extract.simulated.noise import Floats, Ints, Noise, by_index, gauss, stream_key

_PERIODS_MS = (3 * HOUR_MS, 22 * HOUR_MS, 5 * DAY_MS, 37 * DAY_MS)
_AMPLITUDES = (0.15, 0.2, 0.25, 0.3)
_HOURLY = 0.15
# Keeps the mean of exp(noise) near 1; a smooth octave has about 3/4 of its nodes' variance.
_CENTRE = -0.5 * (_HOURLY**2 + 0.75 * sum(a * a for a in _AMPLITUDES))

# The European afternoon and the American morning are the busiest, weekends are quiet.
_RHYTHM = np.array([1.0 + 0.3 * math.cos(2 * math.pi * (hour - 15) / 24) for hour in range(24)])
_WEEK = np.array([1.06, 1.06, 0.8, 0.82, 1.06, 1.1, 1.1])  # 1 January 1970 was a Thursday


class VolumeRate:
    """USD traded per hour by one coin.

    `move` gives the size of the scripted price move at each instant, which attracts trade.
    """

    def __init__(self, name: object, daily_usd: float, move: Callable[[Ints], Floats | None]):
        self._key = stream_key(name, "hour")
        self._noise = Noise(f"{name}/noise", _PERIODS_MS, _AMPLITUDES)
        self._hourly_usd = daily_usd / 24.0
        self._move = move

    def per_hour(self, hour: Ints) -> Floats:
        """USD traded in each hour, counted from the epoch."""
        middle_ms = hour * HOUR_MS + HOUR_MS // 2
        log_rate = self._noise.at(middle_ms) + _HOURLY * gauss(self._key, hour) + _CENTRE
        rate: Floats = np.exp(log_rate) * _RHYTHM[hour % 24] * _WEEK[hour // 24 % 7]
        move = self._move(middle_ms)
        if move is not None:
            rate *= 1.0 + 8.0 * np.minimum(np.abs(move), 1.0)
        return rate * self._hourly_usd

    def rolling(self, at_ms: Ints) -> Floats:
        """USD traded in the 24 hours that end at each instant."""
        hour = at_ms // HOUR_MS
        part = (at_ms - hour * HOUR_MS) * (1.0 / HOUR_MS)
        low, high = int(hour.min()), int(hour.max())
        if high - low < 8 * hour.size + 48:
            table = self.per_hour(np.arange(low - 24, high + 1, dtype=np.int64))

            def rate(back: int) -> Floats:
                return table[hour - (low - 24) - back]
        else:

            def rate(back: int) -> Floats:
                return by_index(hour - back, self.per_hour)

        # Always added in this order, so that the same instant gives the same bits in any array.
        total = part * rate(0)
        for back in range(1, 24):
            total += rate(back)
        return total + (1.0 - part) * rate(24)
