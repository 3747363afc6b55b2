"""SIGKILL at any moment, then run again: the marts are those of runs that nobody disturbed."""

from __future__ import annotations

import random
import shutil
import time
from datetime import timedelta
from pathlib import Path

from extract.settings import Settings
from tests import snapshots
from tests.conftest import AS_OF, settings_for
from tests.faults.processes import fork_server, start_refresh

KILLS_A_VISIT = 10
# The second visit leaves a gap, which history fills.
VISITS = [AS_OF + timedelta(hours=hours) for hours in (0.5, 13)]


def test_twenty_kills_at_random_moments_lose_and_double_nothing(
    built: Settings, tmp_path: Path
) -> None:
    context = fork_server()
    moments = random.Random(20)
    pristine = tmp_path / "pristine"
    shutil.copytree(built.data_dir, pristine, symlinks=True)

    longest = 0.0
    for as_of in VISITS:
        began = time.monotonic()
        child = start_refresh(context, settings_for(built.data_dir, as_of=as_of))
        child.join()
        assert child.exitcode == 0
        longest = max(longest, time.monotonic() - began)
    undisturbed = tmp_path / "undisturbed"
    built.data_dir.rename(undisturbed)

    shutil.copytree(pristine, built.data_dir, symlinks=True)
    for as_of in VISITS:
        kills = attempts = 0
        while kills < KILLS_A_VISIT:
            attempts += 1
            assert attempts <= 5 * KILLS_A_VISIT
            began = time.monotonic()
            child = start_refresh(context, settings_for(built.data_dir, as_of=as_of))
            child.join(moments.uniform(0, longest))
            if child.is_alive():
                child.kill()
                kills += 1
            else:
                # With less left to do a run is shorter, and so must be the wait for the next kill.
                longest = min(longest, time.monotonic() - began)
            child.join()
            assert child.exitcode in (0, -9)
        child = start_refresh(context, settings_for(built.data_dir, as_of=as_of))
        child.join()
        assert child.exitcode == 0

    snapshots.assert_equal(
        snapshots.current(undisturbed / "published"),
        snapshots.current(built.published_dir),
        leave_out=snapshots.TABLES_OF_LOADS,
    )
    audit = snapshots.table(snapshots.current(built.published_dir), "fct_load_audit")
    parts = audit.accepted_count + audit.duplicate_count + audit.rejected_count
    assert (audit.received_count == parts).all()
