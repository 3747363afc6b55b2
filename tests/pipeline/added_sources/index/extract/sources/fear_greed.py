"""alternative.me's Fear & Greed index: a number a day, without a price.

All values are texts, time is in seconds, newest first; an error stands in `metadata`.
"""

from __future__ import annotations

from typing import Any

from extract.acceptance import RowRules
from extract.domains import LABEL, MOMENT, WholeNumbers
from extract.faults import ApiFault
from extract.limits import HttpPolicy
from extract.response_body import Body
from extract.settings import Settings
from extract.source import Access, Endpoint, Oddity, Source
from extract.visit import Clock, Visit

RULES = RowRules(
    {"day_at": MOMENT, "index_value": WholeNumbers(0, 100), "value_classification": LABEL},
    id_fields=(),
    time_field="day_at",
)


def fetch(visit: Visit) -> None:
    """Land the last days."""
    visit.http.get("fng", "/fng/", {"limit": "10"})
    visit.report.calls["fng"] += 1


def rows(body: Any, path: str) -> list[Any]:
    """The days of an answer, with numbers for texts."""
    return [
        {
            "day_at": _number(day.get("timestamp"), 1000),
            "index_value": _number(day.get("value")),
            "value_classification": day.get("value_classification"),
        }
        if isinstance(day, dict)
        else day
        for day in body["data"]
    ]


def _number(text: Any, factor: int = 1) -> Any:
    return int(text) * factor if isinstance(text, str) and text.isdigit() else text


def recognise_fault(status: int, body: Body) -> ApiFault | None:
    """Tell days from anything else."""
    if status != 200:
        return ApiFault(status, "an error without a message")
    try:
        error = body.content["metadata"]["error"]
    except (ValueError, KeyError, TypeError):
        return ApiFault(502, f"no index: {body.text[:80]!r}")
    return None if error is None else ApiFault(502, str(error)[:200])


def live(settings: Settings, clock: Clock) -> Access:
    return Access("http://server.invalid", HttpPolicy(trust_env=False))


SOURCE = Source(
    "fear_greed",
    (
        Endpoint(
            "fng",
            "/fng/",
            "fear_greed_index",
            "Days of /fng/ as received. One row per day of an answer.",
            "stg_fear_greed__index_values",
            RULES,
            rows,
            oddities=(
                Oddity("index_value is not null", "index_value is null", ("day_at", "index_value")),
            ),
        ),
    ),
    recognise_fault,
    fetch,
    live,
)
