"""Answers of the sources, and how they are landed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from extract.acceptance import instant
from extract.landing import Landed, Response

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Markets:
    """The answers of all markets, and the seed rows of their coins."""

    landed: list[Landed]
    coin_flags: list[tuple[str, str, str | None]]
    coin_source_ids: list[tuple[str, str, str]]


def markets_answer(
    fetched_at: datetime, rows: list[dict[str, Any]], currency: str = "usd"
) -> Response:
    page = answer("coingecko", "markets", "/coins/markets", fetched_at, rows)
    return replace(page, params={"vs_currency": currency})


def chart_answer(
    fetched_at: datetime, coin_id: str, points: list[tuple[datetime | None, Any, Any]]
) -> Response:
    """Points are (instant, price, rolling volume)."""
    prices = [[milliseconds(at), price] for at, price, _ in points]
    caps = [[milliseconds(at), None] for at, _, _ in points]
    volumes = [[milliseconds(at), volume] for at, _, volume in points]
    body = {"prices": prices, "market_caps": caps, "total_volumes": volumes}
    return answer("coingecko", "market_chart", f"/coins/{coin_id}/market_chart", fetched_at, body)


def batches_answer(fetched_at: datetime, ticks: list[dict[str, Any]]) -> Response:
    """Ticks carry the number of their batch."""
    batches = [
        {"batch": number, "ticks": [{k: v for k, v in tick.items() if k != "batch"} for tick in of]}
        for number, of in groupby(ticks, key=lambda tick: tick["batch"])
    ]
    return answer("stream", "batches", "/batches", fetched_at, {"batches": batches, "latest": 0})


def error_answer(fetched_at: datetime, status: int) -> Response:
    """CoinGecko's errors may come with status 200."""
    body = {"status": {"error_code": 429, "error_message": "throttled"}}
    return answer("coingecko", "markets", "/coins/markets", fetched_at, body, status)


def answer(
    system: str, endpoint: str, path: str, fetched_at: datetime, body: Any, status: int = 200
) -> Response:
    return Response(
        system=system,
        endpoint=endpoint,
        path=path,
        params={},
        status=status,
        fetched_at=fetched_at,
        body=json.dumps(body),
    )


def milliseconds(at: datetime | None) -> float | None:
    return None if at is None else (at - EPOCH) / timedelta(milliseconds=1)


def observed_days(response: Response) -> set[date]:
    """Days of the quotes and trades in an answer; no chart is asked."""
    body = json.loads(response.body)
    if response.endpoint == "batches":
        stamps = [tick["event_at"] for batch in body["batches"] for tick in batch["ticks"]]
    else:
        stamps = [row["last_updated"] for row in body] if isinstance(body, list) else []
    return {at.date() for stamp in stamps if (at := instant(stamp)) is not None}


def landed_in_runs(answers: list[tuple[str, Response]]) -> Iterator[Landed]:
    """A run a market and day; the numbers 8, 9, 10 ... do not sort as text."""
    numbers: dict[str, int] = {}
    for name, response in sorted(answers, key=lambda item: item[1].fetched_at):
        run_id = f"{response.fetched_at:%Y%m%d}T000000000000Z-{name}"
        numbers[run_id] = numbers.get(run_id, 7) + 1
        folder = f"simulated/{response.fetched_at:%Y-%m-%d}"
        yield Landed(response, f"{folder}/{run_id}.ndjson.gz", numbers[run_id])
