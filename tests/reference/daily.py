"""Days at their close: volumes and rankings."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from math import fsum
from statistics import median
from typing import Any

from tests.reference.series import (
    DAY,
    NEAR,
    TOLERANCE,
    Observation,
    RawRows,
    Row,
    Series,
    change_24h_pct,
    compared_with,
    is_final,
    midnight_after,
)

RANKING_MIN_VOLUME_USD = 1_000_000
BREADTH_MIN_RANKED = 10


def days(series: Series) -> list[date]:
    """Days that were observed, and those that only an observation just after them closes."""
    found = {observation.day for observation in series}
    closed = {day - DAY for day in found if near_midnight(series, day - DAY)}
    return sorted(found | closed)


def near_midnight(series: Series, day: date) -> Series:
    """Within 90 minutes of the midnight that closes the day; nearest first, then the earlier."""
    midnight = midnight_after(day)
    near = [o for o in series if abs(o.at - midnight) <= TOLERANCE]
    return sorted(near, key=lambda o: (abs(o.at - midnight), o.at))


def close(series: Series, day: date, as_of: datetime) -> Observation | None:
    """A day that is over at its midnight, the running one at its latest observation while fresh."""
    if as_of >= midnight_after(day):
        return next(iter(near_midnight(series, day)), None)
    latest = max((o for o in series if o.day == day), key=lambda o: o.at, default=None)
    return latest if latest is not None and as_of - latest.at <= TOLERANCE else None


def fct_daily_volumes(
    raw: RawRows, series: Mapping[tuple[str, str], Series], clocks: Mapping[str, datetime]
) -> list[Row]:
    methods = {row["source"]: row["volume_method"] for row in raw.price_sources}
    rows: list[dict[str, Any]] = []
    for (source, coin_id), observed in series.items():
        for day in days(observed):
            is_over = is_final(day, clocks[source])
            row = {
                "coin_id": coin_id,
                "source": source,
                "volume_date": day,
                "volume_method": methods[source],
            }
            if methods[source] == "rolling_24h_at_close":
                told = [o for o in near_midnight(observed, day) if o.rolling_volume is not None]
                row |= {
                    "volume_usd": told[0].rolling_volume if told else None,
                    "observed_at": told[0].at if told else None,
                    "is_complete": is_over,
                }
            else:
                of_day = [o for o in observed if o.day == day]
                traded = [o for o in of_day if o.traded_volume is not None]
                if not traded:
                    continue
                row |= {
                    "volume_usd": fsum(o.traded_volume or 0 for o in traded),
                    "observed_at": traded[-1].at,
                    "is_complete": is_over and len({o.hour for o in of_day}) == 24,
                }
            rows.append(row)
    for row in rows:
        row["share_of_total_pct"] = share_of_total_pct(row, rows)
    return [*rows]


def share_of_total_pct(row: Row, rows: Iterable[Row]) -> float | None:
    """Of what is known of the same source and day."""
    if row["volume_usd"] is None:
        return None
    beside = [
        r for r in rows if (r["source"], r["volume_date"]) == (row["source"], row["volume_date"])
    ]
    total = fsum(r["volume_usd"] for r in beside if r["volume_usd"] is not None)
    return 100 * row["volume_usd"] / total if total else None


def fct_daily_rankings(
    raw: RawRows,
    series: Mapping[tuple[str, str], Series],
    clocks: Mapping[str, datetime],
    coins: Iterable[Row],
    suspected: Container[tuple[str, date]],
) -> list[Row]:
    coin = {row["coin_id"]: row for row in coins}
    judges = {row["source"] for row in raw.price_sources if row["is_reference"]}
    rows: list[dict[str, Any]] = []
    for (source, coin_id), observed in series.items():
        if source not in judges:
            continue
        as_of = clocks[source]
        for day in days(observed):
            taken = close(observed, day, as_of)
            change = change_24h_pct(observed, taken) if taken else None
            before = compared_with(observed, taken) if taken else None
            volume = taken.rolling_volume if taken else None
            rows.append(
                {
                    "rank_date": day,
                    "coin_id": coin_id,
                    "change_24h_pct": None if change is None else float(change),
                    "compared_at": before.at if before else None,
                    "vendor_change_24h_pct": taken.vendor_change_pct if taken else None,
                    "price_usd": taken.price if taken else None,
                    "volume_24h_usd": volume,
                    "as_of_at": taken.at if taken else None,
                    "exclusion_reason": exclusion_reason(
                        coin[coin_id], (coin_id, day) in suspected, volume, change
                    ),
                    "is_complete": is_final(day, as_of),
                }
            )
    for row in rows:
        rivals = [r for r in rows if r["rank_date"] == row["rank_date"]]
        row["performance_rank"] = performance_rank(row, rivals)
    return [*rows]


def exclusion_reason(
    coin: Row, is_suspected: bool, volume: float | None, change: Fraction | None
) -> str | None:
    """A volume that nobody told is not at least the minimum."""
    if coin["is_stablecoin"]:
        return "stablecoin"
    if coin["is_wrapped"]:
        return "wrapped"
    if is_suspected:
        return "suspected"
    if change is None:
        return "no_change"
    return "low_volume" if volume is None or volume < RANKING_MIN_VOLUME_USD else None


def performance_rank(row: Row, rivals: Iterable[Row]) -> int | None:
    """One more than the better changes of eligible coins; equal ones count once."""
    if row["exclusion_reason"] is not None:
        return None
    better = sorted(
        rival["change_24h_pct"]
        for rival in rivals
        if rival["exclusion_reason"] is None
        and rival["change_24h_pct"] > row["change_24h_pct"] + float(NEAR)
    )
    return 1 + sum(
        earlier is None or change > earlier + float(NEAR)
        for earlier, change in zip([None, *better], better, strict=False)
    )


def fct_market_breadth_daily(rankings: Iterable[Row]) -> list[Row]:
    rankings = list(rankings)
    rows: list[Row] = []
    for day in sorted({row["rank_date"] for row in rankings}):
        of_day = [row for row in rankings if row["rank_date"] == day]
        changes = [r["change_24h_pct"] for r in of_day if r["performance_rank"] is not None]
        rows.append(
            {
                "breadth_date": day,
                "advancing_count": sum(change > 0 for change in changes),
                "declining_count": sum(change < 0 for change in changes),
                "unchanged_count": sum(change == 0 for change in changes),
                "ranked_count": len(changes),
                "median_change_24h_pct": median(changes) if changes else None,
                "is_complete": all(row["is_complete"] for row in of_day)
                and len(changes) >= BREADTH_MIN_RANKED,
            }
        )
    return [*rows]
