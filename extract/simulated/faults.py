"""Faults that the simulated API commits on request, each one seen in the real world."""

import copy
import json
import threading
from dataclasses import dataclass
from typing import Any, Literal

from extract.simulated.markets import iso

Kind = Literal[
    "429",
    "429_without_retry_after",
    "500",
    "slow",
    "cut_off",
    "html",
    "error_body_200",
    "unauthorized",
    "malformed_rows",
]

# One row of each into a list of observations, in this order.
MALFORMED_ROWS = (
    "id missing",
    "time missing",
    "price null",
    "price negative",
    "price a string",
    "time an hour in the future",
    "not an object",
)
# Points of a chart have no id.
MALFORMED_POINTS = MALFORMED_ROWS[1:]

RATE_LIMIT_BODY = {
    "status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}
}
UNAUTHORIZED_BODY = {
    "error": {
        "status": {
            "timestamp": "2026-01-01T00:00:00.000+00:00",
            "error_code": 10012,
            "error_message": "Your request exceeds the allowed time range.",
        }
    }
}
SERVER_ERROR_BODY = {"status": 500, "error": "Internal Server Error"}
HTML_PAGE = "<!DOCTYPE html><html><body><h1>Please stand by</h1></body></html>"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the requests whose path and query contain `path`.

    The first `skip` of them succeed, the next `times` are spoilt. Kinds:

    429                      status 429 with `Retry-After: retry_after` seconds
    429_without_retry_after  status 429, no header
    500                      status 500 with CoinGecko's own error body
    slow                     a good response after `delay` seconds
    cut_off                  half of a good response under the whole one's Content-Length
    html                     a page of HTML, as from a proxy, with `status` (503 or 200)
    error_body_200           status 200 around the body of a 429
    unauthorized             status 401 with code 10012
    malformed_rows           a good response with more rows: those of MALFORMED_ROWS in
                             /coins/markets and in the last batch of /stream/batches that has any,
                             those of MALFORMED_POINTS in `prices` of market_chart
    """

    kind: Kind
    path: str = ""
    times: int = 1
    skip: int = 0
    retry_after: int = 1
    delay: float = 0.0
    status: int = 503


class Faults:
    """The faults still to be committed. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append((fault, [fault.skip, fault.times]))

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    @property
    def pending(self) -> int:
        """How many requests are still to be spoilt."""
        with self._lock:
            return sum(left[1] for _, left in self._planned)

    def take(self, target: str) -> Fault | None:
        """The fault that this request meets, if any; the earliest added wins."""
        with self._lock:
            for fault, left in self._planned:
                if fault.path not in target or left[1] == 0:
                    continue
                if left[0]:
                    left[0] -= 1
                    continue
                left[1] -= 1
                return fault
        return None


def with_malformed_rows(body: bytes, now_ms: int) -> bytes:
    """A JSON response with malformed rows put in; unchanged if it holds no observations."""
    content = json.loads(body)
    if isinstance(content, list) and content:
        content += _spoilt_rows(content[0], "id", "last_updated", "current_price", now_ms)
    elif isinstance(content, dict) and content.get("prices"):
        content["prices"] += _spoilt_points(content["prices"][0], now_ms)
    elif isinstance(content, dict) and content.get("batches"):
        filled = [batch["ticks"] for batch in content["batches"] if batch["ticks"]]
        if filled:
            filled[-1] += _spoilt_rows(filled[-1][0], "product_id", "event_at", "price", now_ms)
    return json.dumps(content).encode()


def _spoilt_rows(
    good: dict[str, Any], id_field: str, time_field: str, price_field: str, now_ms: int
) -> list[Any]:
    rows: list[Any] = [copy.deepcopy(good) for _ in range(6)]
    rows.append("not an object")
    del rows[0][id_field]
    del rows[1][time_field]
    rows[2][price_field] = None
    rows[3][price_field] = -rows[3][price_field]
    rows[4][price_field] = str(rows[4][price_field])
    rows[5][time_field] = _future(rows[5][time_field], now_ms)
    return rows


def _spoilt_points(good: list[Any], now_ms: int) -> list[Any]:
    at, price = good
    future = _future(at, now_ms)
    return [[None, price], [at, None], [at, -price], [at, str(price)], [future, price], "no pair"]


def _future(like: int | str, now_ms: int) -> int | str:
    at = now_ms + 3_600_000
    return iso(at) if isinstance(like, str) else at
