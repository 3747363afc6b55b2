#!/usr/bin/env python
"""Time and memory of refreshes: a first one, one half an hour later, one with nothing new."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
BEGIN = datetime.fromisoformat("2026-11-01T12:00:00+00:00")
RUNS = {
    "first": BEGIN,
    "half an hour later": BEGIN + timedelta(minutes=30),
    "nothing new": BEGIN + timedelta(minutes=30),
}


def refresh(data_dir: Path, as_of: datetime, options: tuple[str, ...]) -> dict[str, float]:
    """Seconds by stage and in all, and the peak memory of the process in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        [
            sys.executable,
            str(ROOT / "scripts" / "refresh.py"),
            "--data-dir",
            str(data_dir),
            "--as-of",
            as_of.isoformat(),
            *options,
        ],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    total = time.perf_counter() - started
    if status:
        raise click.ClickException("a refresh failed; nothing was measured")
    manifest = json.loads((data_dir / "published" / "current" / "manifest.json").read_text())
    stages: dict[str, float] = manifest["stage_seconds"]
    return stages | {"all": total, "peak MB": usage.ru_maxrss / 1000}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--repeats", default=3, show_default=True, help="How often each is measured.")
@click.argument("options", nargs=-1)
def main(repeats: int, options: tuple[str, ...]) -> None:
    """Measure refreshes on a fresh folder and print medians. OPTIONS go to refresh.py after --."""
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(repeats):
        data_dir = Path(tempfile.mkdtemp(prefix="bench-"))
        for name, as_of in RUNS.items():
            for stage, value in refresh(data_dir, as_of, options).items():
                seen[name][stage].append(value)
        shutil.rmtree(data_dir)

    table = Table("median of " + str(repeats), *RUNS, box=None)
    for stage in seen["first"]:
        table.add_row(stage, *(f"{statistics.median(seen[name][stage]):.1f}" for name in RUNS))
    Console().print(table)


if __name__ == "__main__":
    main()
