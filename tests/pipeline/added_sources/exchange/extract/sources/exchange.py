"""An exchange whose products have ids of their own and prices in several currencies."""

from __future__ import annotations

from typing import Any

from extract.acceptance import RowRules
from extract.domains import ID, MOMENT, PRICE
from extract.faults import ApiFault
from extract.landing import Response
from extract.limits import HttpPolicy
from extract.response_body import Body
from extract.settings import Settings
from extract.source import Access, Endpoint, Source
from extract.visit import Clock, Visit

RULES = RowRules(
    {"product": ID, "traded_at": MOMENT, "last_price": PRICE},
    id_fields=("product",),
    time_field="traded_at",
    price_field="last_price",
)


def fetch(visit: Visit) -> None:
    """Land a page for each currency."""
    for quoted_in in ("USD", "USDT"):
        visit.http.get("tickers", "/tickers", {"quoted_in": quoted_in})
        visit.report.calls["tickers"] += 1


def rows(body: Any, path: str) -> list[Any]:
    """The products of a page."""
    return list(body["tickers"])


def currency(response: Response) -> str:
    """As it was asked for."""
    return response.params["quoted_in"].lower()


def recognise_fault(status: int, body: Body) -> ApiFault | None:
    """Tell pages from anything else."""
    try:
        return None if status == 200 and "tickers" in body.content else ApiFault(status, "no page")
    except (ValueError, TypeError):
        return ApiFault(502, "no page")


def live(settings: Settings, clock: Clock) -> Access:
    return Access("http://server.invalid", HttpPolicy(trust_env=False))


TICKERS = Endpoint(
    "tickers",
    "/tickers",
    "exchange_tickers",
    "Products of /tickers as received. One row per product of an answer.",
    "stg_exchange__tickers",
    RULES,
    rows,
    currency,
    coin_field="product",
    is_listing=True,
)
SOURCE = Source("exchange", (TICKERS,), recognise_fault, fetch, live)
