"""Scripted events: every block of days holds one of each kind, at a hashed time.

Blocks are counted from the Unix epoch, and each event begins and ends within its block. A window
of 90 days therefore holds at least two of every kind except the renaming, of which it holds two
boundaries.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from extract.simulated.coins import Coin
from extract.simulated.noise import Bools, Floats, Ints, by_index, smooth_step, stream_key, uniform

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

CRASH_BLOCK_MS = 12 * DAY_MS
RALLY_BLOCK_MS = 18 * DAY_MS
DEPEG_BLOCK_MS = 30 * DAY_MS
OUTAGE_BLOCK_MS = 30 * DAY_MS
RENAME_BLOCK_MS = 45 * DAY_MS

RENAMED_COIN = "matic-network"
RENAMED_TO = ("pol", "POL (ex-MATIC)")


@dataclass(frozen=True)
class Event:
    """Something that happens in [start_ms, end_ms)."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Crash(Event):
    """One coin loses `depth` (0.18 to 0.30) and has it back before the UTC day ends."""

    coin_id: str
    bottom_ms: int
    depth: float


@dataclass(frozen=True)
class Rally(Event):
    """One coin gains `gain` (0.30 to 0.60) until `top_ms`, and gives it back over a week."""

    coin_id: str
    top_ms: int
    gain: float


@dataclass(frozen=True)
class Depeg(Event):
    """One stablecoin falls `depth_bp` (300 to 600) below 1 USD, stays from `bottom_ms` to
    `recovery_ms`, and returns."""

    coin_id: str
    bottom_ms: int
    recovery_ms: int
    depth_bp: float


@dataclass(frozen=True)
class Outage(Event):
    """One UTC hour without a single observation of any coin."""


@dataclass(frozen=True)
class Rename(Event):
    """One coin answers to another symbol and name from `start_ms` to `end_ms`."""

    coin_id: str
    symbol: str
    name: str


