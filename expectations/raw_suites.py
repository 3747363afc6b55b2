"""Gate 1: what must hold of the rows that were just loaded, before any model reads them.

Extraction rejects rows that break the row rules. They are claimed again here, because rows can
reach raw in other ways. `load_claims` adds what no single row can show.
"""

# ruff: noqa: S608 - queries are put together from constants and validated load ids.

from collections.abc import Callable, Sequence

from expectations.claims import (
    Claim,
    Suite,
    filled,
    found_in,
    loaded_by,
    none_where,
    positive_finite,
)
from expectations.load_claims import (
    enough_coins,
    pages_in_line,
    price_in_line,
    prices_differ,
    rejected_share_small,
)

# 2009-01-03; no engine's literal of an instant is understood by all others.
FIRST_BLOCK = "to_timestamp(1230940800)"
LINEAGE = ("row_id", "response_id", "run_id", "fetched_at")

# The columns that the claims read; a raw table may hold more.
RAW_COLUMNS: dict[str, tuple[str, ...]] = {
    "coingecko_markets": (
        *LINEAGE,
        "_dlt_load_id",
        "id",
        "current_price",
        "last_updated",
        "low_24h",
        "high_24h",
        "total_volume",
        "circulating_supply",
        "total_supply",
        "price_change_percentage_24h",
    ),
    "coingecko_market_chart": (*LINEAGE, "_dlt_load_id", "coin_id", "point_at", "price"),
    "stream_ticks": (*LINEAGE, "_dlt_load_id", "event_id", "product_id", "event_at", "price"),
    "rejected_rows": (*LINEAGE, "_dlt_load_id", "source", "table_name", "reason", "payload"),
    "landed_responses": (
        "response_id",
        "run_id",
        "fetched_at",
        "_dlt_load_id",
        "endpoint",
        "status",
        "error_code",
        "error_message",
    ),
}
REQUIRED_RAW_TABLES = ("landed_responses",)


def raw_suites(tables: Sequence[str], load_ids: Sequence[str] | None) -> list[Suite]:
    """One suite for each of the tables, over the rows of the loads or over all rows."""
    builders: dict[str, Callable[[Sequence[str], Sequence[str] | None], list[Claim]]] = {
        "coingecko_markets": _markets,
        "coingecko_market_chart": _market_chart,
        "stream_ticks": _stream_ticks,
        "rejected_rows": _rejected_rows,
        "landed_responses": _landed_responses,
    }
    return [
        Suite(
            "raw",
            table,
            f"select * from raw.{table}{loaded_by(load_ids)}",
            tuple(build(tables, load_ids)),
        )
        for table, build in builders.items()
        if table in tables
    ]


def _markets(tables: Sequence[str], load_ids: Sequence[str] | None) -> list[Claim]:
    shown = "row_id, id, fetched_at, last_updated"
    return [
        *_lineage("coingecko_markets", tables),
        *_observations("id", "last_updated", "current_price"),
        prices_differ(),
        pages_in_line(load_ids),
        *_against_earlier_loads("coingecko_markets", ["coingecko_markets"], load_ids),
        *([] if load_ids is None else [enough_coins(load_ids)]),
        none_where(
            "current_price lies within low_24h and high_24h",
            "current_price < low_24h or current_price > high_24h",
            "row_id, id, current_price, low_24h, high_24h",
            "warning",
            "The vendor's range is older than its price in 3.4 % of recorded rows.",
        ),
        none_where(
            "circulating_supply is at most total_supply",
            "circulating_supply > total_supply",
            "row_id, id, circulating_supply, total_supply",
            "warning",
            "So in 1.2 % of recorded rows.",
        ),
        none_where(
            "total_volume is above 0",
            "total_volume is null or total_volume <= 0",
            "row_id, id, total_volume",
            "warning",
            "So in 0.7 % of recorded rows.",
        ),
        none_where(
            "the quote is at most 1 hour old when fetched",
            "last_updated < fetched_at - interval '1 hour'",
            shown,
            "warning",
        ),
        none_where(
            "the quote is at most 24 hours old when fetched",
            "last_updated < fetched_at - interval '24 hours'",
            shown,
            "warning",
            "Quotes up to 356 hours old were recorded.",
        ),
        none_where(
            "price_change_percentage_24h is not null",
            "price_change_percentage_24h is null",
            shown,
            "warning",
        ),
    ]


