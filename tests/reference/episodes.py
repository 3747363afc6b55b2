"""Alerts: the walk of one coin through its thresholds, upward and downward apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tests.reference.series import Observation, Row, Series, change_24h_pct

RESET_RATIO = Fraction(8, 10)
SELECTABLE_PCT = range(1, 21)
# Per cent, mildest first; the first is the threshold.
MOVE_LEVELS = {"watch": 5.0, "high": 10.0, "critical": 20.0}
DEPEG_LEVELS = {"watch": 0.5, "critical": 2.0}


@dataclass
class Episode:
    opened_at: datetime
    price_at_open: float
    peak: float
    peak_at: datetime
    closed_at: datetime | None = None


def fct_price_alerts(series: Mapping[tuple[str, str], Series], coins: Iterable[Row]) -> list[Row]:
    """All but `alert_id`. A stablecoin is judged by its peg alone, and only the dollar has one."""
    coin = {row["coin_id"]: row for row in coins}
    rows: list[Row] = []
    for (source, coin_id), observed in series.items():
        if not coin[coin_id]["is_stablecoin"]:
            alert_type, levels = "price_move", MOVE_LEVELS
            strays = [(o, change_24h_pct(observed, o)) for o in observed]
        elif coin[coin_id]["peg_currency"] == "usd":
            alert_type, levels = "depeg", DEPEG_LEVELS
            strays = [(o, 100 * (o.price - 1)) for o in observed]
        else:
            continue
        for direction, sign in (("up", 1), ("down", -1)):
            excesses = [(o, sign * stray) for o, stray in strays if stray is not None]
            for episode in episodes(excesses, threshold=levels["watch"]):
                rows.append(
                    {
                        "coin_id": coin_id,
                        "source": source,
                        "alert_type": alert_type,
                        "direction": direction,
                        "severity": severity(episode.peak, levels),
                        "opened_at": episode.opened_at,
                        "closed_at": episode.closed_at,
                        "peak_change_pct": sign * episode.peak,
                        "peak_at": episode.peak_at,
                        "price_usd_at_open": episode.price_at_open,
                        "threshold_pct": levels["watch"],
                    }
                )
    return rows


def fct_threshold_episodes(
    series: Mapping[tuple[str, str], Series], coins: Iterable[Row]
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
            for threshold in map(float, SELECTABLE_PCT):
                for episode in episodes(excesses, threshold):
                    rows.append(
                        {
                            "threshold_pct": threshold,
                            "coin_id": coin_id,
                            "source": source,
                            "direction": direction,
                            "opened_at": episode.opened_at,
                            "closed_at": episode.closed_at,
                            "peak_change_pct": sign * episode.peak,
                            "peak_at": episode.peak_at,
                            "price_usd_at_open": episode.price_at_open,
                        }
                    )
    return rows


def episodes(excesses: Iterable[tuple[Observation, float]], threshold: float) -> list[Episode]:
    """Opens at the threshold, closes below 80 % of it; a flip of the sign is far below that."""
    # The double nearest to 80 %, which the product of doubles misses for some thresholds.
    closes_below = float(RESET_RATIO * Fraction(threshold))
    found: list[Episode] = []
    running: Episode | None = None
    for observation, excess in excesses:
        if running is None and excess >= threshold:
            running = Episode(observation.at, observation.price, excess, observation.at)
            found.append(running)
        elif running is not None and excess < closes_below:
            running.closed_at = observation.at
            running = None
        elif running is not None and excess > running.peak:
            running.peak, running.peak_at = excess, observation.at
    return found


def severity(peak: float, levels: Mapping[str, float]) -> str:
    return [name for name, level in levels.items() if peak >= level][-1]
