"""Answers without data stand in a mart, with their reason, their size and how they begin."""

from __future__ import annotations

import json

from extract.landing import Archive, Response, new_run_id
from extract.limits import MEGABYTE, refused_body
from extract.settings import Settings
from pipeline.job import Job
from tests import snapshots
from tests.conftest import AS_OF, quiet_stage

PAGE = "<!DOCTYPE html><html><body><h1>Please stand by</h1></body></html>"
THROTTLED = json.dumps({"status": {"error_code": 429, "error_message": "too many \u0000 calls"}})
# (status, body, reason, bytes, sample)
REFUSED = [
    (502, PAGE, f"not JSON: {PAGE!r}", len(PAGE), PAGE),
    (200, THROTTLED, "too many \\x00 calls", len(THROTTLED), THROTTLED),
    (200, '{"a": 1}', "unexpected shape: TypeError not an array", 8, '{"a": 1}'),
    (500, "\u00e9\0" * 200, "not JSON", 600, "\u00e9\\x00" * 100),
    (
        200,
        refused_body("more than 16 MB", b"[" + b"9" * 17 * MEGABYTE),
        "the response was refused: more than 16 MB",
        17 * MEGABYTE + 1,
        "[" + "9" * 199,
    ),
]


def test_every_answer_without_data_is_listed(built: Settings) -> None:
    run_id = new_run_id(AS_OF)
    with Archive(built.landing_dir, "simulated", run_id) as archive:
        for status, body, *_ in REFUSED:
            archive.append(
                Response("coingecko", "markets", "/coins/markets", {}, status, AS_OF, body)
            )
    snapshot = Job(built, quiet_stage).build_and_publish().snapshot
    assert snapshot is not None

    mart = snapshots.table(snapshot, "fct_refused_answers")
    found = mart[mart.run_id == run_id].sort_values("response_id")
    assert found.http_status.tolist() == [status for status, *_ in REFUSED]
    assert found.answer_bytes.tolist() == [size for *_, size, _ in REFUSED]
    assert found.answer_sample.tolist() == [sample for *_, sample in REFUSED]
    for reason, (*_, expected, _, _) in zip(found.reason, REFUSED, strict=True):
        assert expected in reason
    for column, value in {
        "source": "coingecko",
        "endpoint": "markets",
        "path": "/coins/markets",
        "fetched_at": AS_OF.replace(tzinfo=None),
    }.items():
        assert (found[column] == value).all(), column
    audit = snapshots.table(snapshot, "fct_load_audit").set_index("run_id")
    assert audit.error_response_count[run_id] == len(REFUSED)
