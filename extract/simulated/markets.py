"""Responses of `GET /coins/markets`: a row per coin, with the fields and types of the real API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from extract.simulated.coins import Coin
from extract.simulated.events import DAY_MS, HOUR_MS
from extract.simulated.market import Market
from extract.simulated.noise import hash_one, stream_key
from extract.simulated.quotes import QuoteTimes

PERIODS_MS = {
    "1h": HOUR_MS,
    "24h": DAY_MS,
    "7d": 7 * DAY_MS,
    "14d": 14 * DAY_MS,
    "30d": 30 * DAY_MS,
    "200d": 200 * DAY_MS,
    "1y": 365 * DAY_MS,
}

_RANGE_STEP_MS = 10 * 60_000
# The 24-hour range is a minute behind the price, which so lies outside it on 3 of 100 rows. That
# is the share in recordings of the real API.
_RANGE_LAG_MS = 60_000
_RECORDS_SINCE_MS = 1_577_836_800_000  # 2020-01-01
_RECORDS_STEP_MS = 7 * DAY_MS


@dataclass(frozen=True)
class _Records:
    """Highest and lowest price on a weekly grid, with their times."""

    high: float
    high_ms: int
    low: float
    low_ms: int


class MarketsPage:
    """Builds the rows; keeps the records of each coin and week, which cost the most."""

    def __init__(self, market: Market):
        self._market = market
        self._quotes = QuoteTimes(market)
        self._records: dict[tuple[str, int], _Records] = {}
        self._image_number = {coin.coin_id: n for n, coin in enumerate(market.coins, start=1)}

    def rows(
        self,
        now_ms: int,
        ids: Sequence[str] | None = None,
        order: str = "market_cap_desc",
        page: int = 1,
        per_page: int = 100,
        periods: Sequence[str] = (),
        precision: int | None = None,
    ) -> list[dict[str, Any]]:
        """One page. Unknown ids are dropped, and the rank is among all coins."""
        rows = [self._row(coin, now_ms, periods, precision) for coin in self._market.coins]
        rows.sort(key=lambda row: -row["market_cap"])
        for rank, row in enumerate(rows, start=1):
            row["market_cap_rank"] = rank
        if ids is not None:
            wanted = set(ids)
            rows = [row for row in rows if row["id"] in wanted]
        field, _, direction = order.rpartition("_")
        key = {"market_cap": "market_cap", "volume": "total_volume", "id": "id"}[field]
        rows.sort(key=lambda row: row[key], reverse=direction == "desc")
        return rows[(page - 1) * per_page : page * per_page]

    def _row(
        self, coin: Coin, now_ms: int, periods: Sequence[str], precision: int | None
    ) -> dict[str, Any]:
        market, coin_id = self._market, coin.coin_id
        at = self._quotes.latest(coin_id, now_ms)
        range_grid = np.append(np.arange(at - DAY_MS, at, _RANGE_STEP_MS), at - _RANGE_LAG_MS)
        wanted = [at, at - DAY_MS, *(at - PERIODS_MS[period] for period in periods)]
        prices = market.prices(coin_id, np.concatenate([wanted, range_grid]))
        price, price_before = float(prices[0]), float(prices[1])
        high, low = float(prices[len(wanted) :].max()), float(prices[len(wanted) :].min())
        supplies = market.supplies(coin_id, np.array([at, at - DAY_MS]))
        circulating = float(supplies.circulating[0])
        cap = price * circulating
        cap_before = price_before * float(supplies.circulating[1])
        total = None if supplies.total is None else float(supplies.total[0])
        most = supplies.maximum if supplies.maximum is not None else total
        volume = float(market.rolling_volumes(coin_id, np.array([at]))[0])
        # The real API shows this one difference as a whole number on about half of the rows.
        cap_change = cap - cap_before
        if hash_one(stream_key(coin_id, "whole"), at) % 2:
            cap_change = round(cap_change)
        row = {
            "id": coin_id,
            "symbol": market.symbol_at(coin_id, at),
            "name": market.name_at(coin_id, at),
            "image": f"https://assets.example/coins/images/{self._image_number[coin_id]}"
            f"/large/{coin_id}.png",
            "current_price": shown(price, precision),
            "market_cap": round(cap),
            "market_cap_rank": None,
            "fully_diluted_valuation": None if most is None else round(price * most),
            "total_volume": round(volume) if volume >= 1e6 else round(volume, 2),
            "high_24h": shown(high, precision),
            "low_24h": shown(low, precision),
            "price_change_24h": price - price_before,
            "price_change_percentage_24h": _percent(price, price_before),
            "market_cap_change_24h": cap_change,
            "market_cap_change_percentage_24h": _percent(cap, cap_before),
            "circulating_supply": circulating,
            "total_supply": total,
            "max_supply": supplies.maximum,
            **self._records_shown(coin_id, at, price),
            "roi": self._roi(coin, price, at),
            "last_updated": iso(at),
        }
        for number, period in enumerate(periods, start=2):
            change = 100.0 * (price / float(prices[number]) - 1.0)
            row[f"price_change_percentage_{period}_in_currency"] = change
        return row

    def _records_shown(self, coin_id: str, at_ms: int, price: float) -> dict[str, Any]:
        records = self._records_of(coin_id, at_ms)
        high, high_ms = max((records.high, records.high_ms), (price, at_ms))
        low, low_ms = min((records.low, records.low_ms), (price, at_ms))
        return {
            "ath": shown(high),
            "ath_change_percentage": _percent(price, high),
            "ath_date": iso(high_ms),
            "atl": float(shown(low)),
            "atl_change_percentage": _percent(price, low),
            "atl_date": iso(low_ms),
        }

    def _records_of(self, coin_id: str, at_ms: int) -> _Records:
        week = at_ms // _RECORDS_STEP_MS
        if (coin_id, week) not in self._records:
            first = min(_RECORDS_SINCE_MS // _RECORDS_STEP_MS, week)
            grid = np.arange(first, week + 1, dtype=np.int64) * _RECORDS_STEP_MS
            prices = self._market.prices(coin_id, grid)
            high, low = int(prices.argmax()), int(prices.argmin())
            self._records[coin_id, week] = _Records(
                float(prices[high]), int(grid[high]), float(prices[low]), int(grid[low])
            )
        return self._records[coin_id, week]

    def _roi(self, coin: Coin, price: float, at_ms: int) -> dict[str, Any] | None:
        if coin.sale is None:
            return None
        currency, sale_price = coin.sale
        if currency == "btc":
            price /= float(self._market.prices("bitcoin", np.array([at_ms]))[0])
        times = price / sale_price - 1.0
        return {"times": times, "currency": currency, "percentage": 100.0 * times}


def shown(price: float, precision: int | None = None) -> int | float:
    """A price with the digits that the real API shows: whole from 10,000, two decimals from 1,
    below that six significant digits but at most eight decimals. With `precision` that many
    decimals; more than 17 show the price in full."""
    if precision is not None:
        return price if precision > 17 else round(price, precision)
    if price >= 10_000:
        return round(price)
    if price >= 1.1:
        return round(price, 2)
    if price >= 1:
        return round(price, 3)
    return float(f"{price:.6g}") if price < 1e-6 else round(float(f"{price:.6g}"), 8)


def iso(at_ms: int) -> str:
    """Epoch milliseconds as `2026-01-31T12:00:00.123Z`."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _percent(now: float, before: float) -> float:
    return round(100.0 * (now / before - 1.0), 5)
