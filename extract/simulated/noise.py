"""Hashed value noise: random functions of absolute time that keep no state."""

import hashlib
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Hashes = NDArray[np.uint64]
Item = TypeVar("Item", bound=np.generic)

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_CHUNK = 2_048
_QUANTILES = 4_096


def stream_key(*parts: object) -> int:
    """64 bits that name a random stream, stable over processes and machines."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def hash_index(key: int | Hashes, index: Ints) -> Hashes:
    """splitmix64 of every int64 index in the stream `key`, as uint64."""
    x = index.astype(np.uint64)
    x *= np.uint64(_GOLDEN)
    x += np.asarray(key, dtype=np.uint64)
    shifted = x >> np.uint64(30)
    x ^= shifted
    x *= np.uint64(_MIX_1)
    x ^= np.right_shift(x, np.uint64(27), out=shifted)
    x *= np.uint64(_MIX_2)
    x ^= np.right_shift(x, np.uint64(31), out=shifted)
    return x


def hash_one(key: int, index: int) -> int:
    """`hash_index` of a single index, without numpy."""
    x = (index * _GOLDEN + key) & _MASK
    x = ((x ^ (x >> 30)) * _MIX_1) & _MASK
    x = ((x ^ (x >> 27)) * _MIX_2) & _MASK
    return x ^ (x >> 31)


def uniform(key: int, index: Ints) -> Floats:
    """Uniform numbers in [0, 1)."""
    return (hash_index(key, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _quantile_tables() -> tuple[Floats, Floats]:
    normal = NormalDist()
    grid = [(k + 0.5) / _QUANTILES for k in range(_QUANTILES)]
    gauss = np.array([normal.inv_cdf(p) for p in grid])
    # A cubic stretch of the normal: kurtosis about 9, so that octaves add up to fat tails.
    heavy = gauss * (1.0 + 0.15 * gauss * gauss)
    return gauss / gauss.std(), heavy / heavy.std()


_GAUSS, _HEAVY = _quantile_tables()


def gauss(key: int, index: Ints) -> Floats:
    """Normal numbers, mean 0 and variance 1."""
    return _quantile(_GAUSS, hash_index(key, index))


def heavy(key: int | Hashes, index: Ints) -> Floats:
    """Fat-tailed symmetric numbers, mean 0 and variance 1."""
    return _quantile(_HEAVY, hash_index(key, index))


def _quantile(table: Floats, hashed: Hashes) -> Floats:
    hashed >>= np.uint64(52)
    return table.take(hashed.view(np.int64), mode="clip")


def by_index(index: Ints, of: Callable[[Ints], NDArray[Item]]) -> NDArray[Item]:
    """`of(index)`, evaluated once per distinct index when the indices lie close together."""
    if index.size == 0:
        return of(index)
    low, high = int(index.min()), int(index.max())
    if high - low < index.size:
        return of(np.arange(low, high + 1, dtype=np.int64))[index - low]
    return of(index)


def smooth_step(x: Floats) -> Floats:
    """0 below 0, 1 above 1, and a cubic with level ends between."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


class Noise:
    """A continuous random function of epoch milliseconds: the sum of octaves of value noise.

    An octave has a random number at each multiple of its period (shifted by a hashed phase, so
    that octaves do not turn at the same instants) and a smooth step between neighbours. With
    amplitudes that grow like the square root of the period, increments behave like those of a
    random walk between the shortest and the longest period.
    """

    def __init__(self, name: object, periods_ms: Sequence[int], amplitudes: Sequence[float]):
        phases = [stream_key(name, period, "phase") % period for period in periods_ms]
        self._keys = _column([stream_key(name, period) for period in periods_ms], np.uint64)
        self._phases = _column(phases, np.int64)
        self._periods = _column(periods_ms, np.int64)
        self._inverse = 1.0 / self._periods
        self._amplitudes = _column(amplitudes, np.float64)

    def at(self, at_ms: Ints) -> Floats:
        out = np.zeros(at_ms.size)
        # Short pieces stay in the processor's cache.
        for start in range(0, at_ms.size, _CHUNK):
            piece = slice(start, start + _CHUNK)
            # Octave by octave: a sum over the axis may add in another order for another size.
            for octave in self._octaves(at_ms[piece]):
                out[piece] += octave
        return out

    def _octaves(self, at_ms: Ints) -> Floats:
        """One row per octave."""
        shifted = at_ms + self._phases
        index = shifted // self._periods
        shifted -= index * self._periods
        x = shifted * self._inverse
        left = heavy(self._keys, index)
        index += 1
        out = heavy(self._keys, index)
        out -= left
        out *= x * x * (3.0 - 2.0 * x)
        out += left
        out *= self._amplitudes
        return out


def _column(values: Sequence[float], dtype: type[Item]) -> NDArray[Item]:
    return np.array(values, dtype=dtype)[:, np.newaxis]
