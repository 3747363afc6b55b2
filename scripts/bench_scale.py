#!/usr/bin/env python
"""Time and memory of a first load and of an hour of new data, by market size and target."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.targets import Target
from scripts.command_line import target_option

REFRESH = Path(__file__).resolve().parent / "refresh.py"
END = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLL_SECONDS = 0.2


def write_history(path: Path, coins: int, days: int, seed: int = 1) -> list[float]:
    """Record an hourly random walk of each coin, 0.8 % an hour; returns the last prices."""
    random = np.random.default_rng(seed)
    hours = days * 24
    instants = [int((END - HOUR * (hours - 1 - i)).timestamp() * 1000) for i in range(hours)]
    last_prices = []
    with gzip.open(path, "wt", compresslevel=1) as file:
        for coin in range(coins):
            prices = 100 * np.exp(np.cumsum(random.normal(0, 0.008, hours)))
            volumes = random.uniform(2e6, 5e8, hours)
            body = {
                "prices": list(zip(instants, prices.tolist(), strict=True)),
                "market_caps": list(zip(instants, (prices * 1e7).tolist(), strict=True)),
                "total_volumes": list(zip(instants, volumes.tolist(), strict=True)),
            }
            _write(file, END, f"/coins/coin-{coin}/market_chart", {"days": str(days)}, body)
            last_prices.append(float(prices[-1]))
    return last_prices


def write_news(path: Path, last_prices: list[float]) -> None:
    """Record one page of quotes, an hour later and 0.1 % higher."""
    at = END + HOUR
    quotes = [
        {
            "id": f"coin-{coin}",
            "symbol": f"c{coin}",
            "name": f"Coin {coin}",
            "current_price": 1.001 * price,
            "total_volume": 5e7,
            "last_updated": at.isoformat(),
        }
        for coin, price in enumerate(last_prices)
    ]
    with gzip.open(path, "wt") as file:
        _write(file, at, "/coins/markets", {"page": "1"}, quotes)


def _write(file: Any, at: datetime, path: str, params: dict[str, str], body: Any) -> None:
    line = {"recorded_at": at.isoformat(), "path": path, "params": params, "body": body}
    file.write(json.dumps(line) + "\n")


def refresh(recording: Path, data_dir: Path, target: Target) -> dict[str, float]:
    """Seconds by stage and in all, and the peak memory in MB of all its processes together."""
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        [
            *(sys.executable, str(REFRESH), "--source", "replay", "--recordings", str(recording)),
            *("--data-dir", str(data_dir), "--target", target),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0.0
    done = threading.Event()
    while not done.wait(POLL_SECONDS):
        peak = max(peak, _resident_mb(process.pid))
        if process.poll() is not None:
            done.set()
    total = time.perf_counter() - started
    if process.returncode:
        raise click.ClickException(f"a refresh failed; its log is in {data_dir}/logs")
    manifest = json.loads((data_dir / "published" / "current" / "manifest.json").read_text())
    stages: dict[str, float] = manifest["stage_seconds"]
    return stages | {"all": total, "peak MB": peak}


def _resident_mb(pid: int) -> float:
    """Of a process and all that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * 4096 / 1e6 + sum(_resident_mb(int(child)) for child in children)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--coins", default=250, show_default=True, help="Coins of the market.")
@click.option("--days", default=365, show_default=True, help="Days of hourly history.")
@target_option
def main(coins: int, days: int, target: Target) -> None:
    """Load a synthetic market, then an hour of new data, into a fresh folder (Linux)."""
    # Kept where a refresh fails, for its log.
    folder = Path(tempfile.mkdtemp(prefix="scale-"))
    history, news = folder / "history.ndjson.gz", folder / "news.ndjson.gz"
    write_news(news, write_history(history, coins, days))
    runs = {
        f"first load, {coins * days * 24:,} rows": refresh(history, folder / "data", target),
        f"an hour later, {coins:,} rows": refresh(news, folder / "data", target),
    }
    size = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file())
    shutil.rmtree(folder)
    table = Table(f"{target}, {coins} coins x {days} days", *runs, box=None)
    for stage in next(iter(runs.values())):
        table.add_row(stage, *(f"{values.get(stage, 0):.1f}" for values in runs.values()))
    Console().print(table)
    Console().print(f"data folder {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
