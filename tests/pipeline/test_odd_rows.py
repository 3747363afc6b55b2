"""Poisoned answers go through the whole job: all green and published, and so is the next run."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from extract.landing import Archive, archives, new_run_id, read_archive
from extract.raw_batch import RawBatch
from extract.reading import read_into
from extract.settings import Settings
from pipeline.job_report import JobReport
from scripts import summary
from tests import odd_answers, snapshots
from tests.conftest import AS_OF, refresh
from tests.engines import postgres_settings


@pytest.fixture(params=["duckdb", "postgres"])
def target(request: pytest.FixtureRequest, empty: Settings) -> Iterator[Settings]:
    if request.param == "duckdb":
        yield empty
        return
    with postgres_settings(empty.data_dir) as settings:
        yield settings


def test_no_odd_row_stops_this_refresh_or_the_next(target: Settings) -> None:
    run_id = new_run_id(AS_OF)
    with Archive(target.landing_dir, "simulated", run_id) as archive:
        for response in odd_answers.responses(AS_OF):
            archive.append(response)
    expected = as_read(target.landing_dir)

    report = refresh(target)
    assert not report.dbt.failures
    assert "unmapped:" in printed(report)
    audit = audited(target, run_id)
    assert audit.received_count.sum() == expected.received
    assert audit.rejected_count.sum() == expected.rejected > 100
    assert (audit.accepted_count + audit.duplicate_count).sum() == expected.accepted > 1_500
    repaired = snapshots.table(snapshots.current(target.published_dir), "fct_repaired_fields")
    assert (repaired.run_id == run_id).sum() == expected.repaired > 500

    unmapped = snapshots.table(snapshots.current(target.published_dir), "fct_unmapped_ids")
    assert unmapped.source_coin_id.str.startswith("ODD").sum() > 100

    later = replace(target, as_of=AS_OF + timedelta(hours=1))
    assert not refresh(later).dbt.failures
    assert audited(later, run_id).equals(audit)


def test_what_a_source_calls_its_coins_is_no_markup() -> None:
    console = Console(file=io.StringIO(), width=200)
    move = ("price_move", "up", "critical", "[/b]", 25.0, AS_OF)
    summary._print_market(console, [(1, "[/b]", 2.0, 25.0), (2, None, 1.0, -3.0)], [move])
    summary._print_odd(
        console, [("coingecko_markets", "[/b]", 3)], [("stream", "[/red]", 7)], [("[/u]", None)]
    )
    told = console.file.getvalue()
    assert "[/b] +25.0 % (2.0000), ? -3.0 %" in told
    assert "critical price_move up: [/b] +25.00 %" in told
    assert "3 malformed values became null" in told
    assert "1 id with 7 rows" in told and "'[/red]'" in told


def printed(report: JobReport) -> str:
    console = Console(file=io.StringIO(), width=200)
    summary.print_summary(console, report)
    return console.file.getvalue()


class Counts:
    """What a reader makes of every landed answer."""

    def __init__(self, batch: RawBatch) -> None:
        self.received = sum(batch.table("landed_responses", 1)["received_rows"].to_pylist())
        self.rejected = batch.table("rejected_rows", 1).num_rows
        self.repaired = batch.table("repaired_fields", 1).num_rows
        self.accepted = sum(
            batch.table(name, 1).num_rows
            for name in ("coingecko_markets", "coingecko_market_chart", "stream_ticks")
        )


def as_read(landing_dir: Path) -> Counts:
    batch = RawBatch()
    for path in archives(landing_dir):
        for landed in read_archive(landing_dir, path):
            read_into(batch, landed)
    return Counts(batch)


def audited(settings: Settings, run_id: str):
    audit = snapshots.table(snapshots.current(settings.published_dir), "fct_load_audit")
    return audit[audit.run_id == run_id].sort_values("table_name").reset_index(drop=True)
