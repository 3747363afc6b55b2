"""A disk that is full or read-only ends a command with 5, and costs nothing that was there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from extract.settings import Settings
from pipeline.exit_codes import ExitCode
from published.reading import verify
from tests import snapshots
from tests.conftest import LATER, settings_for
from tests.fault_sizes import DISK_LEVELS_KB
from tests.faults.test_storage import assert_told, run

MOUNT = shutil.which("mount") or "/bin/false"
UMOUNT = shutil.which("umount") or "/bin/false"


@pytest.fixture
def small_disk(worker_dir: Path, template: Path) -> Iterator[Settings]:
    """The template on a disk of its own with 30 MB of room."""
    data = worker_dir / "data"
    data.mkdir()
    used = sum(path.lstat().st_size for path in template.rglob("*"))
    size = 2 * used + 30_000_000
    mounted = subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(data)],
        capture_output=True,
        check=False,
    )
    try:
        if mounted.returncode:
            pytest.skip("no disk can be mounted here")
        shutil.copytree(template, data, symlinks=True, dirs_exist_ok=True)
        yield settings_for(data, as_of=LATER)
        subprocess.run([UMOUNT, str(data)], check=True)
    finally:
        data.rmdir()


def fill(folder: Path, room: int) -> Path:
    """Leave `room` bytes of a disk."""
    ballast = folder / "ballast"
    free = shutil.disk_usage(folder).free
    ballast.write_bytes(b"\0" * (free - room))
    return ballast


def test_full_disk_ends_with_5_and_the_next_run_goes_on(
    later_template: Path, small_disk: Settings, tmp_path: Path, record_property
) -> None:
    """Both ends are right: with so little room it is said, with so much it is done."""
    full = {"rebuild": 0, "refresh": 0}
    damaged = 0
    for name, room in product(full, DISK_LEVELS_KB):
        before = snapshots.current(small_disk.published_dir)
        ballast = fill(small_disk.data_dir, room * 1000)
        code, text = run(small_disk, tmp_path / f"output {name} {room}", name)
        ballast.unlink()
        if code != ExitCode.DONE:
            full[name] += 1
            assert_told((code, text), "the disk is full", "Free some space")
            assert snapshots.current(small_disk.published_dir) == before
        damaged += len(verify(snapshots.current(small_disk.published_dir)))
    before = snapshots.current(small_disk.published_dir)
    code, text = run(small_disk, tmp_path / "output")
    assert code == ExitCode.DONE, text

    after = snapshots.current(small_disk.published_dir)
    undisturbed = snapshots.current(later_template / "published")
    found = snapshots.difference(undisturbed, after, leave_out=snapshots.TABLES_OF_LOADS)
    record_property("levels of room", len(full) * len(DISK_LEVELS_KB))
    record_property("ends for lack of room, each with one message", sum(full.values()))
    record_property("published files damaged", damaged)
    found.record(record_property)
    assert after != before
    assert all(full.values())
    assert damaged == 0
    assert not found.differing, str(found)


@pytest.mark.parametrize("name", ["refresh", "rebuild", "check", "docs"])
def test_read_only_disk(small_disk: Settings, tmp_path: Path, name: str) -> None:
    remount = [MOUNT, "-o", "remount,ro", str(small_disk.data_dir)]
    subprocess.run(remount, check=True)
    outcome = run(small_disk, tmp_path / "output", name)
    assert_told(outcome, "the disk is read-only")
