"""CoinGecko API v3: what is asked, how its answers are read, and how its errors are told from data.

Facts: docs.coingecko.com. A quote's own time is `last_updated`; `total_volume` is a rolling 24-hour
sum; the last point of a market_chart is the present moment, off the grid.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

from extract.acceptance import RowRules, number, utf8
from extract.http import ApiFault, HttpSource
from extract.raw_tables import MARKET_CHART_FIELDS, MARKETS_FIELDS

SYSTEM = "coingecko"
IDS_A_PAGE = 250

MARKETS = "coingecko_markets"
MARKET_CHART = "coingecko_market_chart"

# Codes by which CoinGecko refuses the caller, whatever is asked: wrong or missing key, wrong host,
# plan too small, blocked.
REFUSALS = frozenset({401, 403, 10002, 10005, 10006, 10010, 10011})

THROTTLED = 429

MARKETS_RULES = RowRules(
    MARKETS_FIELDS, id_fields=("id",), time_field="last_updated", price_field="current_price"
)
MARKET_CHART_RULES = RowRules(
    MARKET_CHART_FIELDS, id_fields=("coin_id",), time_field="point_at", price_field="price"
)


def fetch_markets(http: HttpSource, coins: int | tuple[str, ...]) -> list[str]:
    """Land the quotes of the largest `coins`, or of those named; returns the ids that answered."""
    found: list[str] = []
    if isinstance(coins, int):
        page_count = -(-coins // IDS_A_PAGE)
        per_page = -(-coins // page_count)
        pages = [
            {"per_page": str(per_page), "page": str(page)} for page in range(1, page_count + 1)
        ]
    else:
        pages = [
            {"ids": ",".join(coins[start : start + IDS_A_PAGE]), "per_page": str(IDS_A_PAGE)}
            for start in range(0, len(coins), IDS_A_PAGE)
        ]
    for page in pages:
        params = {"vs_currency": "usd", "order": "market_cap_desc", "precision": "full"} | page
        body = http.get("markets", "/coins/markets", params)
        found += [row["id"] for row in body if isinstance(row, dict) and _is_id(row.get("id"))]
        if isinstance(coins, int) and len(body) < per_page:
            break
    unique = list(dict.fromkeys(found))
    return unique[:coins] if isinstance(coins, int) else unique


def fetch_market_chart(http: HttpSource, coin_id: str, days: int) -> None:
    """Land one coin's history: 5-minute points for 1 day, hourly for 2 to 90, daily beyond."""
    params = {"vs_currency": "usd", "days": str(days), "precision": "full"}
    http.get("market_chart", f"/coins/{quote(coin_id, safe='')}/market_chart", params)


def markets_rows(body: Any, path: str) -> list[Any]:
    """The rows of a /coins/markets answer."""
    if not isinstance(body, list):
        raise TypeError("not an array")
    return body


def market_chart_rows(body: Any, path: str) -> list[Any]:
    """One row a point; where the three series do not share their instants, the price's lead."""
    coin_id = unquote(path.split("/")[2])
    prices, caps, volumes = (body[name] for name in ("prices", "market_caps", "total_volumes"))
    if [_instant(p) for p in prices] != [_instant(p) for p in caps]:
        caps = _aligned(caps, prices)
    if [_instant(p) for p in prices] != [_instant(p) for p in volumes]:
        volumes = _aligned(volumes, prices)
    return [
        {
            "coin_id": coin_id,
            "point_at": _instant(price),
            "price": _value(price),
            "market_cap": _value(cap),
            "total_volume": _value(volume),
        }
        if _is_pair(price)
        else price
        for price, cap, volume in zip(prices, caps, volumes, strict=True)
    ]


def recognise_fault(status: int, body: str) -> ApiFault | None:
    """Tell data from the five forms of error, whatever the HTTP status says."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        # Pages of proxies and bare words such as `Throttled` or `error code: 1015`.
        throttled = status == 429 or "throttled" in body[:200].lower() or "1015" in body[:200]
        code = 429 if throttled else status if status >= 300 else 502
        return ApiFault(code, f"not JSON: {' '.join(body.split())[:80]!r}")
    if isinstance(answer, dict):
        error, state = answer.get("error"), answer.get("status")
        if isinstance(error, dict) and isinstance(error.get("status"), dict):
            state = error["status"]
        if isinstance(state, dict) and "error_code" in state:
            message = utf8(str(state.get("error_message", "")))
            return ApiFault(_code(state["error_code"], status), message[:200])
        if error is not None:
            return ApiFault(_code(state, status), utf8(str(error))[:200])
    if status != 200:
        return ApiFault(status, "an error without a message")
    if not isinstance(answer, dict | list):
        return ApiFault(502, f"neither object nor array: {body[:80]!r}")
    return None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_pair(point: Any) -> bool:
    return isinstance(point, list) and len(point) == 2


def _instant(point: Any) -> Any:
    return point[0] if _is_pair(point) else None


def _value(point: Any) -> Any:
    return point[1] if _is_pair(point) else None


def _aligned(series: list[Any], prices: list[Any]) -> list[Any]:
    by_instant = {number(_instant(point)): point for point in series}
    return [by_instant.get(number(_instant(price))) for price in prices]


def _code(value: object, status: int) -> int:
    try:
        code = int(str(value))
    except ValueError:
        code = -1
    if 0 <= code < 2**31:
        return code
    return status if status >= 400 else 500
