"""What the servers of two added sources answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tests.extract.answers import ms
from tests.extract.local_server import Answer

# A live source is asked by the machine's clock.
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.replace(hour=0, minute=0, second=0)
YESTERDAY = (TODAY - timedelta(days=1)).replace(tzinfo=None)


def index_page() -> str:
    """Three days as alternative.me gives them, of which one has no time and one an odd value."""
    days = [
        {"value": "22", "value_classification": "Extreme Fear", "timestamp": seconds(TODAY)},
        {"value": "x", "value_classification": "Fear", "timestamp": seconds(TODAY, days=1)},
        {"value": "30", "value_classification": "Fear", "timestamp": None},
    ]
    return json.dumps({"name": "Fear and Greed Index", "data": days, "metadata": {"error": None}})


def seconds(moment: datetime, days: int = 0) -> str:
    return str(ms(moment - timedelta(days=days)) // 1000)


def tickers_page(quoted_in: str) -> str:
    at = ms(NOW - timedelta(minutes=2))
    price = {"USD": 60_000.5, "USDT": 61_000.5}[quoted_in]
    tickers = [
        {"product": "XBT", "traded_at": at, "last_price": price},
        {"product": "NEW", "traded_at": at, "last_price": 1.5},
        {"product": "ETH", "traded_at": at, "last_price": None},
    ]
    return json.dumps({"tickers": tickers})


def answer(path: str, headers: Mapping[str, str]) -> Answer:
    parts = urlsplit(path)
    if parts.path == "/fng/":
        return Answer(index_page())
    return Answer(tickers_page(parts.query.removeprefix("quoted_in=")))
