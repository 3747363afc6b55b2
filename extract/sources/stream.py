"""The tick stream: numbered batches of trades, each product's own id.

A batch spans five seconds. The stream keeps an hour; what was missed for longer is gone, and
coverage shows it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from extract import bounded_json
from extract.acceptance import RowRules
from extract.domains import AMOUNT, CHANGE_PCT, ID, MOMENT, PRICE, WholeNumbers
from extract.faults import ApiFault
from extract.limits import TOO_LARGE
from extract.response_body import Body
from extract.source import Endpoint, Source
from extract.visit import Asked, Calls, Visit

log = logging.getLogger(__name__)

BATCHES_A_CALL = 120
CALLS_A_VISIT = 60  # an hour of batches takes six
GREATEST_NUMBER = 2**53


RULES = RowRules(
    {
        "event_id": ID,
        "batch_number": WholeNumbers(0, GREATEST_NUMBER),
        "product_id": ID,
        "event_at": MOMENT,
        "price": PRICE,
        "size": AMOUNT,
        "change_pct": CHANGE_PCT,
    },
    id_fields=("event_id", "product_id"),
    time_field="event_at",
    price_field="price",
)


def fetch(visit: Visit) -> None:
    """Land the batches that raw does not hold yet."""
    for _ in fetch_batches(visit.http, last_batch(visit.store), visit.store):
        visit.report.calls["batches"] += 1
        visit.progress("stream", visit.report.calls["batches"], 0)


def last_batch(store: Asked, at_most: int = GREATEST_NUMBER) -> int:
    """The batch of the newest tick in raw, by the tick's own time; 0 where there is none.

    Not the greatest number: one that is damaged would stand in the way of all that follow.
    """
    rows = store.query(
        "select batch_number from stream_ticks where batch_number <= %s"
        " order by event_at desc, batch_number limit 1",
        at_most,
    )
    return rows[0][0] if rows else 0


def fetch_batches(http: Calls, after: int, store: Asked) -> Iterator[int]:
    """Land every batch after number `after`; yields the number reached by each call.

    Where the stream itself is not that far, `after` cannot be: then it goes on behind the last
    batch in raw that can. What is behind the last call of a visit is left for the next.
    """
    for call in range(CALLS_A_VISIT):
        params = {"after": str(after), "limit": str(BATCHES_A_CALL)}
        body = http.get("batches", "/batches", params)
        if call == 0 and after > body["latest"]:
            impossible, after = after, last_batch(store, body["latest"])
            log.warning(
                "raw holds batch %s, and the stream has come to %s: going on behind batch %s",
                impossible,
                body["latest"],
                after,
            )
            continue
        reached = _reached(body, after)
        if reached <= after:
            return
        after = reached
        yield after
        if after >= body["latest"]:
            return


def _reached(body: Any, after: int) -> int:
    """The last batch before a gap, for numbers follow each other; `after` where none is new."""
    numbers: list[int] = sorted(
        batch["batch"] for batch in body["batches"] if batch["batch"] > after
    )
    for place, number in enumerate(numbers):
        if number != numbers[0] + place:
            return numbers[place - 1]
    return numbers[-1] if numbers else after


def rows(body: Any, path: str) -> list[Any]:
    """Ticks of all batches of a response, each with the number of its batch."""
    return [
        tick | {"batch_number": batch["batch"]} if isinstance(tick, dict) else tick
        for batch in body["batches"]
        for tick in batch["ticks"]
    ]


def recognise_fault(status: int, body: Body) -> ApiFault | None:
    """Tell batches from anything else."""
    if status != 200:
        return ApiFault(status, f"{body.text[:80]!r}")
    try:
        content = body.content
        numbers = [batch["batch"] + len(batch["ticks"]) for batch in content["batches"]]
        numbers.append(content["latest"])
    except bounded_json.OversizeError as error:
        return ApiFault(TOO_LARGE, str(error))
    except (ValueError, KeyError, TypeError):
        return ApiFault(502, f"no batches: {body.text[:80]!r}")
    return (
        None if all(isinstance(number, int) for number in numbers) else ApiFault(502, "no numbers")
    )


TICKS = Endpoint(
    "batches",
    "/batches",
    "stream_ticks",
    "Trades of the tick stream as received; a view over recent ones and those that moved out of "
    "the table by age. One row per trade of a response.",
    "stg_stream__ticks",
    RULES,
    rows,
    # All its products are priced in US dollars.
    currency=lambda response: "usd",
    coin_field="product_id",
    is_polled=False,
    moves_by_age=True,
)
# Only the simulated market has a stream.
SOURCE = Source("stream", (TICKS,), recognise_fault, fetch, simulated_root="/stream")
