"""Hours as they were sampled, and how much of each day was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import fsum

from tests.reference.series import DAY, HOUR, Observation, Row, Series, is_final, midnight_after

# Days after its last hour for which a coin is missing rather than gone.
SILENT_DAYS = 7


def time_weighted_price(hour: datetime, samples: Series, before: Observation | None) -> float:
    """Each price holds to the next, at most to the hour's end; `before` if under an hour old."""
    holds = [(sample.at, sample.price) for sample in samples]
    if before is not None and hour - before.at < HOUR:
        holds.insert(0, (hour, before.price))
    ends = [start for start, _ in holds[1:]] + [hour + HOUR]
    seconds = [(end - start).total_seconds() for (start, _), end in zip(holds, ends, strict=True)]
    weighted = [price * held for (_, price), held in zip(holds, seconds, strict=True)]
    return fsum(weighted) / fsum(seconds)


def fct_hourly_prices(
    series: Mapping[tuple[str, str], Series], clocks: Mapping[str, datetime]
) -> list[Row]:
    rows: list[Row] = []
    for (source, coin_id), observed in series.items():
        by_hour: dict[datetime, Series] = defaultdict(list)
        before: dict[datetime, Observation] = {}
        for earlier, later in zip([None, *observed], observed, strict=False):
            if later.hour not in by_hour and earlier is not None:
                before[later.hour] = earlier
            by_hour[later.hour].append(later)
        for hour, samples in by_hour.items():
            prices = [sample.price for sample in samples]
            rows.append(
                {
                    "coin_id": coin_id,
                    "source": source,
                    "price_hour": hour,
                    "price_date": hour.date(),
                    "open_price_usd": prices[0],
                    "high_price_usd": max(prices),
                    "low_price_usd": min(prices),
                    "close_price_usd": prices[-1],
                    "avg_price_usd": fsum(prices) / len(prices),
                    "time_weighted_price_usd": time_weighted_price(hour, samples, before.get(hour)),
                    "sample_count": len(prices),
                    "is_complete": clocks[source] >= hour + HOUR,
                }
            )
    return rows


def fct_coverage_daily(hours: Iterable[Row], clocks: Mapping[str, datetime]) -> list[Row]:
    seen: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in hours:
        seen[row["coin_id"], row["source"]].append(row)

    rows: list[Row] = []
    for (coin_id, source), samples in seen.items():
        as_of = clocks[source]
        sampled = {row["price_hour"] for row in samples}
        first = min(sampled)
        day = first.date()
        last = min(as_of.date(), max(sampled).date() + SILENT_DAYS * DAY)
        while day <= last:
            hours_of_day = [midnight_after(day) - DAY + number * HOUR for number in range(24)]
            finished = [hour for hour in hours_of_day if hour >= first and hour + HOUR <= as_of]
            hit = [hour for hour in finished if hour in sampled]
            rows.append(
                {
                    "coin_id": coin_id,
                    "source": source,
                    "coverage_date": day,
                    "hours_seen": len(hit),
                    "hours_expected": len(finished),
                    "coverage_pct": 100 * len(hit) / len(finished) if finished else None,
                    "is_complete": is_final(day, as_of),
                }
            )
            day += DAY
    return rows
