"""What the user reads at the end of a run, taken from the published snapshot and the report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from expectations.results import breach_message
from extract.faults import printable
from pipeline.job_report import JobReport
from published.reading import CURRENT

MOVERS = """
    select rankings.performance_rank, coins.symbol, rankings.price_usd, rankings.change_24h_pct
    from read_parquet($rankings) as rankings
    inner join read_parquet($coins) as coins on rankings.coin_id = coins.coin_id
    where
        rankings.rank_date = (select max(rank_date) from read_parquet($rankings))
        and rankings.performance_rank is not null
    order by rankings.performance_rank
"""

OPEN_ALERTS = """
    select alert_type, direction, severity, coin_id, peak_change_pct, opened_at
    from read_parquet($alerts)
    where closed_at is null
    order by abs(peak_change_pct) desc, coin_id
"""

AUDIT = """
    select table_name, received_count, accepted_count, duplicate_count, rejected_count
    from read_parquet($audit)
    where run_id = $run_id
    order by table_name
"""

REPAIRED = """
    select table_name, field_name, count(*) as field_count
    from read_parquet($repaired)
    where run_id = $run_id
    group by table_name, field_name
    order by field_count desc, table_name, field_name
"""

UNMAPPED = """
    select source, source_coin_id, row_count
    from read_parquet($unmapped)
    order by row_count desc, source, source_coin_id
"""

SUSPECTED = """
    select coin_id, tracked_coin_id
    from read_parquet($suspected)
    where is_suspected
    order by coin_id
