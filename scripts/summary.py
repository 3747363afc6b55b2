"""What a person reads at the end of a run, all of it from the published snapshot and the report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from expectations.results import breach_message
from scripts.job import JobReport
from scripts.publish import CURRENT

MOVERS = """
    select rankings.performance_rank, coins.symbol, rankings.price_usd, rankings.change_24h_pct
    from read_parquet($rankings) as rankings
    inner join read_parquet($coins) as coins on rankings.coin_id = coins.coin_id
    where
        rankings.rank_date = (select max(rank_date) from read_parquet($rankings))
        and rankings.performance_rank is not null
    order by rankings.performance_rank
"""

# An episode of a coin that is no longer observed stays open, and is no news.
OPEN_ALERTS = """
    select
        alerts.alert_type, alerts.direction, alerts.severity, alerts.coin_id,
        alerts.peak_change_pct, alerts.opened_at
    from read_parquet($alerts) as alerts
    inner join read_parquet($coins) as coins on alerts.coin_id = coins.coin_id
    where
        alerts.closed_at is null
        and coins.last_seen_at
        >= (select max(last_seen_at) from read_parquet($coins)) - interval '1 day'
    order by abs(alerts.peak_change_pct) desc, alerts.coin_id
"""

AUDIT = """
    select table_name, received_count, accepted_count, duplicate_count, rejected_count
    from read_parquet($audit)
    where load_id = $load_id
    order by table_name
"""


def print_summary(console: Console, report: JobReport) -> None:
    """Rows, models and tests, gates, movers, alerts, where the snapshot is, what to do next."""
    assert report.snapshot is not None and report.dbt is not None  # noqa: S101
    files = {
        "rankings": str(report.snapshot / "fct_daily_rankings.parquet"),
        "coins": str(report.snapshot / "dim_coins.parquet"),
        "alerts": str(report.snapshot / "fct_price_alerts.parquet"),
        "audit": str(report.snapshot / "fct_load_audit.parquet"),
    }
    _print_rows(console, _query(AUDIT, {"audit": files["audit"], "load_id": report.run_id}), report)
    _print_checks(console, report)
    _print_market(
        console,
        _query(MOVERS, {"rankings": files["rankings"], "coins": files["coins"]}),
        _query(OPEN_ALERTS, {"alerts": files["alerts"], "coins": files["coins"]}),
    )
    seconds = ", ".join(f"{name} {value:.1f} s" for name, value in report.seconds.items())
    console.print(f"\n[bold]Time[/bold]      {seconds}", highlight=False)
    console.print(f"[bold]Snapshot[/bold]  {_shown(report.snapshot)}", soft_wrap=True)
    alerts = _shown(report.snapshot.parent / CURRENT / "fct_price_alerts.parquet")
    console.print(
        f"[bold]Next[/bold]      {_shown(Path(sys.executable))} -c "
        f"\"import duckdb; duckdb.read_parquet('{alerts}').show()\"",
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
        console.print(f"{landed:,} recorded answers were new, {known:,} known already.")
    for failure in report.fetch.failures if report.fetch else []:
        console.print(f"[yellow]not fetched:[/yellow] {failure}", highlight=False)


def _print_checks(console: Console, report: JobReport) -> None:
    dbt = report.dbt
    assert dbt is not None  # noqa: S101
    console.print(
        f"\n[bold]dbt[/bold]       {dbt.models} models, {dbt.seeds} seeds, {dbt.tests} tests passed"
    )
    for name, gate in report.gates.items():
        console.print(
            f"[bold]{'gate ' + name:<11}[/bold]{gate.expectation_count} expectations on "
            f"{gate.table_count} tables, {len(gate.critical)} critical, "
            f"{len(gate.warnings)} warnings"
        )
        for breach in gate.warnings:
            console.print(f"  {breach_message(breach, max_rows=0)}", style="dim", highlight=False)


def _print_market(
    console: Console, movers: list[tuple[Any, ...]], alerts: list[tuple[Any, ...]]
) -> None:
    def shown(rows: list[tuple[Any, ...]]) -> str:
        return ", ".join(
            f"{symbol} {change:+.1f} % ({significant(price)})" for _, symbol, price, change in rows
        )

    if movers:
        console.print(f"\n[bold]Up[/bold]        {shown(movers[:3])}", highlight=False)
        console.print(f"[bold]Down[/bold]      {shown(movers[:-4:-1])}", highlight=False)
    console.print(f"[bold]Alerts[/bold]    {len(alerts)} open", highlight=False)
    for alert_type, direction, severity, coin_id, peak, opened_at in alerts[:5]:
        console.print(
            f"  {severity} {alert_type} {direction}: {coin_id} {peak:+.2f} % "
            f"since {opened_at:%Y-%m-%d %H:%M} UTC",
            highlight=False,
        )
