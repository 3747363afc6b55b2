"""Two folders that feed one database by turns lose nothing and double nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import expectations.gates
from extract.landed import read_landing
from extract.landing import Archive, Response, new_run_id
from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.gating import check_loads
from pipeline.job import Job, prepare
from pipeline.job_report import JobReport
from pipeline.lock import only_writer
from pipeline.remake import remake
from tests import snapshots
from tests.conftest import AS_OF, COINS, quiet_stage, refresh
from tests.postgres.test_one_writer import contents, start


def at(settings: Settings, hours: float) -> Settings:
    return replace(settings, as_of=AS_OF + timedelta(hours=hours))


def land(settings: Settings) -> None:
    prepare(settings)
    with only_writer(settings):
        Job(settings, quiet_stage).fetch()


def take_up(settings: Settings) -> JobReport:
    """A refresh up to gate 1."""
    prepare(settings)
    with only_writer(settings):
        job = Job(settings, quiet_stage)
        job.fetch()
        job.load()
        store = RawStore(settings)
        job.report.gates["raw"] = check_loads(settings, store, expectations.gates)
    return job.report


def rebuild(settings: Settings, accept_loss: bool = False) -> list[str]:
    """What it says."""
    said: list[str] = []
    with only_writer(settings):
        remake(settings, quiet_stage, said.append, accept_loss=accept_loss)
    return said


def answers(folders: Iterable[Settings]) -> list[str]:
    return sorted(
        landed.response_id
        for settings in folders
        for landed in read_landing(settings.landing_dir, {})
    )


def answers_in_raw(execute: Callable[..., list]) -> list[str]:
    return [name for (name,) in execute("select response_id from raw.landed_responses order by 1")]


def load_numbers(execute: Callable[..., list]) -> list[int]:
    """Those of the rows of all tables."""
    found = execute(
        "select load_number from raw.landed_responses"
        " union select load_number from raw.all_stream_ticks"
        " union select load_number from raw.coingecko_markets order by 1"
    )
    return [number for (number,) in found]


def totals(snapshot: Path) -> dict[str, int]:
    audit = snapshots.table(snapshot, "fct_load_audit")
    parts = audit.accepted_count + audit.duplicate_count + audit.rejected_count
    assert (audit.received_count == parts).all()
    received = audit.groupby("table_name").received_count.sum()
    return dict(zip(received.index, received, strict=True))


def test_by_turns_they_make_what_one_folder_makes_that_landed_both(
    built: Settings, other: Settings, execute: Callable[..., list]
) -> None:
    """One has landed and not loaded while the other loads; some rows come from both. One rebuilds
    when it has the landing of the other as well.
    """
    land(at(other, 1))
    take_up(at(built, 1))
    last = refresh(at(other, 2)).snapshot
    assert last is not None

    assert answers_in_raw(execute) == answers((built, other))
    numbers = load_numbers(execute)
    assert numbers == list(range(1, len(numbers) + 1))
    [(repeated,)] = execute(
        "select count(*) from (select id, last_updated from raw.coingecko_markets"
        " group by 1, 2 having count(*) > 1) as quotes"
    )
    assert repeated > 0, "nothing came twice"

    before = contents(execute)
    with pytest.raises(JobError) as refusal:
        rebuild(at(other, 2))
    assert refusal.value.code == ExitCode.CHECK_FAILED
    for archive in built.landing_dir.rglob("*.ndjson.gz"):
        count = sum(name.startswith(archive.name.split(".")[0]) for name in answers((built,)))
        assert f"{archive.name}: {count} responses are missing" in str(refusal.value)
    assert "Nothing was changed" in str(refusal.value)
    assert "copy its landing/ into that of" in str(refusal.value)
    assert contents(execute) == before
    assert snapshots.current(other.published_dir) == last

    shutil.copytree(built.landing_dir, other.landing_dir, dirs_exist_ok=True)
    assert rebuild(at(other, 2)) == []
    whole = snapshots.current(other.published_dir)
    snapshots.assert_equal(last, whole, leave_out=snapshots.TABLES_OF_LOADS)
    assert totals(last) == totals(whole)
    assert list(RawStore(built).pending()) == []


def test_what_a_rebuild_gave_up_comes_back_from_the_folder_that_landed_it(
    built: Settings, other: Settings, execute: Callable[..., list]
) -> None:
    take_up(at(built, 1))
    take_up(at(other, 2))
    assert load_numbers(execute) == [1, 2, 3]
    said = rebuild(at(other, 2), accept_loss=True)
    assert len([line for line in said if line.startswith("left out: ")]) == 2
    assert answers_in_raw(execute) == answers((other,))
    assert load_numbers(execute) == [1]

    report = take_up(at(built, 3))
    assert answers_in_raw(execute) == answers((built, other))
    assert load_numbers(execute) == [1, 2, 3]
    # Numbers that had passed before the rebuild are given out anew, and looked at anew.
    assert report.gates["raw"].row_counts["coingecko_markets"] == 3 * len(COINS)
    assert list(RawStore(other).pending()) == []


def test_a_load_that_another_folder_landed_is_set_aside_there(
    built: Settings, other: Settings, execute: Callable[..., list], tmp_path: Path
) -> None:
    """What is taken out of raw is taken up again from landing, which only that folder has."""
    moment = AS_OF + timedelta(hours=1)
    rows = [
        {"id": f"constant-{n}", "current_price": 5.0, "last_updated": moment.isoformat()}
        for n in range(12)
    ]
    run_id = new_run_id(moment)
    with Archive(built.landing_dir, "simulated", run_id) as archive:
        archive.append(
            Response("coingecko", "markets", "/coins/markets", {}, 200, moment, json.dumps(rows))
        )
    with pytest.raises(JobError, match=r"scripts/set_aside\.py"):
        take_up(at(built, 2))
    with pytest.raises(JobError) as stopped:
        take_up(at(other, 2))
    assert f"landing of this folder does not hold {run_id}" in str(stopped.value)
    assert "scripts/set_aside.py" not in str(stopped.value)

    before = contents(execute)
    refused = start(other, tmp_path / "refused", "set_aside", load=run_id)
    assert refused.ended() == ExitCode.CHECK_FAILED, refused.text
    assert "the --data-dir of that folder" in " ".join(refused.text.split())
    assert contents(execute) == before

    done = start(built, tmp_path / "done", "set_aside", load=run_id)
    assert done.ended() == ExitCode.DONE, done.text
    take_up(at(built, 3))
    assert answers_in_raw(execute) == answers((built, other))
    [(rejected,)] = execute(
        "select count(*) from raw.rejected_rows where run_id = %s and reason like 'set aside: %%'",
        run_id,
    )
    assert rejected == len(rows)
