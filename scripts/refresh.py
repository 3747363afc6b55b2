#!/usr/bin/env python
"""Load what is new from the sources, build, check and publish."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import stopping

if __name__ == "__main__":
    # The other imports take long enough to be interrupted.
    stopping.listen()

import click

from extract.settings import SourceKind, load_settings, switch_telemetry_off
from extract.targets import Target
from scripts.command_line import Command, Screen, data_dir_option, log_to, run, target_option

switch_telemetry_off()


def parse_coins(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> int | tuple[str, ...] | None:
    """A number of coins, or their ids."""
    if value is None:
        return None
    if value.isdigit():
        if not 1 <= int(value) <= 1000:
            raise click.BadParameter("the number of coins must be from 1 to 1000")
        return int(value)
    ids = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if not ids:
        raise click.BadParameter("give a number, or CoinGecko ids separated by commas")
    for coin_id in ids:
        if not coin_id.isprintable():  # undecodable bytes become half a surrogate pair
            raise click.BadParameter(f"{coin_id!r} is not a coin id")
    return ids


def parse_as_of(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> datetime | None:
    """ISO 8601; without a zone it is UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("give an ISO 8601 time such as 2026-11-21T12:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@click.command(
    cls=Command,
    epilog="Exit codes: 0 done, 1 a gate or a dbt test failed and nothing was published, "
    "2 usage or configuration, 3 a source is unreachable or refused the request (if another "
    "responded, its data was published), 4 another refresh is running, "
    "5 the disk or the warehouse on it cannot be used, "
    "130 or 143 stopped by Ctrl-C or SIGTERM.",
)
@click.option(
    "--source",
    "source_kind",
    type=click.Choice(["simulated", "live", "replay"]),
    help="Where prices come from: the simulated market on this machine, CoinGecko, or recordings. "
    "[default: simulated]",
)
@click.option(
    "--recordings",
    type=click.Path(path_type=Path),
    help="With --source replay: a recording (.ndjson, .ndjson.gz, a packed day of landing), "
    "or a folder of them.",
)
@data_dir_option
@click.option(
    "--coins",
    callback=parse_coins,
    help="How many of the largest coins, or CoinGecko ids separated by commas. [default: 30]",
)
@click.option(
    "--history-days",
    type=click.IntRange(1, 365),
    help="Days of history to keep; hourly for the last 90, daily before that. [default: 90]",
)
@click.option(
    "--as-of",
    callback=parse_as_of,
    help="The simulated market's present, ISO 8601. [default: now]",
)
@target_option
@click.option("--full-refresh", is_flag=True, help="Rebuild every model from raw.")
@click.option(
    "--select",
    metavar="SELECTION",
    help="Build only these models and everything they depend on (dbt's syntax).",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and change nothing.")
def main(
    source_kind: SourceKind | None,
    recordings: Path | None,
    data_dir: str | None,
    coins: int | tuple[str, ...] | None,
    history_days: int | None,
    as_of: datetime | None,
    target: Target,
    full_refresh: bool,
    select: str | None,
    dry_run: bool,
) -> None:
    """Fetch what is new, load it, check it, build the marts, check them, and publish a snapshot."""
    if (source_kind == "replay") != (recordings is not None):
        raise click.UsageError("--source replay and --recordings go together")
    if as_of is not None and source_kind in ("live", "replay"):
        raise click.UsageError("--as-of works only with the simulated market")
    settings = load_settings(
        source_kind=source_kind,
        recordings=recordings,
        data_dir=data_dir,
        coins=coins,
        history_days=history_days,
        as_of=as_of,
        target=target,
    )

    # After the checks above, so that --help and a mistyped option are answered at once.
    from pipeline.gate_process import gates_beside
    from pipeline.job import Job, prepare
    from pipeline.lock import only_writer
    from pipeline.old_warehouse import recover
    from pipeline.remake import remake_outdated
    from pipeline.state_files import mend
    from pipeline.warehouse import refuse_unreachable
    from scripts.plan import describe
    from scripts.summary import print_summary

    screen = Screen()
    if dry_run:
        refuse_unreachable(settings)
        describe(screen.console, settings, select, full_refresh)
        return
    prepare(settings)
    log_to(settings.log_dir)
    with only_writer(settings):
        recover(settings)
        mend(settings)
        with gates_beside(settings) as gates, screen:
            remake_outdated(settings, screen.stage, screen.say, gates)
            report = Job(settings, screen.stage, gates).refresh(select, full_refresh)
        print_summary(screen.console, report)
        if report.left_undone is not None:
            raise report.left_undone
        # Nothing is left to collect; without this the interpreter looks for it at the end.
        gc.freeze()


if __name__ == "__main__":
    run(main)
