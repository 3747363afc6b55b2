"""CoinGecko API v3: what its responses may hold, and what is odd in them.

Facts: docs.coingecko.com. A quote's own time is `last_updated`; `total_volume` is a rolling 24-hour
sum; the last point of a market_chart is the present moment, off the grid.
"""

from __future__ import annotations

from extract.acceptance import RowRules, utf8
from extract.call_budget import CallBudget
from extract.coingecko_plans import COINGECKO_HOSTS, COINGECKO_KEY_HEADERS
from extract.domains import (
    ADDRESS,
    AMOUNT,
    CHANGE_PCT,
    DETAILS,
    DIFFERENCE,
    ID,
    LABEL,
    MOMENT,
    PRICE,
    PRICE_OR_ZERO,
    RANK,
)
from extract.landing import Response
from extract.limits import HttpPolicy
from extract.settings import Settings
from extract.source import Access, Endpoint, Oddity, Source
from extract.sources.coingecko.calls import SYSTEM, fetch
from extract.sources.coingecko.responses import market_chart_rows, markets_rows, recognise_fault
from extract.visit import Clock

MARKETS_RULES = RowRules(
    {
        "id": ID,
        "symbol": LABEL,
        "name": LABEL,
        "image": ADDRESS,
        "current_price": PRICE,
        "market_cap": AMOUNT,
        "market_cap_rank": RANK,
        "fully_diluted_valuation": AMOUNT,
        "total_volume": AMOUNT,
        "high_24h": PRICE_OR_ZERO,
        "low_24h": PRICE_OR_ZERO,
        "price_change_24h": DIFFERENCE,
        "price_change_percentage_24h": CHANGE_PCT,
        "market_cap_change_24h": DIFFERENCE,
        "market_cap_change_percentage_24h": CHANGE_PCT,
        "circulating_supply": AMOUNT,
        "total_supply": AMOUNT,
        "max_supply": AMOUNT,
        "ath": PRICE_OR_ZERO,
        "ath_change_percentage": CHANGE_PCT,
        "ath_date": MOMENT,
        "atl": PRICE_OR_ZERO,
        "atl_change_percentage": CHANGE_PCT,
        "atl_date": MOMENT,
        "roi": DETAILS,
        "last_updated": MOMENT,
    },
    id_fields=("id",),
    time_field="last_updated",
    price_field="current_price",
)
MARKET_CHART_RULES = RowRules(
    {
        "coin_id": ID,
        "point_at": MOMENT,
        "price": PRICE,
        "market_cap": AMOUNT,
        "total_volume": AMOUNT,
    },
    id_fields=("coin_id",),
    time_field="point_at",
    price_field="price",
)

# Shares are of 113,500 recorded rows.
MARKETS_ODDITIES = (
    Oddity(
        "current_price lies within low_24h and high_24h",
        "current_price < low_24h or current_price > high_24h",
        ("id", "current_price", "low_24h", "high_24h"),
        "The vendor's range is older than its price in 3.4 % of recorded rows.",
    ),
    Oddity(
        "circulating_supply is at most total_supply",
        "circulating_supply > total_supply",
        ("id", "circulating_supply", "total_supply"),
        "So in 1.2 % of recorded rows.",
    ),
    Oddity(
        "total_volume is above 0",
        "total_volume is null or total_volume <= 0",
        ("id", "total_volume"),
        "So in 0.7 % of recorded rows.",
    ),
    Oddity(
        "the quote is at most 1 hour old when fetched",
        "last_updated < fetched_at - interval '1 hour'",
        ("id", "fetched_at", "last_updated"),
    ),
    Oddity(
        "the quote is at most 24 hours old when fetched",
        "last_updated < fetched_at - interval '24 hours'",
        ("id", "fetched_at", "last_updated"),
        "Quotes up to 356 hours old were recorded.",
    ),
    Oddity(
        "price_change_percentage_24h is not null",
        "price_change_percentage_24h is null",
        ("id", "fetched_at", "last_updated"),
    ),
)


def live(settings: Settings, clock: Clock) -> Access:
    """The host and the header of the key follow from the plan."""
    plan, key = settings.coingecko_plan, settings.coingecko_api_key
    return Access(
        COINGECKO_HOSTS[plan],
        HttpPolicy(settings.calls_per_minute, ca_bundle=settings.ca_bundle),
        {COINGECKO_KEY_HEADERS[plan]: key.get_secret_value()} if key else {},
        CallBudget(
            settings.call_budget_path, settings.monthly_calls, clock, "COINGECKO_MONTHLY_CALLS"
        ),
    )


def currency(response: Response) -> str:
    """As it was asked for; recordings that do not say so are of US dollars."""
    return utf8(str(response.params.get("vs_currency", "usd")).strip().lower())[:20]


MARKETS = Endpoint(
    "markets",
    "/coins/markets",
    "coingecko_markets",
    "Quotes of /coins/markets as received. One row per row of a response.",
    "stg_coingecko__markets",
    MARKETS_RULES,
    markets_rows,
    currency,
    coin_field="id",
    oddities=MARKETS_ODDITIES,
    is_listing=True,
)
MARKET_CHART = Endpoint(
    "market_chart",
    "/coins/{id}/market_chart",
    "coingecko_market_chart",
    "Points of /coins/{id}/market_chart as received. One row per point of a response.",
    "stg_coingecko__market_chart_points",
    MARKET_CHART_RULES,
    market_chart_rows,
    currency,
    coin_field="coin_id",
    is_polled=False,
)
SOURCE = Source(
    SYSTEM,
    (MARKETS, MARKET_CHART),
    recognise_fault,
    fetch,
    live,
    simulated_root="/api/v3",
    has_canonical_ids=True,
)
