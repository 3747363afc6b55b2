"""The published marts, worked out from raw rows by plain loops.

Written from the semantics and the descriptions of models and columns, not from their SQL, and meant
to be read beside them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.reference.daily import fct_daily_rankings, fct_daily_volumes, fct_market_breadth_daily
from tests.reference.episodes import fct_price_alerts, fct_threshold_episodes
from tests.reference.hourly import fct_coverage_daily, fct_hourly_prices
from tests.reference.series import (
    RawRows,
    Row,
    Series,
    in_dollars,
    observations,
    source_clocks,
    surviving_points,
    surviving_quotes,
    surviving_ticks,
    utc,
)
from tests.reference.suspicion import fct_suspected_coins, suspicions


def marts(raw: RawRows) -> dict[str, list[Row]]:
    """Every mart by its name; episodes come without their ids."""
    clocks = source_clocks(raw)
    series = observations(raw)
    symbols = dim_coin_symbols(raw)
    found = suspicions(raw, series, clocks)
    suspected = fct_suspected_coins(raw, series, found)
    coins = dim_coins(raw, series, symbols, suspected)
    hours = fct_hourly_prices(series, clocks)
    rankings = fct_daily_rankings(raw, series, clocks, coins, found)
    return {
        "dim_coins": coins,
        "dim_coin_symbols": symbols,
        "fct_hourly_prices": hours,
        "fct_daily_volumes": fct_daily_volumes(raw, series, clocks),
        "fct_daily_rankings": rankings,
        "fct_market_breadth_daily": fct_market_breadth_daily(rankings),
        "fct_price_alerts": fct_price_alerts(series, coins, clocks),
        "fct_threshold_episodes": fct_threshold_episodes(series, coins, clocks),
        "fct_coverage_daily": fct_coverage_daily(hours, clocks),
        "fct_refused_answers": fct_refused_answers(raw),
        "fct_rejected_rows": fct_rejected_rows(raw),
        "fct_repaired_fields": fct_repaired_fields(raw),
        "fct_unmapped_ids": fct_unmapped_ids(raw),
        "fct_suspected_coins": suspected,
        "fct_load_audit": fct_load_audit(raw),
    }


def dim_coin_symbols(raw: RawRows) -> list[Row]:
    periods: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for quote in sorted(
        in_dollars(surviving_quotes(raw)), key=lambda r: (r["id"], r["last_updated"])
    ):
        known = periods[quote["id"]]
        called = {"symbol": quote["symbol"], "name": quote["name"]}
        if known and called == {"symbol": known[-1]["symbol"], "name": known[-1]["name"]}:
            continue
        at = utc(quote["last_updated"])
        if known:
            known[-1] |= {"valid_to": at, "is_current": False}
        period = {"coin_id": quote["id"], "valid_from": at, "valid_to": None, "is_current": True}
        known.append(period | called)
    return [period for known in periods.values() for period in known]


def dim_coins(
    raw: RawRows,
    series: Mapping[tuple[str, str], Series],
    symbols: Iterable[Row],
    suspected: Iterable[Row],
) -> list[Row]:
    is_suspected = {row["coin_id"]: row["is_suspected"] for row in suspected}
    flags = {row["coin_id"]: row for row in raw.coin_flags}
    called = {row["coin_id"]: row for row in symbols if row["is_current"]}
    seen: dict[str, list[datetime]] = defaultdict(list)
    for (_, coin_id), observed in series.items():
        seen[coin_id] += [observation.at for observation in observed]
    return [
        {
            "coin_id": coin_id,
            "symbol": called.get(coin_id, {}).get("symbol"),
            "name": called.get(coin_id, {}).get("name"),
            "is_stablecoin": flags.get(coin_id, {}).get("kind") == "stablecoin",
            "is_wrapped": flags.get(coin_id, {}).get("kind") == "wrapped",
            "is_suspected": is_suspected.get(coin_id, False),
            "peg_currency": flags.get(coin_id, {}).get("peg_currency"),
            "first_seen_at": min(times),
            "last_seen_at": max(times),
        }
        for coin_id, times in seen.items()
    ]


def fct_refused_answers(raw: RawRows) -> list[Row]:
    return [
        {
            "response_id": row["response_id"],
            "run_id": row["run_id"],
            "source": row["system"],
            "endpoint": row["endpoint"],
            "table_name": row["table_name"],
            "path": row["path"],
            "http_status": row["status"],
            "error_code": row["error_code"],
            "reason": row["error_message"],
            "fetched_at": utc(row["fetched_at"]),
            "answer_bytes": row["refused_bytes"],
            "answer_sample": row["refused_sample"],
        }
        for row in raw.landed_responses
        if row["error_code"] is not None
    ]


def fct_rejected_rows(raw: RawRows) -> list[Row]:
    return [
        {
            "rejected_row_id": row["row_id"],
            "run_id": row["run_id"],
            "source": row["source"],
            "table_name": row["table_name"],
            "reason": row["reason"],
            "payload": row["payload"],
            "response_id": row["response_id"],
            "row_index": row["row_index"],
            "fetched_at": utc(row["fetched_at"]),
        }
        for row in raw.rejected_rows
    ]


def fct_repaired_fields(raw: RawRows) -> list[Row]:
    return [
        {
            "repaired_field_id": row["row_id"],
            "run_id": row["run_id"],
            "source": row["source"],
            "table_name": row["table_name"],
            "field_name": row["field"],
            "original_text": row["original_text"],
            "reason": row["reason"],
            "response_id": row["response_id"],
            "row_index": row["row_index"],
            "fetched_at": utc(row["fetched_at"]),
        }
        for row in raw.repaired_fields
    ]


def fct_unmapped_ids(raw: RawRows) -> list[Row]:
    known = {row["source_coin_id"] for row in raw.coin_source_ids if row["source"] == "stream"}
    times: dict[str, list[datetime]] = defaultdict(list)
    for tick in surviving_ticks(raw):
        if tick["product_id"] not in known:
            times[tick["product_id"]].append(utc(tick["event_at"]))
    return [
        {
            "source": "stream",
            "source_coin_id": product_id,
            "row_count": len(seen),
            "first_seen_at": min(seen),
            "last_seen_at": max(seen),
        }
        for product_id, seen in times.items()
    ]


def fct_load_audit(raw: RawRows) -> list[Row]:
    """What a run received, from its answers, and what became of it, from the rows."""
    received = {
        "coingecko_markets": by_run(raw.coingecko_markets),
        "coingecko_market_chart": by_run(raw.coingecko_market_chart),
        "stream_ticks": by_run(raw.stream_ticks),
    }
    accepted = {
        "coingecko_markets": by_run(surviving_quotes(raw)),
        "coingecko_market_chart": by_run(surviving_points(raw)),
        "stream_ticks": by_run(surviving_ticks(raw)),
    }
    rejected = Counter((row["table_name"], row["run_id"]) for row in raw.rejected_rows)
    answers: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for response in raw.landed_responses:
        answers[response["run_id"], response["table_name"]].append(response)

    rows: list[Row] = []
    for (run_id, table_name), responses in answers.items():
        fetched = [utc(response["fetched_at"]) for response in responses]
        rows.append(
            {
                "run_id": run_id,
                "table_name": table_name,
                "source": responses[0]["system"],
                "response_count": len(responses),
                "error_response_count": sum(r["error_code"] is not None for r in responses),
                "received_count": sum(response["received_rows"] for response in responses),
                "accepted_count": accepted[table_name][run_id],
                "duplicate_count": received[table_name][run_id] - accepted[table_name][run_id],
                "rejected_count": rejected[table_name, run_id],
                "first_fetched_at": min(fetched),
                "last_fetched_at": max(fetched),
            }
        )
    return rows


def by_run(rows: Iterable[Row]) -> Counter[str]:
    return Counter(row["run_id"] for row in rows)
