"""SIGKILL at one stage of a rebuild after the other, and at random moments of it: the only old
warehouse outlives them all.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from extract.settings import Settings
from pipeline.lock import only_writer
from pipeline.old_warehouse import recover
from published.reading import verify
from tests import snapshots
from tests.conftest import refresh
from tests.fault_sizes import REBUILD_KILLS
from tests.faults.commands import start_command
from tests.faults.processes import fork_server, start
from tests.faults.test_kill import seconds_of

STAGES = ("compare", "load", "dbt build", "publish", "housekeeping")


def rebuild(settings: Settings, deadly: str) -> None:
    """As scripts/rebuild.py does it, up to the stage at which the process dies."""
    from pipeline.remake import remake

    @contextmanager
    def stage(name: str) -> Iterator[Callable[[str], None]]:
        if name == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        yield lambda detail: None

    with only_writer(settings):
        recover(settings)
        remake(settings, stage, lambda line: None)


def test_a_rebuild_that_is_killed_again_and_again_leaves_the_old_warehouse(
    built: Settings, record_property
) -> None:
    context = fork_server()
    warehouse = built.warehouse_path.read_bytes()
    pointer = built.gate_pointer.read_bytes()
    published = snapshots.current(built.published_dir)
    for deadly in STAGES:
        child = context.Process(target=rebuild, args=(built, deadly))
        start(child)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        held = built.data_dir / "old_warehouse" / built.warehouse_path.name
        where = built.warehouse_path if deadly == "compare" else held
        assert where.read_bytes() == warehouse, deadly
    record_property("kills", len(STAGES))
    # The last one had published.
    assert snapshots.current(built.published_dir) != published
    snapshots.assert_equal(published, snapshots.current(built.published_dir))

    with only_writer(built):
        recover(built)
    assert built.warehouse_path.read_bytes() == warehouse
    assert built.gate_pointer.read_bytes() == pointer
    assert not list(built.data_dir.glob("old_warehouse*"))
    refresh(built)
    snapshots.assert_equal(
        published,
        snapshots.current(built.published_dir),
        leave_out=snapshots.TABLES_OF_LOADS,
    )


def test_kills_at_random_moments_of_rebuilds_lose_and_double_nothing(
    built: Settings, tmp_path: Path, record_property
) -> None:
    context = fork_server()
    moments = random.Random(5)
    arguments = ["--data-dir", str(built.data_dir)]
    before = tmp_path / "before"
    before.symlink_to(snapshots.current(built.published_dir))

    # A first refresh does what a rebuild does.
    at_most = seconds_of(before.resolve())
    kills = damaged = 0
    for _ in range(5 * REBUILD_KILLS):
        if kills == REBUILD_KILLS:
            break
        running = start_command(context, "rebuild", arguments, tmp_path / "killed")
        running.process.join(moments.uniform(0, at_most))
        if running.process.is_alive():
            kills += 1
        else:
            # This one was quicker than the first refresh.
            at_most /= 2
        running.process.kill()
        assert running.ended() in (0, -signal.SIGKILL), running.text
        damaged += len(verify(snapshots.current(built.published_dir)))
    refresh(built)

    record_property("kills", kills)
    record_property("published files damaged after a kill", damaged)
    found = snapshots.difference(
        before, snapshots.current(built.published_dir), leave_out=snapshots.TABLES_OF_LOADS
    )
    found.record(record_property)
    assert kills == REBUILD_KILLS
    assert damaged == 0
    assert not found.differing, str(found)
