"""Alerts: the walk of one coin through its thresholds, upward and downward apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from tests.reference.series import NEAR, Observation, Row, Series, change_24h_pct, reaches

RESET_RATIO = Fraction(8, 10)
SELECTABLE_PCT = range(1, 21)
SILENCE = timedelta(hours=36)
# Per cent, mildest first; the first is the threshold.
MOVE_LEVELS = {"watch": Fraction(5), "high": Fraction(10), "critical": Fraction(20)}
DEPEG_LEVELS = {"watch": Fraction(1, 2), "critical": Fraction(2)}


@dataclass
class Episode:
    opened_at: datetime
    price_at_open: float
    peak: Fraction
    peak_at: datetime
    last_known_at: datetime
    closed_at: datetime | None = None
    close_reason: str | None = None

    def close(self, at: datetime, reason: str) -> None:
        self.closed_at, self.close_reason = at, reason


def fct_price_alerts(
    series: Mapping[tuple[str, str], Series],
    coins: Iterable[Row],
    clocks: Mapping[str, datetime],
) -> list[Row]:
    """All but `alert_id`. A stablecoin is judged by its peg alone, and only the dollar has one."""
    coin = {row["coin_id"]: row for row in coins}
    rows: list[Row] = []
    for (source, coin_id), observed in series.items():
        if not coin[coin_id]["is_stablecoin"]:
            alert_type, levels = "price_move", MOVE_LEVELS
            strays = [(o, change_24h_pct(observed, o)) for o in observed]
        elif coin[coin_id]["peg_currency"] == "usd":
            alert_type, levels = "depeg", DEPEG_LEVELS
            strays = [(o, 100 * (o.decimal - 1)) for o in observed]
        else:
            continue
        for direction, sign in (("up", 1), ("down", -1)):
            excesses = [(o, sign * stray) for o, stray in strays if stray is not None]
            for episode in episodes(excesses, levels["watch"], clocks[source]):
                rows.append(
                    {
                        "coin_id": coin_id,
                        "source": source,
                        "alert_type": alert_type,
                        "direction": direction,
                        "severity": severity(episode.peak, levels),
                        "opened_at": episode.opened_at,
                        "closed_at": episode.closed_at,
                        "close_reason": episode.close_reason,
                        "peak_change_pct": float(sign * episode.peak),
                        "peak_at": episode.peak_at,
                        "price_usd_at_open": episode.price_at_open,
                        "threshold_pct": float(levels["watch"]),
                    }
                )
    return rows


def fct_threshold_episodes(
    series: Mapping[tuple[str, str], Series],
    coins: Iterable[Row],
    clocks: Mapping[str, datetime],
) -> list[Row]:
    """All but `episode_id`. Moves alone, at each threshold by itself."""
    coin = {row["coin_id"]: row for row in coins}
    rows: list[Row] = []
    for (source, coin_id), observed in series.items():
        if coin[coin_id]["is_stablecoin"]:
            continue
        changes = [(o, change_24h_pct(observed, o)) for o in observed]
        for direction, sign in (("up", 1), ("down", -1)):
            excesses = [(o, sign * change) for o, change in changes if change is not None]
            for threshold in SELECTABLE_PCT:
                for episode in episodes(excesses, Fraction(threshold), clocks[source]):
                    rows.append(
                        {
                            "threshold_pct": float(threshold),
                            "coin_id": coin_id,
                            "source": source,
                            "direction": direction,
                            "opened_at": episode.opened_at,
                            "closed_at": episode.closed_at,
                            "close_reason": episode.close_reason,
                            "peak_change_pct": float(sign * episode.peak),
                            "peak_at": episode.peak_at,
                            "price_usd_at_open": episode.price_at_open,
                        }
                    )
    return rows


def episodes(
    excesses: Iterable[tuple[Observation, Fraction]], threshold: Fraction, clock: datetime
) -> list[Episode]:
    """Opens at the threshold, closes below 80 % of it or when the sign flips; not carried over more
    than 36 hours without a known change, of which the clock of the source is the end."""
    found: list[Episode] = []
    running: Episode | None = None
    for observation, excess in excesses:
        if running is not None and observation.at - running.last_known_at > SILENCE:
            running.close(running.last_known_at, "unobserved")
            running = None
        if running is None and reaches(excess, threshold):
            running = Episode(
                observation.at, observation.price, excess, observation.at, observation.at
            )
            found.append(running)
        elif running is not None and not reaches(excess, RESET_RATIO * threshold):
            running.close(observation.at, "reversed" if excess < 0 else "reset")
            running = None
        elif running is not None:
            running.last_known_at = observation.at
            if reaches(excess, threshold) and excess > running.peak + NEAR:
                running.peak, running.peak_at = excess, observation.at
    if running is not None and clock - running.last_known_at > SILENCE:
        running.close(running.last_known_at, "unobserved")
    return found


def severity(peak: Fraction, levels: Mapping[str, Fraction]) -> str:
    return [name for name, level in levels.items() if reaches(peak, level)][-1]