class _Pulse(ABC):
    """A rise to a peak, a plateau and a fall: hashed parameters per block, as columns."""

    def __init__(self, name: object, coins: int, block_ms: int):
        self._name = name
        self._coins = coins
        self.block_ms = block_ms

    def _uniform(self, what: str, block: Ints) -> Floats:
        return uniform(stream_key(self._name, what), block)

    def _span(self, what: str, block: Ints, low: int, high: int) -> Ints:
        """Whole minutes between two durations in milliseconds."""
        minutes = (self._uniform(what, block) * ((high - low) // 60_000)).astype(np.int64)
        return low + minutes * 60_000

    def chosen(self, block: Ints) -> Ints:
        """Position of the coin that the block's event happens to."""
        return (self._uniform("coin", block) * self._coins).astype(np.int64)

    @abstractmethod
    def times(self, block: Ints) -> tuple[Ints, ...]:
        """Start, peak, end of the plateau and end, in epoch milliseconds."""

    @abstractmethod
    def peak(self, block: Ints) -> Floats:
        """Log price change at the peak."""

    def shift(self, position: int, at_ms: Ints) -> Floats | None:
        """Log price change of one coin at each instant; None when there is none at all."""
        block = at_ms // self.block_ms
        hit = by_index(block, self.chosen) == position
        if not hit.any():
            return None
        hit_block = block[hit]
        start, top, turn, end = self.times(hit_block)
        at = at_ms[hit]
        rise = smooth_step((at - start) / (top - start))
        fall = smooth_step((at - turn) / (end - turn))
        out = np.zeros(at_ms.size)
        out[hit] = self.peak(hit_block) * (rise - fall)
        return out


class _Crashes(_Pulse):
    def times(self, block: Ints) -> tuple[Ints, ...]:
        days = self.block_ms // DAY_MS
        day = (self._uniform("day", block) * days).astype(np.int64) * DAY_MS
        # 2 + 10 hours, 1.5 of falling and 8 of recovery end at 21:30 at the latest.
        start = block * self.block_ms + day + self._span("start", block, 2 * HOUR_MS, 12 * HOUR_MS)
        bottom = start + self._span("fall", block, 40 * 60_000, 90 * 60_000)
        return start, bottom, bottom, bottom + self._span("rise", block, 4 * HOUR_MS, 8 * HOUR_MS)

    def depth(self, block: Ints) -> Floats:
        return 0.18 + 0.12 * self._uniform("depth", block)

    def peak(self, block: Ints) -> Floats:
        return np.log1p(-self.depth(block))


class _Rallies(_Pulse):
    def times(self, block: Ints) -> tuple[Ints, ...]:
        start = block * self.block_ms + self._span("start", block, 0, 7 * DAY_MS)
        top = start + self._span("rise", block, DAY_MS, 2 * DAY_MS)
        return start, top, top, top + self._span("fall", block, 6 * DAY_MS, 8 * DAY_MS)

    def gain(self, block: Ints) -> Floats:
        return 0.30 + 0.30 * self._uniform("gain", block)

    def peak(self, block: Ints) -> Floats:
        return np.log1p(self.gain(block))


class _Depegs(_Pulse):
    def times(self, block: Ints) -> tuple[Ints, ...]:
        start = block * self.block_ms + self._span("start", block, DAY_MS, 28 * DAY_MS)
        bottom = start + self._span("fall", block, HOUR_MS, 2 * HOUR_MS)
        turn = bottom + self._span("hold", block, 3 * HOUR_MS, 7 * HOUR_MS)
        return start, bottom, turn, turn + self._span("rise", block, 3 * HOUR_MS, 8 * HOUR_MS)

    def depth_bp(self, block: Ints) -> Floats:
        return 300.0 + 300.0 * self._uniform("depth", block)

    def peak(self, block: Ints) -> Floats:
        return np.log1p(-self.depth_bp(block) / 10_000.0)


class EventCalendar:
    """All events of one seed."""

    def __init__(self, seed: int, coins: Sequence[Coin]):
        self._volatile = [coin.coin_id for coin in coins if coin.kind == "coin"]
        self._stable = [coin.coin_id for coin in coins if coin.kind == "stablecoin"]
        self._renamed = next((coin for coin in coins if coin.coin_id == RENAMED_COIN), None)
        self._outage_key = stream_key(seed, "outage")
        self._crashes = _Crashes(f"{seed}/crash", len(self._volatile), CRASH_BLOCK_MS)
        self._rallies = _Rallies(f"{seed}/rally", len(self._volatile), RALLY_BLOCK_MS)
        self._depegs = _Depegs(f"{seed}/depeg", len(self._stable), DEPEG_BLOCK_MS)

    def log_shift(self, coin: Coin, at_ms: Ints) -> Floats | None:
        """Log price change that events cause to a coin; None when nothing happens to it."""
        if coin.kind == "stablecoin":
            return self._depegs.shift(self._stable.index(coin.coin_id), at_ms)
        if coin.kind == "wrapped":
            return None
        position = self._volatile.index(coin.coin_id)
        crash = self._crashes.shift(position, at_ms)
        rally = self._rallies.shift(position, at_ms)
        if crash is None or rally is None:
            return rally if crash is None else crash
        return crash + rally

    def outage_start(self, block: Ints) -> Ints:
        """The hour without data of each block; never one that touches a UTC midnight."""
        hour = (uniform(self._outage_key, block) * (28 * 20)).astype(np.int64)
        return block * OUTAGE_BLOCK_MS + (hour // 20 + 1) * DAY_MS + (hour % 20 + 2) * HOUR_MS

    def outage_near(self, at_ms: int) -> Outage:
        """The outage of the block that an instant lies in. It is never within a day of its ends."""
        start = int(self.outage_start(np.array([at_ms // OUTAGE_BLOCK_MS]))[0])
        return Outage(start, start + HOUR_MS)

    def is_outage(self, at_ms: Ints) -> Bools:
        start = by_index(at_ms // OUTAGE_BLOCK_MS, self.outage_start)
        return (at_ms >= start) & (at_ms < start + HOUR_MS)

    def label(self, coin: Coin, at_ms: int) -> tuple[str, str]:
        """Symbol and name in force at an instant."""
        if coin.coin_id == RENAMED_COIN and at_ms // RENAME_BLOCK_MS % 2:
            return RENAMED_TO
        return coin.symbol, coin.name

    def between(self, start_ms: int, end_ms: int) -> list[Event]:
        """Events that overlap [start_ms, end_ms), by start."""
        events: list[Event] = []
        for block in _blocks(start_ms, end_ms, OUTAGE_BLOCK_MS):
            events.append(self.outage_near(block * OUTAGE_BLOCK_MS))
        for block in _blocks(start_ms, end_ms, RENAME_BLOCK_MS):
            if self._renamed:
                begin = block * RENAME_BLOCK_MS
                label = self.label(self._renamed, begin)
                events.append(Rename(begin, begin + RENAME_BLOCK_MS, RENAMED_COIN, *label))
        if self._volatile:
            events += self._pulses(self._crashes, start_ms, end_ms)
            events += self._pulses(self._rallies, start_ms, end_ms)
        if self._stable:
            events += self._pulses(self._depegs, start_ms, end_ms)
        overlapping = [e for e in events if e.start_ms < end_ms and e.end_ms > start_ms]
        return sorted(overlapping, key=lambda e: (e.start_ms, type(e).__name__))

    def _pulses(self, pulse: _Pulse, start_ms: int, end_ms: int) -> list[Event]:
        found: list[Event] = []
        for number in _blocks(start_ms, end_ms, pulse.block_ms):
            block = np.array([number])
            start, top, turn, end = (int(column[0]) for column in pulse.times(block))
            position = int(pulse.chosen(block)[0])
            if isinstance(pulse, _Crashes):
                depth = float(pulse.depth(block)[0])
                found.append(Crash(start, end, self._volatile[position], top, depth))
            elif isinstance(pulse, _Rallies):
                gain = float(pulse.gain(block)[0])
                found.append(Rally(start, end, self._volatile[position], top, gain))
            elif isinstance(pulse, _Depegs):
                depth_bp = float(pulse.depth_bp(block)[0])
                found.append(Depeg(start, end, self._stable[position], top, turn, depth_bp))
        return found


def _blocks(start_ms: int, end_ms: int, block_ms: int) -> range:
    return range(start_ms // block_ms, (end_ms - 1) // block_ms + 1)
