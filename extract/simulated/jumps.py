"""News: sudden moves of one coin that fade over three days."""

import numpy as np

from extract.simulated.events import DAY_MS
from extract.simulated.noise import Floats, Ints, by_index, heavy, smooth_step, stream_key, uniform

_PROBABILITY = 0.04
_RISE_MS = 10 * 60_000
_FADE_DAYS = 3


class Jumps:
    """One move on about every 25th UTC day, of about `size` in log price."""

    def __init__(self, name: object, size: float):
        self._name = name
        self._size = size

    def _column(self, what: str, day: Ints) -> Floats:
        return uniform(stream_key(self._name, what), day)

    def _sizes(self, day: Ints) -> Floats:
        size = self._size * heavy(stream_key(self._name, "size"), day)
        return np.where(self._column("when", day) < _PROBABILITY, size, 0.0)

    def add_to(self, out: Floats, at_ms: Ints) -> None:
        """Adds the log price change at each instant to `out`."""
        today = at_ms // DAY_MS
        for back in range(_FADE_DAYS + 1):
            day = today - back
            size = by_index(day, self._sizes)
            hit = np.flatnonzero(size)
            if hit.size == 0:
                continue
            day = day[hit]
            start = day * DAY_MS + (self._column("time", day) * DAY_MS).astype(np.int64)
            age = (at_ms[hit] - start).astype(np.float64)
            left: Floats = np.clip(1.0 - age * (1.0 / (_FADE_DAYS * DAY_MS)), 0.0, 1.0)
            out[hit] += size[hit] * smooth_step(age * (1.0 / _RISE_MS)) * left * left
