"""What CoinGecko is asked for in one visit: quotes first, then the history that is missing."""

from __future__ import annotations

from urllib.parse import quote

from extract.acceptance import is_id
from extract.faults import CallFailedError, PatienceSpentError, SourceError
from extract.history import missing_days
from extract.visit import Calls, Visit

SYSTEM = "coingecko"
IDS_A_PAGE = 250

# Codes by which CoinGecko refuses the caller, whatever is asked: wrong or missing key, wrong host,
# plan too small, blocked.
REFUSALS = frozenset({401, 403, 10002, 10005, 10006, 10010, 10011})

THROTTLED = 429


def fetch(visit: Visit) -> None:
    """Land the quotes, then the history that is missing, coin by coin.

    A coin whose history fails is noted and does not keep the others from being fetched. Raises
    SourceError where there are no quotes at all.
    """
    report, wanted = visit.report, visit.settings.coins
    report.coins = fetch_markets(visit.http, wanted)
    if not report.coins:
        raise SourceError(f"{SYSTEM} knows none of the coins that were asked for")
    if not isinstance(wanted, int):
        for coin in wanted:
            if coin not in report.coins:
                visit.note(f"{SYSTEM} knows no coin {coin!r}")
    _fetch_history(visit)


def _fetch_history(visit: Visit) -> None:
    report = visit.report
    plan = missing_days(visit.store, report.coins, visit.clock(), visit.settings.history_days)
    for done, (coin_id, calls) in enumerate(plan.items(), start=1):
        visit.progress("history", done, len(plan))
        for days in calls:
            try:
                fetch_market_chart(visit.http, coin_id, days)
                report.calls["market_chart"] += 1
            except CallFailedError as error:
                if error.code in REFUSALS:
                    raise
                visit.note(error)
                if error.code == THROTTLED or isinstance(error, PatienceSpentError):
                    visit.note(
                        f"history of {len(plan) - done + 1} coins is left for the next refresh"
                    )
                    return


def fetch_markets(http: Calls, coins: int | tuple[str, ...]) -> list[str]:
    """Land the quotes of the largest `coins`, or of those named; returns the ids found."""
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
        found += [row["id"] for row in body if isinstance(row, dict) and is_id(row.get("id"))]
        if isinstance(coins, int) and len(body) < int(page["per_page"]):
            break
    unique = list(dict.fromkeys(found))
    if isinstance(coins, int):
        return unique[:coins]
    # Each id costs calls for its history: only what was asked for is paid for.
    return [coin_id for coin_id in unique if coin_id in coins]


def fetch_market_chart(http: Calls, coin_id: str, days: int) -> None:
    """Land one coin's history: 5-minute points for 1 day, hourly for 2 to 90, daily beyond."""
    params = {"vs_currency": "usd", "days": str(days), "precision": "full"}
    http.get("market_chart", f"/coins/{quote(coin_id, safe='')}/market_chart", params)
