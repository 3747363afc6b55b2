#!/usr/bin/env python
"""Server time and memory of each page of the dashboard, on a snapshot and on an enlarged one."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.settings import PROJECT_ROOT, load_settings
from scripts.large_snapshot import enlarge
from streamlit_app.navigation import PAGES


def measure(data_dir: Path, reruns: int) -> dict[str, list[tuple[float, float]]]:
    """By page the first run on cold caches, then the reruns: milliseconds, and of processor time.

    On a busy machine the second tells more.
    """
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    os.environ["CRYPTO_DATA_DIR"] = str(data_dir)
    app = AppTest.from_file(str(PROJECT_ROOT / "streamlit_app" / "app.py"), default_timeout=60)
    app.run()
    seen: dict[str, list[tuple[float, float]]] = {}
    for name, _, _ in PAGES:
        st.cache_data.clear()
        app.switch_page(f"views/{name}.py")
        seen[name] = []
        for _ in range(reruns + 1):
            wall, processor = time.perf_counter(), time.process_time()
            app.run()
            seen[name].append(
                (
                    (time.perf_counter() - wall) * 1000,
                    (time.process_time() - processor) * 1000,
                )
            )
            if app.exception or app.error:
                raise click.ClickException(f"{name} failed: {app.exception or app.error}")
    return seen


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", help="Data folder to measure. [default: $CRYPTO_DATA_DIR or data]")
@click.option("--coins", type=int, help="Measure a copy enlarged to this many coins ...")
@click.option("--days", type=int, default=365, show_default=True, help="... and this many days.")
@click.option("--reruns", default=40, show_default=True, help="How often each page is rerun.")
def main(data_dir: str | None, coins: int | None, days: int, reruns: int) -> None:
    """Rerun every page, and print the first run, the median and the 95th percentile."""
    data = load_settings(data_dir=data_dir).data_dir
    with tempfile.TemporaryDirectory() as folder:
        if coins is not None:
            small = (data / "published" / "current").resolve()
            enlarge(small, Path(folder, "published"), coins, days)
            data = Path(folder)
        seen = measure(data, reruns)
    columns = ("page", "first", "median", "p95", "processor: median", "p95")
    table = Table(*columns, title="milliseconds", box=None)
    for name, (first, *again) in seen.items():
        shown = [first[0]]
        for times in zip(*again, strict=True):
            shown += [statistics.median(times), statistics.quantiles(times, n=20)[-1]]
        table.add_row(name, *(f"{value:.0f}" for value in shown))
    Console().print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    Console().print(f"peak memory of the process: {peak:.0f} MB")


if __name__ == "__main__":
    main()