"""


def print_summary(console: Console, report: JobReport) -> None:
    """Rows, models and tests, gates, movers, alerts, where the snapshot is, what to do next."""
    assert report.snapshot is not None and report.dbt is not None  # noqa: S101
    files = {
        "rankings": str(report.snapshot / "fct_daily_rankings.parquet"),
        "coins": str(report.snapshot / "dim_coins.parquet"),
        "alerts": str(report.snapshot / "fct_price_alerts.parquet"),
        "audit": str(report.snapshot / "fct_load_audit.parquet"),
        "repaired": str(report.snapshot / "fct_repaired_fields.parquet"),
        "unmapped": str(report.snapshot / "fct_unmapped_ids.parquet"),
        "suspected": str(report.snapshot / "fct_suspected_coins.parquet"),
    }
    _print_rows(console, _query(AUDIT, {"audit": files["audit"], "run_id": report.run_id}), report)
    _print_odd(
        console,
        _query(REPAIRED, {"repaired": files["repaired"], "run_id": report.run_id}),
        _query(UNMAPPED, {"unmapped": files["unmapped"]}),
        _query(SUSPECTED, {"suspected": files["suspected"]}),
    )
    _print_checks(console, report)
    _print_market(
        console,
        _query(MOVERS, {"rankings": files["rankings"], "coins": files["coins"]}),
        _query(OPEN_ALERTS, {"alerts": files["alerts"]}),
    )
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in report.seconds.items())
    console.print(f"\n[bold]Time[/bold]      {seconds}", highlight=False)
    console.print(
        f"[bold]Snapshot[/bold]  {escape(_shown(report.snapshot))}", highlight=False, soft_wrap=True
    )
    alerts = _shown(report.snapshot.parent / CURRENT / "fct_price_alerts.parquet")
    program = f"import duckdb; duckdb.read_parquet({alerts!r}).show()"
    command = shlex.join([_shown(Path(sys.executable)), "-c", program])
    console.print(
        f"[bold]Next[/bold]      {escape(command)}",
        highlight=False,
        soft_wrap=True,
    )
    console.print("          make docs (models and lineage), make refresh (what is new)")


def _shown(path: Path) -> str:
    """As short as the working directory allows."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def significant(value: float | None, digits: int = 5) -> str:
    """A number with `digits` significant digits, without an exponent."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    decimals = max(digits - 1 - int(f"{value:e}".split("e")[1]), 0)
    return f"{value:,.{decimals}f}"


def _query(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with duckdb.connect(":memory:") as memory:
        return memory.execute(sql, parameters).fetchall()


def _print_rows(console: Console, rows: list[tuple[Any, ...]], report: JobReport) -> None:
    table = Table("rows", "received", "accepted", "duplicate", "rejected", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, *counts in rows:
        table.add_row(name, *(f"{count:,}" for count in counts))
    console.print()
    if rows:
        console.print(table)
    else:
        console.print("Nothing new came in.")
    if report.replayed is not None:
        landed, known = report.replayed
        console.print(f"{landed:,} recorded responses were new, {known:,} already known.")
    for failure in report.fetch.failures if report.fetch else []:
        console.print(f"[yellow]not fetched:[/yellow] {escape(failure)}", highlight=False)
    for damage in report.landing_damage:
        console.print(
            f"[yellow]landing:[/yellow] {escape(damage)}", highlight=False, soft_wrap=True
        )


def _print_odd(
    console: Console,
    repaired: list[tuple[Any, ...]],
    unmapped: list[tuple[Any, ...]],
    suspected: list[tuple[Any, ...]],
) -> None:
    """Prints nothing if nothing was odd."""

    def named(names: list[str]) -> str:
        return escape(", ".join(names[:3]) + (", ..." if len(names) > 3 else ""))

    if repaired:
        fields = named([field for _, field, _ in repaired])
        console.print(
            f"[yellow]repaired:[/yellow] {sum(count for *_, count in repaired):,} malformed "
            f"values became null, their rows were accepted ({fields}); "
            "see fct_repaired_fields",
            highlight=False,
        )
    if unmapped:
        ids = [f"{source} {source_id!r}" for source, source_id, _ in unmapped]
        console.print(
            f"[yellow]unmapped:[/yellow] {len(ids):,} {'id' if len(ids) == 1 else 'ids'} with "
            f"{sum(count for *_, count in unmapped):,} rows of no known coin ({named(ids)}); "
            "map it in the seed coin_source_ids",
            highlight=False,
        )
    if suspected:
        coins = [f"{coin_id!r} as {tracked or 'the dollar'}" for coin_id, tracked in suspected]
        console.print(
            f"[yellow]undecided:[/yellow] {len(coins):,} {'coin' if len(coins) == 1 else 'coins'} "
            f"priced like the dollar or another coin, and not ranked ({named(coins)}); "
            "say what it is in the seed coin_flags",
            highlight=False,
        )


def _print_checks(console: Console, report: JobReport) -> None:
    dbt = report.dbt
    assert dbt is not None  # noqa: S101
    console.print(
        f"\n[bold]dbt[/bold]       {dbt.models} models, {dbt.seeds} seeds, {dbt.tests} tests passed"
    )
    if dbt.unchanged:
        console.print(f"          {dbt.unchanged} of them unchanged, and so not run again")
    if report.widened:
        console.print("          all models, so that none is left out of date")
    for told, names in (
        ("rebuilt whole", dbt.rebuilt),
        ("dropped, owned by no model", dbt.dropped),
    ):
        if names:
            console.print(f"          {told}: {', '.join(names)}", markup=False, highlight=False)
    for name, gate in report.gates.items():
        console.print(
            f"[bold]{'gate ' + name:<11}[/bold]{gate.expectation_count} expectations on "
            f"{gate.table_count} tables, {len(gate.critical)} critical, "
            f"{len(gate.warnings)} warnings"
        )
        for breach in gate.warnings:
            told = escape(breach_message(breach, max_rows=0))
            console.print(f"  {told}", style="dim", highlight=False)


def _print_market(
    console: Console, movers: list[tuple[Any, ...]], alerts: list[tuple[Any, ...]]
) -> None:
    def shown(rows: list[tuple[Any, ...]]) -> str:
        return ", ".join(
            f"{escape(printable(symbol or '?'))} {change:+.1f} % ({significant(price)})"
            for _, symbol, price, change in rows
        )

    if movers:
        console.print(f"\n[bold]Up[/bold]        {shown(movers[:3])}", highlight=False)
        console.print(f"[bold]Down[/bold]      {shown(movers[:-4:-1])}", highlight=False)
    console.print(f"[bold]Alerts[/bold]    {len(alerts)} open", highlight=False)
    for alert_type, direction, severity, coin_id, peak, opened_at in alerts[:5]:
        console.print(
            f"  {severity} {alert_type} {direction}: {escape(printable(coin_id))} {peak:+.2f} % "
            f"since {opened_at:%Y-%m-%d %H:%M} UTC",
            highlight=False,
        )
