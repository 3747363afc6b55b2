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
from fractions import Fraction
from math import fsum
from typing import Any

Row = Mapping[str, Any]
Series = list["Observation"]

TOLERANCE = timedelta(minutes=90)
YOUNGER = timedelta(minutes=15)
# What is nearer than this, in per cent, is the same.
NEAR = Fraction(1, 10**9)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class RawRows:
    """Rows of the tables of schema `raw`, and of the seeds."""

    coingecko_markets: list[Row] = field(default_factory=list)
    coingecko_market_chart: list[Row] = field(default_factory=list)
    stream_ticks: list[Row] = field(default_factory=list)
    rejected_rows: list[Row] = field(default_factory=list)
    repaired_fields: list[Row] = field(default_factory=list)
    landed_responses: list[Row] = field(default_factory=list)
    coin_flags: list[Row] = field(default_factory=list)
    coin_source_ids: list[Row] = field(default_factory=list)
    price_sources: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Observation:
    """One price. Volumes and market caps are US dollars; what a source does not tell is None."""

    at: datetime
    price: float
    rolling_volume: float | None = None
    traded_volume: float | None = None
    vendor_change_pct: float | None = None
    market_cap: float | None = None

    @property
    def decimal(self) -> Fraction:
        return Fraction(repr(self.price))

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

    def delivery(row: Row) -> tuple[Any, ...]:
        run_id, _, number = row["response_id"].rpartition(":")
        return row["fetched_at"], run_id, int(number), row["row_index"]

    for row in sorted(rows, key=delivery):
        survivors.setdefault(key(row), row)
    return list(survivors.values())


def surviving_quotes(raw: RawRows) -> list[Row]:
    return first_fetched(
        raw.coingecko_markets, lambda r: (r["id"], r["currency"], r["last_updated"])
    )


def surviving_points(raw: RawRows) -> list[Row]:
    return first_fetched(
        raw.coingecko_market_chart, lambda r: (r["coin_id"], r["currency"], r["point_at"])
    )


def surviving_ticks(raw: RawRows) -> list[Row]:
    return first_fetched(
        raw.stream_ticks,
        lambda r: (r["product_id"], r["event_id"], r["currency"], r["event_at"]),
    )


def in_dollars(rows: list[Row]) -> list[Row]:
    """No other currency is converted, and none is taken for US dollars."""
    return [row for row in rows if row["currency"] == "usd"]


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
    for point in in_dollars(surviving_points(raw)):
        at = utc(point["point_at"])
        found["coingecko", point["coin_id"]][at] = Observation(
            at,
            point["price"],
            rolling_volume=point["total_volume"],
            market_cap=point["market_cap"],
        )
    for quote in in_dollars(surviving_quotes(raw)):
        at = utc(quote["last_updated"])
        found["coingecko", quote["id"]][at] = Observation(
            at,
            quote["current_price"],
            rolling_volume=quote["total_volume"],
            vendor_change_pct=quote["price_change_percentage_24h"],
            market_cap=quote["market_cap"],
        )

    coin_of = {
        r["source_coin_id"]: r["coin_id"] for r in raw.coin_source_ids if r["source"] == "stream"
    }
    trades: dict[tuple[str, datetime], list[Row]] = defaultdict(list)
    for tick in in_dollars(surviving_ticks(raw)):
        if tick["product_id"] in coin_of:
            trades[coin_of[tick["product_id"]], utc(tick["event_at"])].append(tick)
    for (coin_id, at), ticks in trades.items():
        last = max(ticks, key=in_sequence)
        traded = [tick["price"] * tick["size"] for tick in ticks if tick["size"] is not None]
        found["stream", coin_id][at] = Observation(
            at, last["price"], traded_volume=fsum(traded) if traded else None
        )
    return {key: [by_time[at] for at in sorted(by_time)] for key, by_time in found.items()}


def in_sequence(tick: Row) -> tuple[int, int, str]:
    """By the stream's number of the batch; ids count up, so that a longer one is later."""
    return tick["batch_number"] or 0, len(tick["event_id"]), tick["event_id"]


def compared_with(series: Series, observation: Observation) -> Observation | None:
    """In force 24 hours before: the latest then, at most 90 minutes older; where there is none, the
    earliest after, at most 15 minutes younger."""
    then = observation.at - DAY
    position = bisect_right(series, then, key=lambda earlier: earlier.at)
    if position > 0 and then - series[position - 1].at <= TOLERANCE:
        return series[position - 1]
    if position < len(series) and series[position].at - then <= YOUNGER:
        return series[position]
    return None


def change_24h_pct(series: Series, observation: Observation) -> Fraction | None:
    """Of the decimals that the sources wrote."""
    before = compared_with(series, observation)
    if before is None:
        return None
    return 100 * (observation.decimal - before.decimal) / before.decimal


def reaches(percentage: Fraction, level: Fraction | float) -> bool:
    return percentage >= Fraction(level) - NEAR


def is_final(day: date, as_of: datetime) -> bool:
    """Nothing that comes later can be near enough to the midnight."""
    return as_of > midnight_after(day) + TOLERANCE
