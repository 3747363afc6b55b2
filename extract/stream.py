"""The tick stream: numbered batches of trades, each product's own id.

A batch spans five seconds. The stream keeps an hour; what was missed for longer is gone, and
coverage shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from extract.acceptance import RowRules
from extract.http import ApiFault, HttpSource
from extract.raw_tables import TICK_FIELDS

SYSTEM = "stream"
TABLE = "stream_ticks"
BATCHES_A_CALL = 120

RULES = RowRules(
    TICK_FIELDS,
    id_fields=("event_id", "product_id"),
    time_field="event_at",
    price_field="price",
)


def fetch_batches(http: HttpSource, after: int) -> Iterator[int]:
    """Land every batch after number `after`; yields the number reached by each call."""
    while True:
        params = {"after": str(after), "limit": str(BATCHES_A_CALL)}
        body = http.get("batches", "/batches", params)
        reached = max((batch["batch"] for batch in body["batches"]), default=after)
        if reached <= after:
            return
        after = reached
        yield after
        if after >= body["latest"]:
            return


def rows(body: Any, path: str) -> list[Any]:
    """Ticks of all batches of an answer, each with the number of its batch."""
    return [
        tick | {"batch_number": batch["batch"]} if isinstance(tick, dict) else tick
        for batch in body["batches"]
        for tick in batch["ticks"]
    ]


def recognise_fault(status: int, body: str) -> ApiFault | None:
    """Tell batches from anything else."""
    if status != 200:
        return ApiFault(status, f"{body[:80]!r}")
    try:
        answer = json.loads(body)
        numbers = [batch["batch"] + len(batch["ticks"]) for batch in answer["batches"]]
        numbers.append(answer["latest"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ApiFault(502, f"no batches: {body[:80]!r}")
    return (
        None if all(isinstance(number, int) for number in numbers) else ApiFault(502, "no numbers")
    )
