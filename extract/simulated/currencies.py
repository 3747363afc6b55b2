"""Responses of `GET /global`: totals over all coins, in the currencies of the real API."""

from typing import Any

import numpy as np

from extract.simulated.events import DAY_MS
from extract.simulated.market import Market

# Units per USD: fixed, rounded, and only there to give the response its shape.
_PER_USD = {
    "aed": 3.6725, "ars": 1450.0, "aud": 1.53, "bdt": 122.0, "bhd": 0.377, "bmd": 1.0,
    "brl": 5.4, "cad": 1.4, "chf": 0.8, "clp": 940.0, "cny": 7.1, "czk": 21.0, "dkk": 6.45,
    "eur": 0.865, "gbp": 0.76, "gel": 2.71, "hkd": 7.78, "huf": 332.0, "idr": 16_650.0,
    "ils": 3.25, "inr": 88.7, "jpy": 155.0, "krw": 1460.0, "kwd": 0.307, "lkr": 305.0,
    "mmk": 2100.0, "mxn": 18.4, "myr": 4.15, "ngn": 1440.0, "nok": 10.1, "nzd": 1.77,
    "php": 58.9, "pkr": 281.0, "pln": 3.66, "rub": 81.0, "sar": 3.75, "sek": 9.5, "sgd": 1.3,
    "thb": 32.4, "try": 42.3, "twd": 31.1, "uah": 42.0, "vef": 0.1, "vnd": 26_350.0,
    "zar": 17.2, "xdr": 0.737, "xag": 0.0198, "xau": 0.000245, "usd": 1.0, "eos": 3.6,
    "yfi": 0.00022,
}  # fmt: skip
_COINS = {
    "btc": "bitcoin", "eth": "ethereum", "ltc": "litecoin", "bch": "bitcoin-cash",
    "bnb": "binancecoin", "xrp": "ripple", "xlm": "stellar", "link": "chainlink",
    "dot": "polkadot",
}  # fmt: skip
_SHOWN_SHARES = 10


def global_totals(market: Market, now_ms: int) -> dict[str, Any]:
    """`{"data": {...}}` at the last full minute that has data."""
    at = now_ms // 60_000 * 60_000
    outage = market.events.outage_near(at)
    if outage.start_ms <= at < outage.end_ms:
        at = outage.start_ms - 60_000
    instants = np.array([at, at - DAY_MS])
    caps = {c.coin_id: market.market_caps(c.coin_id, instants) for c in market.coins}
    volume = sum(float(market.rolling_volumes(c.coin_id, instants[:1])[0]) for c in market.coins)
    total, before = (float(sum(cap[k] for cap in caps.values())) for k in (0, 1))
    rates = dict(_PER_USD)
    for code, coin_id in _COINS.items():
        if coin_id in market:
            rates[code] = 1.0 / float(market.prices(coin_id, instants[:1])[0])
    if "btc" in rates:
        rates["bits"], rates["sats"] = rates["btc"] * 1e6, rates["btc"] * 1e8
    largest = sorted(caps, key=lambda coin_id: -caps[coin_id][0])[:_SHOWN_SHARES]
    data = {
        "active_cryptocurrencies": len(market.coins),
        "upcoming_icos": 0,
        "ongoing_icos": 49,
        "ended_icos": 3376,
        "markets": 40,
        "total_market_cap": {code: total * rate for code, rate in sorted(rates.items())},
        "total_volume": {code: volume * rate for code, rate in sorted(rates.items())},
        "market_cap_percentage": {
            market.symbol_at(coin_id, at): 100.0 * float(caps[coin_id][0]) / total
            for coin_id in largest
        },
        "market_cap_change_percentage_24h_usd": 100.0 * (total / before - 1.0),
        "updated_at": at // 1000,
    }
    return {"data": data}
