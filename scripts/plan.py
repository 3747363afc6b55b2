"""What a refresh would do, without doing it."""

from __future__ import annotations

from rich.console import Console

from extract.fetch import wall_clock
from extract.history import missing_days
from extract.landing import archives, source_kind_of
from extract.pipeline import RawStore
from extract.settings import Settings


def describe(console: Console, settings: Settings, select: str | None, full_refresh: bool) -> None:
    """Print the plan. Opens the warehouse only where there is one."""
    console.print(f"source     {settings.source_kind}")
    console.print(f"data       {settings.data_dir}", soft_wrap=True)
    console.print(f"target     {settings.target}")
    present = source_kind_of(settings.landing_dir)
    if present not in (None, settings.source_kind):
        console.print(f"[red]refused[/red]    this folder holds a {present} market")
        return
    if settings.recordings is not None:
        console.print(f"recordings {settings.recordings}", soft_wrap=True)
    console.print(f"archives   {len(archives(settings.landing_dir))} in landing")
    if settings.target != "duckdb" or settings.warehouse_path.exists():
        store = RawStore(settings)
        console.print(f"load       {sum(1 for _ in store.pending())} landed answers not in raw yet")
        coins = (
            settings.coins
            if isinstance(settings.coins, tuple)
            else [coin for (coin,) in store.query("select distinct id from coingecko_markets")]
        )
        now = settings.as_of or wall_clock()
        gaps = missing_days(store, coins, now, settings.history_days)
        console.print(f"fetch      quotes, and history of {len(gaps)} of {len(coins)} known coins")
    else:
        console.print(f"fetch      quotes, and {settings.history_days} days of history")
    console.print("build     ", select or "all models", "from scratch" if full_refresh else "")