def _market_chart(tables: Sequence[str], load_ids: Sequence[str] | None) -> list[Claim]:
    earlier = [
        table for table in ("coingecko_market_chart", "coingecko_markets") if table in tables
    ]
    return [
        *_lineage("coingecko_market_chart", tables),
        *_observations("coin_id", "point_at", "price"),
        *_against_earlier_loads("coingecko_market_chart", earlier, load_ids),
    ]


def _stream_ticks(tables: Sequence[str], load_ids: Sequence[str] | None) -> list[Claim]:
    return [
        *_lineage("stream_ticks", tables),
        filled("event_id"),
        *_observations("product_id", "event_at", "price"),
        *_against_earlier_loads("stream_ticks", ["stream_ticks"], load_ids),
    ]


def _rejected_rows(tables: Sequence[str], load_ids: Sequence[str] | None) -> list[Claim]:
    observed = [table for table in tables if table not in ("rejected_rows", "landed_responses")]
    return [
        *_lineage("rejected_rows", tables),
        filled("source", "table_name", "reason"),
        rejected_share_small(observed, load_ids),
        none_where(
            "no row was rejected",
            "row_id is not null",
            "row_id, source, table_name, reason, payload",
            "warning",
        ),
    ]


def _landed_responses(tables: Sequence[str], load_ids: Sequence[str] | None) -> list[Claim]:
    return [
        filled("response_id", "run_id", "fetched_at"),
        _unique_in_table("landed_responses", "response_id"),
        none_where(
            "every response is a success",
            "status is null or status <> 200 or coalesce(error_code, 0) <> 0",
            "response_id, endpoint, status, error_code, error_message",
            "warning",
            "An error body can come with status 200.",
        ),
    ]


def _lineage(table: str, tables: Sequence[str]) -> list[Claim]:
    """Every row can be traced to the response it came from."""
    claims = [filled(*LINEAGE), _unique_in_table(table, "row_id")]
    if "landed_responses" in tables:
        claims.append(found_in("response_id", "raw.landed_responses", "row_id, response_id"))
    return claims


def _unique_in_table(table: str, key: str) -> Claim:
    """Looks beyond the batch: a key that was just loaded may exist in an older load."""
    return Claim(
        f"one row per {key}",
        f"select {key}, count(*) as row_count, max(_dlt_load_id) as last_load_id "
        f"from raw.{table} where {key} in (select {key} from {{batch}}) "
        f"group by {key} having count(*) > 1",
    )


def _observations(key: str, time: str, price: str) -> list[Claim]:
    """The hard row rules, which extraction also applies."""
    shown = f"row_id, {key}, {time}, fetched_at"
    return [
        none_where(f"{key} is not empty", f"{key} is null or trim({key}) = ''", shown),
        none_where(f"{time} is not null", f"{time} is null", shown),
        positive_finite(price, f"row_id, {key}, {price}, {time}"),
        none_where(
            f"{time} is at most 5 minutes after fetched_at",
            f"{time} > fetched_at + interval '5 minutes'",
            shown,
        ),
        none_where(
            f"{time} and fetched_at are not before 2009-01-03",
            f"{time} < {FIRST_BLOCK} or fetched_at < {FIRST_BLOCK}",
            shown,
            reason="The day of the first Bitcoin block; an earlier time is a unit error.",
        ),
    ]


def _against_earlier_loads(
    table: str, earlier_tables: Sequence[str], load_ids: Sequence[str] | None
) -> list[Claim]:
    """Nothing is earlier than all rows, so without load ids there is nothing to compare."""
    return [] if load_ids is None else [price_in_line(table, earlier_tables, load_ids)]
