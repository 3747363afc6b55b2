"""How CoinGecko's responses are read, and how its errors are told from data."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from extract import bounded_json
from extract.acceptance import number, utf8
from extract.faults import ApiFault
from extract.limits import TOO_LARGE
from extract.response_body import Body
from extract.source import Columns, Rows


def markets_rows(body: Any, path: str) -> list[Any]:
    """The rows of a /coins/markets response."""
    if not isinstance(body, list):
        raise TypeError("not an array")
    return body


def market_chart_rows(body: Any, path: str) -> Rows:
    """One row per point; where the instants of the three series differ, the price's lead."""
    coin_id = unquote(path.split("/")[2])
    prices, caps, volumes = (body[name] for name in ("prices", "market_caps", "total_volumes"))
    if all(map(_are_pairs, (prices, caps, volumes))):
        instants = [point[0] for point in prices]
        if all([point[0] for point in series] == instants for series in (caps, volumes)):
            return Columns(
                {
                    "coin_id": [coin_id] * len(instants),
                    "point_at": instants,
                    "price": [point[1] for point in prices],
                    "market_cap": [point[1] for point in caps],
                    "total_volume": [point[1] for point in volumes],
                }
            )
    caps, volumes = _aligned(caps, prices), _aligned(volumes, prices)
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


def recognise_fault(status: int, body: Body) -> ApiFault | None:
    """Tell data from the five forms of error, whatever the HTTP status says."""
    text = body.text
    try:
        content = body.content
    except bounded_json.OversizeError as oversize:
        return ApiFault(TOO_LARGE, str(oversize))
    except ValueError:
        # Pages of proxies and bare words such as `Throttled` or `error code: 1015`.
        throttled = status == 429 or "throttled" in text[:200].lower() or "1015" in text[:200]
        code = 429 if throttled else status if status >= 300 else 502
        return ApiFault(code, f"not JSON: {' '.join(text.split())[:80]!r}")
    if isinstance(content, dict):
        error, state = content.get("error"), content.get("status")
        if isinstance(error, dict) and isinstance(error.get("status"), dict):
            state = error["status"]
        if isinstance(state, dict) and "error_code" in state:
            message = utf8(str(state.get("error_message", "")))
            return ApiFault(_code(state["error_code"], status), message[:200])
        if error is not None:
            return ApiFault(_code(state, status), utf8(str(error))[:200])
    if status != 200:
        return ApiFault(status, "an error without a message")
    if not isinstance(content, dict | list):
        return ApiFault(502, f"neither object nor array: {text[:80]!r}")
    return None


def _are_pairs(series: Any) -> bool:
    """Whether it is a list of nothing but pairs, as in every regular response."""
    return isinstance(series, list) and all(map(_is_pair, series))


def _is_pair(point: Any) -> bool:
    return isinstance(point, list) and len(point) == 2


def _instant(point: Any) -> Any:
    return point[0] if _is_pair(point) else None


def _value(point: Any) -> Any:
    return point[1] if _is_pair(point) else None


def _aligned(series: list[Any], prices: list[Any]) -> list[Any]:
    if [_instant(point) for point in series] == [_instant(price) for price in prices]:
        return series
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
