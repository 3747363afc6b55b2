"""CoinGecko's plans: where each is served, under which header its key goes, how much it allows."""

from __future__ import annotations

from typing import Literal

Plan = Literal["keyless", "demo", "pro"]

COINGECKO_HOSTS: dict[Plan, str] = {
    "keyless": "https://api.coingecko.com/api/v3",
    "demo": "https://api.coingecko.com/api/v3",
    "pro": "https://pro-api.coingecko.com/api/v3",
}
COINGECKO_KEY_HEADERS: dict[Plan, str] = {
    "demo": "x-cg-demo-api-key",
    "pro": "x-cg-pro-api-key",
}
# CoinGecko's documents disagree on the limits; these stay below the lowest seen.
CALLS_PER_MINUTE: dict[Plan, int] = {"keyless": 5, "demo": 25, "pro": 250}
MONTHLY_CALLS: dict[Plan, int] = {"keyless": 10_000, "demo": 10_000, "pro": 500_000}
