"""Refresh after refresh, half an hour of the market apart: the last costs what the first did."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from extract.settings import PROJECT_ROOT
from scripts.bench_life import A_DAY, WARM_UP, a_year, in_turn, refresh
from tests import snapshots
from tests.fault_sizes import LIFE_REFRESHES

# The refresh that the last is compared with; of a few, the first.
IS_LONG = LIFE_REFRESHES > WARM_UP + A_DAY
EARLY = WARM_UP + 20 if IS_LONG else 1
TIMES = 5 if IS_LONG else 1
# Of time, memory and files: of the processor's time, for another's work does not lengthen it. Of
# a few refreshes the figures are rough.
MOST_GROWTH = 1.15 if IS_LONG else 1.5
GROWING = ("cpu_seconds", "peak_mb", "all_files", "dlt_files")


def test_a_long_life_costs_no_more_at_its_end_and_can_be_remade(
    tmp_path: Path, record_property
) -> None:
    data_dir = tmp_path / "data"
    early_dir, late_dir = tmp_path / "early", tmp_path / "late"
    runs: list[dict[str, float]] = []
    for number in range(LIFE_REFRESHES):
        runs.append(refresh(data_dir, number))
        if len(runs) == EARLY:
            shutil.copytree(data_dir, early_dir, symlinks=True)
    # A copy as well, for that alone may cost something.
    shutil.copytree(data_dir, late_dir, symlinks=True)
    early, late = in_turn((early_dir, EARLY), (late_dir, LIFE_REFRESHES), times=TIMES)
    growth = {name: late[name] / early[name] for name in GROWING}
    record_property("refreshes", len(runs))
    for name in ("seconds", *GROWING):
        record_property(f"{name} behind the {EARLY}th", round(early[name], 1))
        record_property(f"{name} behind the last", round(late[name], 1))
    record_property("most memory of one in MB", round(max(run["peak_mb"] for run in runs)))
    if IS_LONG:
        for name, value in a_year(runs).items():
            record_property(f"{name} after a year", round(value))

    before = snapshots.current(data_dir / "published")
    subprocess.run(
        [sys.executable, "scripts/rebuild.py", "--data-dir", str(data_dir)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=True,
    )
    found = snapshots.difference(before, snapshots.current(data_dir / "published"))
    found.record(record_property)
    assert not found.differing, str(found)
    assert all(ratio <= MOST_GROWTH for ratio in growth.values()), growth
