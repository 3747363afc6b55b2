"""From landed responses to typed rows."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping

from extract.acceptance import utf8
from extract.faults import ApiFault
from extract.landing import Landed
from extract.limits import shown_of
from extract.raw_batch import RawBatch
from extract.registry import reader_of
from extract.response_body import Body, fault_in
from extract.source import Rows

log = logging.getLogger(__name__)

ROWS_A_LOAD = 500_000


def read_into(batch: RawBatch, landed: Landed) -> None:
    """Add a response and its rows to `batch`; one without data adds its error and no rows."""
    response = landed.response
    source, endpoint = reader_of(response.system, response.endpoint)
    rows: Rows = []
    body = Body(response.body)
    fault = fault_in(response.status, body, source.recognise_fault)
    if fault is None:
        try:
            rows = endpoint.rows(body.content, response.path)
        except (KeyError, TypeError, IndexError, ValueError) as error:
            fault = ApiFault(502, f"unexpected shape: {type(error).__name__} {error}"[:200])
    size, sample = shown_of(response.body) if fault else (None, None)
    batch.add_observations(endpoint, rows, landed)
    batch.add(
        "landed_responses",
        {
            "response_id": landed.response_id,
            "run_id": landed.run_id,
            "system": response.system,
            "endpoint": response.endpoint,
            "table_name": endpoint.table,
            "path": utf8(response.path),
            "params": json.dumps(response.params, sort_keys=True),
            "status": response.status,
            "fetched_at": response.fetched_at,
            "received_rows": len(rows),
            "error_code": fault.code if fault else None,
            "error_message": fault.message if fault else None,
            "refused_bytes": size,
            "refused_sample": None if sample is None else utf8(sample),
            "content_hash": response.content_hash,
            "landing_file": landed.archive,
            "sequence": landed.sequence,
        },
    )


def batches(
    landed: Iterable[Landed],
    rows_a_load: int = ROWS_A_LOAD,
    set_aside: Mapping[str, str] | None = None,
) -> Iterator[RawBatch]:
    """Group responses into loads of bounded memory; rows that were set aside are rejected."""
    batch, is_empty = RawBatch(set_aside), True
    for item in landed:
        read_into(batch, item)
        is_empty = False
        if batch.received_count >= rows_a_load:
            yield batch
            batch, is_empty = RawBatch(set_aside), True
    if not is_empty:
        yield batch
