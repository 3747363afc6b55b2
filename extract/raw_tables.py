"""The tables of schema `raw`: every column with its type, so that nothing is ever inferred.

Prices, volumes and capitalisations are in the currency that the row names, changes are per cent,
instants are UTC.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from extract.domains import INSTANT, INTEGER, NUMBER, TEXT
from extract.registry import ENDPOINTS
from extract.source import CURRENCY, Endpoint

# The place of a row's load among all loads of the warehouse, counted by the warehouse itself.
LOAD_NUMBER = "load_number"

# Where a row came from: the delivery, the place in it, the run that fetched it.
PROVENANCE: dict[str, pa.DataType] = {
    "row_id": TEXT,
    "response_id": TEXT,
    "row_index": INTEGER,
    "run_id": TEXT,
    "fetched_at": INSTANT,
}

REJECTED_FIELDS: dict[str, pa.DataType] = {
    "source": TEXT,
    "table_name": TEXT,
    "reason": TEXT,
    "payload": TEXT,
}

# One row per field that became null; its row_id is that of the accepted row and the field.
REPAIRED_FIELDS: dict[str, pa.DataType] = {
    "source": TEXT,
    "table_name": TEXT,
    "field": TEXT,
    "original_text": TEXT,
    "reason": TEXT,
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
    "refused_bytes": INTEGER,
    "refused_sample": TEXT,
    "content_hash": TEXT,
    "landing_file": TEXT,
    "sequence": INTEGER,
}

# What they are, and whether every refresh brings news of them.
LANDING_TABLES: dict[str, tuple[str, bool]] = {
    "rejected_rows": (
        "Received rows that break a hard rule. One row per rejected row of a response.",
        False,
    ),
    "repaired_fields": (
        "Values of accepted rows that their fields cannot hold and that became null. One row per "
        "field and accepted row.",
        False,
    ),
    "landed_responses": ("Every archived response, errors included. One row per response.", True),
}


def _observed(endpoint: Endpoint) -> dict[str, pa.DataType]:
    currency = {CURRENCY: TEXT} if endpoint.currency else {}
    return PROVENANCE | endpoint.rules.fields | currency


RAW_TABLES: dict[str, pa.Schema] = {
    table: pa.schema(fields | {LOAD_NUMBER: INTEGER})
    for table, fields in {
        **{table: _observed(endpoint) for table, endpoint in ENDPOINTS.items()},
        "rejected_rows": PROVENANCE | REJECTED_FIELDS,
        "repaired_fields": PROVENANCE | REPAIRED_FIELDS,
        "landed_responses": RESPONSE_FIELDS,
    }.items()
}

DLT_TYPES = {TEXT: "text", NUMBER: "double", INTEGER: "bigint", INSTANT: "timestamp"}


def primary_key(table: str) -> str:
    return RAW_TABLES[table].names[0]


def dlt_columns(table: str) -> dict[str, Any]:
    """The hints dlt loads this table by."""
    return {field.name: {"data_type": DLT_TYPES[field.type]} for field in RAW_TABLES[table]}
