"""From raw rows to one series of observations for each source and coin.

Rows are mappings from column names to values; instants are UTC, aware in raw and without a zone
from here on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import fsum
from typing import Any

Row = Mapping[str, Any]
Series = list["Observation"]

TOLERANCE = timedelta(minutes=90)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class RawRows:
    """Rows of the tables of schema `raw`, and of the seeds."""

    coingecko_markets: list[Row] = field(default_factory=list)
    coingecko_market_chart: list[Row] = field(default_factory=list)
    stream_ticks: list[Row] = field(default_factory=list)
    rejected_rows: list[Row] = field(default_factory=list)
    landed_responses: list[Row] = field(default_factory=list)
    coin_flags: list[Row] = field(default_factory=list)
    coin_source_ids: list[Row] = field(default_factory=list)
    price_sources: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Observation:
    """One price. Volumes are US dollars; what a source does not tell is None."""

    at: datetime
    price: float
    rolling_volume: float | None = None
    traded_volume: float | None = None
    vendor_change_pct: float | None = None

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def hour(self) -> datetime:
        return self.at.replace(minute=0, second=0, microsecond=0)


def utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


def midnight_after(day: date) -> datetime:
    return datetime.combine(day, time()) + DAY


def first_fetched(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[Row]:
    """One row a key: the delivery that was fetched first."""
    survivors: dict[Hashable, Row] = {}
    for row in sorted(rows, key=lambda r: (r["fetched_at"], r["response_id"], r["row_index"])):
        survivors.setdefault(key(row), row)
    return list(survivors.values())


def surviving_quotes(raw: RawRows) -> list[Row]:
    return first_fetched(raw.coingecko_markets, lambda r: (r["id"], r["last_updated"]))


def surviving_points(raw: RawRows) -> list[Row]:
    return first_fetched(raw.coingecko_market_chart, lambda r: (r["coin_id"], r["point_at"]))


def surviving_ticks(raw: RawRows) -> list[Row]:
    return first_fetched(
        raw.stream_ticks, lambda r: (r["product_id"], r["event_id"], r["event_at"])
    )


def source_clocks(raw: RawRows) -> dict[str, datetime]:
    """Time of the latest good answer of each source."""
    clocks: dict[str, datetime] = {}
    for response in raw.landed_responses:
        if response["error_code"] is None:
            fetched_at = utc(response["fetched_at"])
            clocks[response["system"]] = max(clocks.get(response["system"], fetched_at), fetched_at)
    return clocks


def observations(raw: RawRows) -> dict[tuple[str, str], Series]:
    """Observations in order of time by (source, coin)."""
    found: dict[tuple[str, str], dict[datetime, Observation]] = defaultdict(dict)

    # A quote says more than a chart point of its instant, so quotes are laid over the points.
    for point in surviving_points(raw):
        at = utc(point["point_at"])
        found["coingecko", point["coin_id"]][at] = Observation(
            at, point["price"], rolling_volume=point["total_volume"]
        )
    for quote in surviving_quotes(raw):
        at = utc(quote["last_updated"])
        found["coingecko", quote["id"]][at] = Observation(
            at,
            quote["current_price"],
            rolling_volume=quote["total_volume"],
            vendor_change_pct=quote["price_change_percentage_24h"],
        )

    coin_of = {
        r["source_coin_id"]: r["coin_id"] for r in raw.coin_source_ids if r["source"] == "stream"
    }
    trades: dict[tuple[str, datetime], list[Row]] = defaultdict(list)
    for tick in surviving_ticks(raw):
        if tick["product_id"] in coin_of:
            trades[coin_of[tick["product_id"]], utc(tick["event_at"])].append(tick)
    for (coin_id, at), ticks in trades.items():
        last = max(ticks, key=lambda tick: tick["event_id"])
        traded = [tick["price"] * tick["size"] for tick in ticks if tick["size"] is not None]
        found["stream", coin_id][at] = Observation(
            at, last["price"], traded_volume=fsum(traded) if traded else None
        )
    return {key: [by_time[at] for at in sorted(by_time)] for key, by_time in found.items()}


def change_24h_pct(series: Series, observation: Observation) -> float | None:
    """Against the price in force 24 hours before: the latest one then, at most 90 minutes older."""
    then = observation.at - DAY
    position = bisect_right(series, then, key=lambda earlier: earlier.at)
    if position == 0 or then - series[position - 1].at > TOLERANCE:
        return None
    before = series[position - 1].price
    return 100 * (observation.price - before) / before
