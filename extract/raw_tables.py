"""The tables of schema `raw`: every column with its type, so that nothing is ever inferred.

Prices, volumes and capitalisations are US dollars, changes are per cent, instants are UTC.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

TEXT = pa.string()
NUMBER = pa.float64()
INTEGER = pa.int64()
INSTANT = pa.timestamp("us", tz="UTC")

# Where a row came from: the delivery, the place in it, the run that fetched it.
PROVENANCE: dict[str, pa.DataType] = {
    "row_id": TEXT,
    "response_id": TEXT,
    "row_index": INTEGER,
    "run_id": TEXT,
    "fetched_at": INSTANT,
}

# The fields as CoinGecko names them; `roi` is kept as JSON text.
MARKETS_FIELDS: dict[str, pa.DataType] = {
    "id": TEXT,
    "symbol": TEXT,
    "name": TEXT,
    "image": TEXT,
    "current_price": NUMBER,
    "market_cap": NUMBER,
    "market_cap_rank": INTEGER,
    "fully_diluted_valuation": NUMBER,
    "total_volume": NUMBER,
    "high_24h": NUMBER,
    "low_24h": NUMBER,
    "price_change_24h": NUMBER,
    "price_change_percentage_24h": NUMBER,
    "market_cap_change_24h": NUMBER,
    "market_cap_change_percentage_24h": NUMBER,
    "circulating_supply": NUMBER,
    "total_supply": NUMBER,
    "max_supply": NUMBER,
    "ath": NUMBER,
    "ath_change_percentage": NUMBER,
    "ath_date": INSTANT,
    "atl": NUMBER,
    "atl_change_percentage": NUMBER,
    "atl_date": INSTANT,
    "roi": TEXT,
    "last_updated": INSTANT,
}

MARKET_CHART_FIELDS: dict[str, pa.DataType] = {
    "coin_id": TEXT,
    "point_at": INSTANT,
    "price": NUMBER,
    "market_cap": NUMBER,
    "total_volume": NUMBER,
}

TICK_FIELDS: dict[str, pa.DataType] = {
    "event_id": TEXT,
    "batch_number": INTEGER,
    "product_id": TEXT,
    "event_at": INSTANT,
    "price": NUMBER,
    "size": NUMBER,
    "change_pct": NUMBER,
}

REJECTED_FIELDS: dict[str, pa.DataType] = {
    "source": TEXT,
    "table_name": TEXT,
    "reason": TEXT,
    "payload": TEXT,
}

RESPONSE_FIELDS: dict[str, pa.DataType] = {
    "response_id": TEXT,
    "run_id": TEXT,
    "system": TEXT,
    "endpoint": TEXT,
    "table_name": TEXT,
    "path": TEXT,
    "params": TEXT,
    "status": INTEGER,
    "fetched_at": INSTANT,
    "received_rows": INTEGER,
    "error_code": INTEGER,
    "error_message": TEXT,
    "content_hash": TEXT,
    "landing_file": TEXT,
    "end_offset": INTEGER,
}

RAW_TABLES: dict[str, pa.Schema] = {
    "coingecko_markets": pa.schema(PROVENANCE | MARKETS_FIELDS),
    "coingecko_market_chart": pa.schema(PROVENANCE | MARKET_CHART_FIELDS),
    "stream_ticks": pa.schema(PROVENANCE | TICK_FIELDS),
    "rejected_rows": pa.schema(PROVENANCE | REJECTED_FIELDS),
    "landed_responses": pa.schema(RESPONSE_FIELDS),
}

DLT_TYPES = {TEXT: "text", NUMBER: "double", INTEGER: "bigint", INSTANT: "timestamp"}


def primary_key(table: str) -> str:
    return RAW_TABLES[table].names[0]


def dlt_columns(table: str) -> dict[str, Any]:
    """The hints dlt loads this table by."""
    return {field.name: {"data_type": DLT_TYPES[field.type]} for field in RAW_TABLES[table]}
