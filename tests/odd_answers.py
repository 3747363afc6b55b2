"""Answers in which every field of every source takes every kind of odd value, and each bound.

The rows differ in price and coin, so that no claim about a load as a whole meets them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from extract.domains import Domain, Ids, Instants, Numbers, Objects, Texts, WholeNumbers
from extract.landing import Response
from extract.sources import stream
from extract.sources.coingecko import MARKET_CHART_RULES, MARKETS_RULES
from tests.extract.answers import ms

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, "", " ", "5000000", "x" * 10_000, "a\0b", "\ud800", 'it\'s "odd"; --'),
    *("\u202eevil", "<svg onload=alert(1)>", [], [5], {}, {"a": {"b": [1]}}, {"\ud800": math.nan}),
    *(math.nan, math.inf, -math.inf, 10**400, 2**63, -(2**63) - 1, 1e308, -1e308, 5e-324),
    *(-5, -0.0, 0, 52.0, 52.5, 1e100, 1e-100, 1e12, 1e-30, "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00", "2021-11-10T14:24:11", "yesterday", 1e300, -1),
)


def bounds(domain: Domain, at: datetime) -> tuple[Any, ...]:
    """The outermost values that are accepted."""
    match domain:
        case Numbers():
            return (domain.at_least, domain.at_most, max(domain.at_least, domain.least_size))
        case WholeNumbers():
            return (domain.at_least, domain.at_most)
        case Instants():
            return (domain.earliest.isoformat(), (at + domain.ahead).isoformat())
        case Texts():
            return ("", "\n", "'\"\\", "é" * domain.longest)
        case Ids():
            return ("'\"\\", "%2F", "é" * domain.longest)
        case Objects():
            return ({}, {"times": math.nan})


def values_of(domains: Mapping[str, Domain], at: datetime) -> Iterator[tuple[str, Any]]:
    """Each field with each odd value and with its bounds."""
    for field, domain in domains.items():
        for value in (*ODD_VALUES, *bounds(domain, at)):
            yield field, value


def quote_rows(at: datetime) -> list[dict[str, Any]]:
    rows = []
    for number, (field, value) in enumerate(values_of(MARKETS_RULES.domains, at)):
        sound = {
            "id": f"odd-{number}",
            "symbol": f"odd{number}",
            "name": f"Odd {number}",
            "current_price": 1 + number / 7,
            "total_volume": 2_000_000 + number,
            "last_updated": (at - timedelta(seconds=40)).isoformat(),
        }
        rows.append(sound | {field: value})
    return rows


def chart_points(at: datetime) -> list[tuple[Any, Any, Any, Any]]:
    """(instant, price, market cap, volume); the coin's id stands in the path."""
    points = []
    odd = [pair for pair in values_of(MARKET_CHART_RULES.domains, at) if pair[0] != "coin_id"]
    for number, (field, value) in enumerate(odd):
        sound = {
            "point_at": ms(at - timedelta(minutes=5 * number + 7)),
            "price": 1 + number / 7,
            "market_cap": 1e9,
            "total_volume": 2e6,
        }
        row = sound | {field: value}
        points.append((row["point_at"], row["price"], row["market_cap"], row["total_volume"]))
    return points


def ticks(at: datetime, good_count: int) -> list[dict[str, Any]]:
    """Of products that no coin is known for, and `good_count` trades of bitcoin before them."""
    last = 1 + ms(at) // 5_000
    rows = [
        _tick(f"good-{n}", "BTC-USD", at - timedelta(seconds=n), 60_000 + n / 8, last)
        for n in range(good_count)
    ]
    for number, (field, value) in enumerate(values_of(stream.RULES.domains, at)):
        if field == "batch_number":  # stands beside the ticks, and a fault if it is no number
            continue
        sound = _tick(f"odd-{number}", f"ODD{number}-USD", at, 1 + number / 7, last)
        rows.append(sound | {field: value})
    # A mapped product at its bounds: the products and sums of them are in facts.
    for number, (price, size) in enumerate([(1e12, 1e100), (1e-30, 1e-100), (1e12, 1e-100)]):
        moment = at - timedelta(hours=3, seconds=number)
        rows.append(_tick(f"bound-{number}", "DOGE-USD", moment, price, last) | {"size": size})
    return rows


def _tick(event_id: str, product_id: str, at: datetime, price: float, batch: int) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "product_id": product_id,
        "event_at": ms(at),
        "price": price,
        "size": 0.5,
        "change_pct": 0.1,
    }


def responses(at: datetime) -> list[Response]:
    """Every table at `at`; the bounds of a price also a day and a night apart."""
    series = [[[point[0], point[place]] for point in chart_points(at)] for place in (1, 2, 3)]
    chart = dict(zip(("prices", "market_caps", "total_volumes"), series, strict=True))
    steady = {
        name: [[ms(at - timedelta(minutes=5 * n + 2)), value] for n in range(250)]
        for name, value in (("prices", 3.0), ("market_caps", 1e9), ("total_volumes", 1e6))
    }
    number = 1 + ms(at) // 5_000
    batches = {
        "batches": [{"batch": number, "ticks": ticks(at, 1_500)}],
        "first_available": number,
        "latest": number,
    }
    return [
        _markets(_swinging(at - timedelta(hours=25), 1e12, 1e-30), at - timedelta(hours=25)),
        _markets(_swinging(at - timedelta(hours=1), 1e-30, 1e12), at - timedelta(hours=1)),
        _markets(quote_rows(at), at),
        _chart("odd-chart", chart, at),
        _chart("steady-chart", steady, at),
        Response("stream", "batches", "/batches", {}, 200, at, json.dumps(batches)),
        _chart("a\0b", {"error": "\0 and \ud800"}, at),
    ]


def _swinging(at: datetime, one: float, other: float) -> list[dict[str, Any]]:
    """Two coins between the bounds of a price and of a volume."""
    return [
        {"id": name, "symbol": name, "name": name, "current_price": price, "total_volume": volume,
         "last_updated": at.isoformat()}
        for name, price, volume in (("swing-a", one, 1e100), ("swing-b", other, 1e-100))
    ]  # fmt: skip


def _markets(rows: list[dict[str, Any]], at: datetime) -> Response:
    return Response("coingecko", "markets", "/coins/markets", {}, 200, at, json.dumps(rows))


def _chart(coin_id: str, body: dict[str, Any], at: datetime) -> Response:
    path = f"/coins/{coin_id}/market_chart"
    return Response("coingecko", "market_chart", path, {"days": "1"}, 200, at, json.dumps(body))
