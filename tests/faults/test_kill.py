"""SIGKILL at any moment, then run again: the marts are those of runs that nobody disturbed."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from extract.settings import Settings
from published.reading import verify
from tests import snapshots
from tests.conftest import AS_OF, LATER, refresh, settings_for
from tests.fault_sizes import KILLS, STAGE_ROUNDS, STAGES
from tests.faults.commands import STAGE, options, start_command
from tests.faults.processes import fork_server, start_refresh

KILLS_A_VISIT = 10
# Every second visit leaves a gap, which history fills.
GAPS = (LATER - AS_OF, timedelta(minutes=30))


def visits(count: int) -> list[datetime]:
    moments = [AS_OF]
    for number in range(count):
        moments.append(moments[-1] + GAPS[number % len(GAPS)])
    return moments[1:]


def undisturbed(settings: Settings, later_template: Path, moments: list[datetime]) -> Path:
    """The snapshot after all these visits, the first of which is in the template."""
    shutil.copytree(later_template, settings.data_dir, symlinks=True)
    for as_of in moments[1:]:
        refresh(settings_for(settings.data_dir, as_of=as_of))
    return snapshots.current(settings.published_dir)


def assert_nothing_lost_or_doubled(
    undisturbed: Path, after: Path, record_property: Callable[[str, object], None]
) -> None:
    found = snapshots.difference(undisturbed, after, leave_out=snapshots.TABLES_OF_LOADS)
    found.record(record_property)
    audit = snapshots.table(after, "fct_load_audit")
    parts = audit.accepted_count + audit.duplicate_count + audit.rejected_count
    record_property("loads audited", len(audit))
    unequal = int((audit.received_count != parts).sum())
    record_property("loads whose parts are not their sum", unequal)
    assert not found.differing, str(found)
    assert (audit.received_count == parts).all()


def damaged_files(settings: Settings) -> int:
    return len(verify(snapshots.current(settings.published_dir)))


def seconds_of(snapshot: Path) -> float:
    """How long the refresh took, whose last stages are in no manifest."""
    return 1.2 * sum(snapshots.manifest(snapshot)["stage_seconds"].values())


def test_kills_at_random_moments_lose_and_double_nothing(
    later_template: Path, built: Settings, tmp_path: Path, record_property
) -> None:
    context = fork_server()
    moments = random.Random(20)
    longest = seconds_of(snapshots.current(later_template / "published"))
    pauses = visits(-(-KILLS // KILLS_A_VISIT))
    kills = damaged = 0
    for number, as_of in enumerate(pauses, start=1):
        at_most = longest
        attempts = 0
        while kills < min(KILLS, number * KILLS_A_VISIT):
            attempts += 1
            assert attempts <= 5 * KILLS_A_VISIT
            began = time.monotonic()
            child = start_refresh(context, settings_for(built.data_dir, as_of=as_of))
            child.join(moments.uniform(0, at_most))
            if child.is_alive():
                child.kill()
                kills += 1
            else:
                # With less left to do a run is shorter, and so must be the wait for the next kill.
                at_most = min(at_most, time.monotonic() - began)
            child.join()
            assert child.exitcode in (0, -signal.SIGKILL)
            damaged += damaged_files(built)
        child = start_refresh(context, settings_for(built.data_dir, as_of=as_of))
        child.join()
        assert child.exitcode == 0

    record_property("kills", kills)
    record_property("published files damaged after a kill", damaged)
    assert damaged == 0
    after = snapshots.current(built.data_dir.rename(tmp_path / "killed") / "published")
    whole = undisturbed(built, later_template, pauses)
    assert_nothing_lost_or_doubled(whole, after, record_property)


def test_kills_as_each_stage_begins_lose_and_double_nothing(
    later_template: Path, built: Settings, tmp_path: Path, record_property
) -> None:
    """The command itself, with the gates in their own process: it must not outlive the other."""
    context = fork_server()
    pauses = visits(STAGE_ROUNDS)
    kills = damaged = 0
    for as_of in pauses:
        arguments = options(settings_for(built.data_dir, as_of=as_of))
        for stage in STAGES:
            output = tmp_path / stage
            running = start_command(context, "refresh", arguments, output, STAGE + stage)
            running.process.kill()
            assert running.ended() == -signal.SIGKILL, running.text
            kills += 1
            assert running.children_end(), stage
            damaged += damaged_files(built)
        running = start_command(context, "refresh", arguments, tmp_path / "whole")
        assert running.ended() == 0, running.text

    record_property("stages", len(STAGES))
    record_property("kills", kills)
    record_property("published files damaged after a kill", damaged)
    assert damaged == 0
    after = snapshots.current(built.data_dir.rename(tmp_path / "killed") / "published")
    whole = undisturbed(built, later_template, pauses)
    assert_nothing_lost_or_doubled(whole, after, record_property)
