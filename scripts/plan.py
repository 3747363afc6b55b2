"""What a refresh would do, without doing it."""

from __future__ import annotations

import duckdb
from rich.console import Console
from rich.markup import escape

from extract.fetch import wall_clock
from extract.history import missing_days
from extract.landed import run_ids
from extract.landing import source_kind_of
from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline.lock import looking
from pipeline.sizes import shown
from pipeline.state_files import damages


def describe(console: Console, settings: Settings, select: str | None, full_refresh: bool) -> None:
    """Print the plan. Nothing in the data folder is created or changed, and no refresh is
    disturbed.

    A running refresh keeps the warehouse to itself: then the plan is based on the files alone.
    """
    console.print(f"source     {settings.source_kind}")
    console.print(escape(f"data       {settings.data_dir}"), highlight=False, soft_wrap=True)
    console.print(f"target     {settings.target}")
    present = source_kind_of(settings.landing_dir)
    if present not in (None, settings.source_kind):
        console.print(f"[red]refused[/red]    this folder holds a {present} market")
        return
    if settings.recordings is not None:
        console.print(escape(f"recordings {settings.recordings}"), soft_wrap=True)
    console.print(f"landing    {len(run_ids(settings.landing_dir))} runs")
    if settings.data_dir.is_dir():
        with looking(settings.lock_path) as nobody_writes:
            if not nobody_writes:
                _describe_beside(console, f"a refresh is running ({_writer(settings)})")
            elif settings.target != "duckdb" or settings.warehouse_path.exists():
                _describe_warehouse(console, settings)
            else:
                _describe_first(console, settings)
    else:
        _describe_first(console, settings)
    console.print(
        "build     ",
        escape(select) if select else "all models",
        "from scratch" if full_refresh else "",
    )


def _describe_first(console: Console, settings: Settings) -> None:
    console.print(f"fetch      quotes, and {settings.history_days} days of history")


def _describe_beside(console: Console, why: str) -> None:
    console.print(f"now        {why}; the warehouse was not queried")
    console.print("load       whatever is landed and not in raw by then")
    console.print("fetch      quotes, and whatever history is missing by then")


def _describe_warehouse(console: Console, settings: Settings) -> None:
    damaged = damages(settings)
    for damage in damaged:
        where = shown(settings, damage.path)
        console.print(
            f"damaged    {where} ({damage.wrong}); a refresh moves it aside or repairs it",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    has_dlt_state = settings.dlt_dir not in [damage.path for damage in damaged]
    try:
        with RawStore.looked_at(settings, has_dlt_state) as store:
            pending = sum(1 for _ in store.pending())
            coins = (
                settings.coins
                if isinstance(settings.coins, tuple)
                else [coin for (coin,) in store.query("select distinct id from coingecko_markets")]
            )
            now = settings.as_of or wall_clock()
            gaps = missing_days(store, coins, now, settings.history_days)
    except duckdb.IOException as error:
        if "Could not set lock" not in str(error):
            raise
        _describe_beside(console, "another program has the warehouse open")
        return
    console.print(f"load       {pending} landed responses not in raw yet")
    console.print(f"fetch      quotes, and history of {len(gaps)} of {len(coins)} known coins")


def _writer(settings: Settings) -> str:
    try:
        return f"pid {settings.lock_path.read_text(errors='replace').strip()}"
    except OSError:
        return "its pid is unknown"
