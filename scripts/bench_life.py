#!/usr/bin/env python
"""A long life, shortened: refresh after refresh, half an hour of market time apart."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

AT = "--at"
BEGIN = datetime.fromisoformat("2026-11-01T00:05:00+00:00")
STEP = timedelta(minutes=30)
A_DAY = timedelta(days=1) // STEP
# A 24-hour change looks a day back, and is made anew for the days that it reaches: only behind two
# days of the stream is a refresh as large as all that follow. The stream keeps an hour, so these
# take one refresh an hour.
WARM_UP = 48
# Days begin to leave the warehouse while the measurement lasts.
RETENTION = {"CRYPTO_TICK_RETENTION_DAYS": "1"}
COINS = "bitcoin,ethereum,tether,wrapped-bitcoin,dogecoin,pepe"


def as_of(number: int) -> datetime:
    """When the refresh of a number, counted from 0, takes place."""
    return BEGIN + min(number, WARM_UP) * timedelta(hours=1) + max(number - WARM_UP, 0) * STEP


def refresh_at(moment: datetime, options: list[str]) -> None:
    """Run the refresh of that moment: the machine's clock follows the market's, days pass, and
    landing is packed after them.
    """
    import pipeline.job
    from scripts import refresh as command
    from scripts.command_line import run

    pipeline.job.wall_clock = lambda: moment  # type: ignore[attr-defined] # as the job calls it
    sys.argv = ["refresh.py", *options, "--as-of", moment.isoformat()]
    run(command.main)


def refresh(data_dir: Path, number: int) -> dict[str, float]:
    """Seconds, CPU seconds and peak MB of one refresh, and what the folder then holds."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        [
            *(sys.executable, __file__, AT, as_of(number).isoformat()),
            *("--data-dir", str(data_dir), "--coins", COINS, "--history-days", "5"),
        ],
        cwd=ROOT,
        env=os.environ | RETENTION,
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise click.ClickException(f"refresh {number} failed; see {data_dir}/logs")
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1000,
        **holdings(data_dir),
    }


def holdings(data_dir: Path) -> dict[str, float]:
    """Files and MB of the parts of a data folder."""
    parts = {"all": data_dir, "landing": data_dir / "landing", "dlt": data_dir / "dlt"}
    found: dict[str, float] = {}
    for name, folder in parts.items():
        files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        found[f"{name}_files"] = len(files)
        found[f"{name}_mb"] = sum(path.stat().st_size for path in files) / 1e6
    found["warehouse_mb"] = (data_dir / "warehouse.duckdb").stat().st_size / 1e6
    return found


def in_turn(
    early: tuple[Path, int], late: tuple[Path, int], times: int = 5
) -> tuple[dict[str, float], dict[str, float]]:
    """The medians of further refreshes of two folders, each given with the number of the next.

    They take turns, so that whatever else the machine does lengthens both alike.
    """
    runs: tuple[list[dict[str, float]], ...] = ([], [])
    for count in range(times):
        for found, (folder, number) in zip(runs, (early, late), strict=True):
            found.append(refresh(folder, number + count))
    first, second = (
        {name: statistics.median(run[name] for run in found) for name in found[0]} for found in runs
    )
    return first, second


def a_year(runs: list[dict[str, float]]) -> dict[str, float]:
    """Files and MB of the folder after a year, should each day add what the last one did."""
    return {
        name: runs[-1][name] + 365 * (runs[-1][name] - runs[-1 - A_DAY][name])
        for name in ("all_files", "all_mb", "landing_mb", "warehouse_mb")
    }


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--refreshes",
    default=WARM_UP + 20 + 3 * A_DAY,
    show_default=True,
    help="48 make a day; end at the same hour of the day as the refresh to compare with.",
)
@click.option(
    "--against", default=WARM_UP + 20, show_default=True, help="The refresh to compare with."
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Kept afterwards. [default: a new one]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="JSON file for the figures of every run.",
)
def main(refreshes: int, against: int, data_dir: Path | None, out: Path | None) -> None:
    """Refresh again and again, and keep the folder as it was early; then compare five refreshes
    of each.
    """
    folder = data_dir or Path(tempfile.mkdtemp(prefix="life-")) / "data"
    early_folder, late_folder = (
        folder.with_name(f"{folder.name}-{n}") for n in (against, refreshes)
    )
    console = Console()
    runs: list[dict[str, float]] = []
    for number in track(range(refreshes), console=console):
        runs.append(refresh(folder, number))
        if out:
            out.write_text(json.dumps(runs))
        if len(runs) == against:
            shutil.copytree(folder, early_folder, symlinks=True)
    # A copy as well, for that alone may cost something.
    shutil.copytree(folder, late_folder, symlinks=True)
    early, late = in_turn((early_folder, against), (late_folder, refreshes))
    table = Table("median of five", f"behind the {against}th", f"behind the {refreshes}th", "ratio")
    for name in early:
        ratio = f"{late[name] / early[name]:.2f}" if early[name] else "-"
        table.add_row(name, f"{early[name]:.1f}", f"{late[name]:.1f}", ratio)
    console.print(table)
    if len(runs) > A_DAY:
        year = ", ".join(f"{name} {value:,.0f}" for name, value in a_year(runs).items())
        console.print(f"After a year of days like the last: {year}")
    console.print(f"{folder}", soft_wrap=True)


if __name__ == "__main__":
    if sys.argv[1:2] == [AT]:
        refresh_at(datetime.fromisoformat(sys.argv[2]), sys.argv[3:])
    main()
