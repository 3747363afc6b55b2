"""Answers of the sources as they are landed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from extract.landing import Response

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def markets_answer(fetched_at: datetime, rows: list[dict[str, Any]]) -> Response:
    return Response(
        "coingecko", "markets", "/coins/markets", {}, 200, fetched_at, json.dumps(rows)
    )


def chart_answer(
    fetched_at: datetime, coin_id: str, points: list[tuple[datetime | None, Any, Any]]
) -> Response:
    """Points are (instant, price, rolling volume)."""
    stamps = [None if at is None else (at - EPOCH) / timedelta(milliseconds=1) for at, _, _ in points]
    body = {
        "prices": [[at, price] for at, (_, price, _) in zip(stamps, points, strict=True)],
        "market_caps": [[at, None] for at in stamps],
        "total_volumes": [[at, volume] for at, (_, _, volume) in zip(stamps, points, strict=True)],
    }
    path = f"/coins/{coin_id}/market_chart"
    return Response("coingecko", "market_chart", path, {}, 200, fetched_at, json.dumps(body))


def batches_answer(fetched_at: datetime, ticks: list[dict[str, Any]]) -> Response:
    """Ticks carry the number of their batch."""
    batches = [
        {"batch": number, "ticks": [{k: v for k, v in tick.items() if k != "batch"} for tick in of]}
        for number, of in groupby(ticks, key=lambda tick: tick["batch"])
    ]
    body = {"batches": batches, "latest": 0}
    return Response("stream", "batches", "/batches", {}, 200, fetched_at, json.dumps(body))


def error_answer(fetched_at: datetime, status: int) -> Response:
    """CoinGecko's errors may come with status 200."""
    body = {"status": {"error_code": 429, "error_message": "throttled"}}
    return Response(
        "coingecko", "markets", "/coins/markets", {}, status, fetched_at, json.dumps(body)
    )
