"""Responses of `GET /stream/batches`: an exchange's trades in batches of five seconds."""

import math
from typing import Any

from extract.simulated.market import BATCH_MS, Market

RETENTION_BATCHES = 720  # 60 minutes
MAX_LIMIT = 120


def stream_batches(market: Market, now_ms: int, after: int | None, limit: int) -> dict[str, Any]:
    """Finished batches with a number greater than `after`, oldest first, at most `limit`.

    `{"batches": [{"batch": n, "ticks": [...]}, ...], "first_available": n0, "latest": n1}`.
    Batches before `first_available` are gone for ever: whoever asks for one gets the first that is
    left. Batches of an hour without data have no ticks.
    """
    latest = now_ms // BATCH_MS - 1
    first_available = latest - RETENTION_BATCHES + 1
    first = first_available if after is None else max(after + 1, first_available)
    count = max(0, min(limit, MAX_LIMIT, latest - first + 1))
    batches: dict[int, list[dict[str, Any]]] = {
        number: [] for number in range(first, first + count)
    }
    if count:
        columns = market.tick_batches(first, count)
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        for number, *values in rows:
            event_id, product_id, event_at, price, size, change = values
            batches[number].append(
                {
                    "event_id": event_id,
                    "product_id": product_id,
                    "event_at": event_at,
                    "price": price,
                    "size": size,
                    "change_pct": None if math.isnan(change) else change,
                }
            )
    return {
        "batches": [{"batch": number, "ticks": ticks} for number, ticks in batches.items()],
        "first_available": first_available,
        "latest": latest,
    }
