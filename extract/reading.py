"""From landed responses to typed rows: one reader for each kind of answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from extract import coingecko, stream
from extract.acceptance import RawBatch, RowRules
from extract.http import ApiFault
from extract.landing import Landed

log = logging.getLogger(__name__)

ROWS_A_LOAD = 500_000


@dataclass(frozen=True)
class Reader:
    """Where the rows of an answer go and how they are found in its body."""

    table: str
    rules: RowRules
    rows: Callable[[Any, str], list[Any]]
    recognise_fault: Callable[[int, str], ApiFault | None]


READERS: dict[tuple[str, str], Reader] = {
    (coingecko.SYSTEM, "markets"): Reader(
        coingecko.MARKETS,
        coingecko.MARKETS_RULES,
        coingecko.markets_rows,
        coingecko.recognise_fault,
    ),
    (coingecko.SYSTEM, "market_chart"): Reader(
        coingecko.MARKET_CHART,
        coingecko.MARKET_CHART_RULES,
        coingecko.market_chart_rows,
        coingecko.recognise_fault,
    ),
    (stream.SYSTEM, "batches"): Reader(
        stream.TABLE, stream.RULES, stream.rows, stream.recognise_fault
    ),
}


def read_into(batch: RawBatch, landed: Landed) -> None:
    """Add a response and its rows to `batch`; an answer without data adds none, and its error."""
    response = landed.response
    reader = READERS[response.system, response.endpoint]
    rows: list[Any] = []
    fault = reader.recognise_fault(response.status, response.body)
    if fault is None:
        try:
            rows = reader.rows(json.loads(response.body), response.path)
        except (KeyError, TypeError, IndexError, ValueError, RecursionError) as error:
            fault = ApiFault(502, f"unexpected shape: {type(error).__name__} {error}"[:200])
    batch.add_observations(reader.table, reader.rules, rows, landed)
    batch.add(
        "landed_responses",
        {
            "response_id": landed.response_id,
            "run_id": landed.run_id,
            "system": response.system,
            "endpoint": response.endpoint,
            "table_name": reader.table,
            "path": response.path,
            "params": json.dumps(response.params, sort_keys=True),
            "status": response.status,
            "fetched_at": response.fetched_at,
            "received_rows": len(rows),
            "error_code": fault.code if fault else None,
            "error_message": fault.message if fault else None,
            "content_hash": response.content_hash,
            "landing_file": landed.archive,
            "end_offset": landed.end_offset,
        },
    )


def batches(landed: Iterable[Landed], rows_a_load: int = ROWS_A_LOAD) -> Iterator[RawBatch]:
    """Group responses into loads of bounded memory."""
    batch = RawBatch()
    for item in landed:
        read_into(batch, item)
        if batch.row_count >= rows_a_load:
            yield batch
            batch = RawBatch()
    if batch.row_count:
        yield batch
