"""Where the claims about a whole load draw the line."""

# ruff: noqa: S608

from collections.abc import Callable

import pytest

from tests.expectations.conftest import Check
from tests.expectations.raw_poisons import (
    CRITICAL,
    MARKETS,
    PAGE_IN_LINE,
    PRICE_IN_LINE,
    WARNINGS,
    reject,
)
from tests.expectations.warehouse import NEW_LOAD

Execute = Callable[[str], None]
JUMP = PRICE_IN_LINE.format("current_price")
REJECTED = next(poison.text for poison in CRITICAL if "received rows" in poison.text)
CONSTANT = next(poison.text for poison in CRITICAL if "all have one price" in poison.text)
ENOUGH = next(poison.text for poison in WARNINGS if "at least 80 %" in poison.text)


def new_markets(change: str, rows: str = "true") -> str:
    return f"update raw.{MARKETS} set {change} where load_number = {NEW_LOAD} and {rows}"


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        (JUMP, new_markets("current_price = current_price * 100", "row_index <= 2")),
        (JUMP, new_markets("current_price = current_price * 4.9")),
        (
            JUMP,
            f"update raw.{MARKETS} set fetched_at = fetched_at - interval '48 hours' "
            f"where load_number <> {NEW_LOAD}; " + new_markets("current_price = 9e9 + row_index"),
        ),
        (CONSTANT, new_markets("current_price = 5", "row_index <= 11")),
        (
            CONSTANT,
            f"delete from raw.{MARKETS} where row_index > 9; " + new_markets("current_price = 5"),
        ),
        (ENOUGH, f"delete from raw.{MARKETS} where row_index <= 2 and load_number = {NEW_LOAD}"),
        (ENOUGH, f"delete from raw.{MARKETS} where load_number = {NEW_LOAD}"),
        (REJECTED, reject(19)),
        (REJECTED, f"delete from raw.{MARKETS} where load_number = {NEW_LOAD}; " + reject(2)),
        (
            REJECTED,
            reject(20) + "; update raw.rejected_rows set reason = 'set aside: prices differ'"
            " where row_index > 0",
        ),
        (
            REJECTED,
            f"insert into raw.{MARKETS} select markets.* replace (row_id || n as row_id) "
            f"from raw.{MARKETS} as markets, range(7) as copies(n) "
            f"where load_number = {NEW_LOAD}; " + reject(24),
        ),
    ],
)
def test_just_inside_the_line(text: str, sql: str, poison: Execute, check: Check) -> None:
    suite = "rejected_rows" if text == REJECTED else MARKETS
    poison(sql)
    assert check("raw", suite, text) == []


@pytest.mark.parametrize("text", [JUMP, PAGE_IN_LINE])
def test_a_page_in_another_currency_is_no_jump(text: str, poison: Execute, check: Check) -> None:
    in_yen = new_markets("current_price = current_price * 150, currency = 'jpy'")
    poison(in_yen)
    assert check("raw", MARKETS, text) == []
    poison(in_yen.replace("jpy", "usd"))
    assert len(check("raw", MARKETS, text)) == 1


def test_a_coin_that_a_page_lists_often_is_no_jump(poison: Execute, check: Check) -> None:
    copies = (
        f"insert into raw.{MARKETS} select markets.* replace ("
        "row_id || n as row_id, current_price * (1 + 5 * (n % 2)) as current_price) "
        f"from raw.{MARKETS} as markets, range(8) as copies(n) "
        f"where load_number = {NEW_LOAD} and row_index = 1"
    )
    poison(copies)
    assert check("raw", MARKETS, PAGE_IN_LINE) == []


def test_cents_in_the_first_chart_are_seen_against_the_quotes(
    poison: Execute, check: Check
) -> None:
    poison(f"delete from raw.coingecko_market_chart where load_number <> {NEW_LOAD}")
    poison("update raw.coingecko_market_chart set price = price * 100")

    (breach,) = check("raw", "coingecko_market_chart", PRICE_IN_LINE.format("price"))

    assert breach.row_count == 12
    assert breach.observed == "12 of 12 coins differ"


def test_a_long_backfill_may_move_far_from_where_it_began(poison: Execute, check: Check) -> None:
    """Only its first 48 hours are compared with what was there before."""
    poison(
        f"insert into raw.{MARKETS} select markets.* replace ("
        "row_id || n as row_id, fetched_at + n * interval '10 days' as fetched_at, "
        "current_price * (1 + n) as current_price) "
        f"from raw.{MARKETS} as markets, range(1, 30) as months(n) "
        f"where load_number = {NEW_LOAD}"
    )
    assert check("raw", MARKETS, JUMP) == []


def test_one_constant_response_among_others(poison: Execute, check: Check) -> None:
    poison(
        f"insert into raw.{MARKETS} select markets.* replace ("
        "row_id || '-b' as row_id, 'response-1' as response_id, 7 as current_price) "
        f"from raw.{MARKETS} as markets where load_number = {NEW_LOAD}"
    )
    (breach,) = check("raw", MARKETS, CONSTANT)
    assert breach.row_count == 1
    assert breach.sample_rows[0]["response_id"] == "response-1"
