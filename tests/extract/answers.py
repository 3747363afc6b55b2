"""Answers as the APIs give them, small enough to read in a test."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from extract.landing import Archive, Landed, Response, archives, new_run_id, read_archive
from extract.replay import replay

NOW = datetime(2026, 11, 1, 12, 5, tzinfo=UTC)
RECORDED_AT = "2026-10-31T00:08:51+00:00"


def ms(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


class EmptyRaw:
    """Schema raw before the first load, without a database."""

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return []


def quote(coin_id: str = "bitcoin", **changes: Any) -> dict[str, Any]:
    """A row of /coins/markets."""
    return {
        "id": coin_id,
        "symbol": coin_id[:3],
        "name": coin_id.title(),
        "current_price": 62000,
        "market_cap_rank": 1,
        "last_updated": "2026-11-01T12:04:30.000Z",
    } | changes


def markets(body: Any, fetched_at: datetime = NOW, status: int = 200) -> Response:
    return Response(
        system="coingecko",
        endpoint="markets",
        path="/coins/markets",
        params={"vs_currency": "usd"},
        status=status,
        fetched_at=fetched_at,
        body=body if isinstance(body, str) else json.dumps(body),
    )


def market_chart(
    coin_id: str, body: Any, days: int = 2, fetched_at: datetime = NOW, status: int = 200
) -> Response:
    return Response(
        system="coingecko",
        endpoint="market_chart",
        path=f"/coins/{coin_id}/market_chart",
        params={"vs_currency": "usd", "days": str(days)},
        status=status,
        fetched_at=fetched_at,
        body=body if isinstance(body, str) else json.dumps(body),
    )


def chart(*points: tuple[datetime, float]) -> dict[str, list[list[Any]]]:
    """The same points in all three series."""
    series = [[ms(at), value] for at, value in points]
    return {"prices": series, "market_caps": series, "total_volumes": series}


def batches(first: int, count: int, products: Iterable[str] = ("BTC-USD",)) -> Response:
    """Stream batches of five seconds from number `first` on, a tick a product."""
    products = tuple(products)
    body = {
        "batches": [
            {
                "batch": number,
                "ticks": [
                    {
                        "event_id": f"{product}-{number}",
                        "product_id": product,
                        "event_at": number * 5_000,
                        "price": 62000.5,
                        "size": 0.25,
                        "change_pct": None,
                    }
                    for product in products
                ],
            }
            for number in range(first, first + count)
        ],
        "first_available": first,
        "latest": first + count - 1,
    }
    return Response("stream", "batches", "/batches", {}, 200, NOW, json.dumps(body))


def land(
    landing_dir: Path, *responses: Response, kind: str = "simulated", now: datetime = NOW
) -> list[Landed]:
    """Archive `responses` as one run's; returns them as they are read back."""
    with Archive(landing_dir, kind, new_run_id(now)) as archive:
        for response in responses:
            archive.append(response)
    return list(read_archive(landing_dir, archive.path))


def line(body: Any = None, **fields: Any) -> str:
    """A line of a recording."""
    body = [quote()] if body is None else body
    return json.dumps({"recorded_at": RECORDED_AT, "body": body} | fields) + "\n"


def replayed(recordings: Path, landing_dir: Path, store: Any = None) -> tuple[int, int]:
    with Archive(landing_dir, "replay", new_run_id(NOW)) as archive:
        return replay(recordings, archive, store or EmptyRaw(), NOW)


def all_landed(landing_dir: Path) -> list[Response]:
    return [
        landed.response
        for path in archives(landing_dir)
        for landed in read_archive(landing_dir, path)
    ]
