#!/usr/bin/env python
"""Take up what is new from the sources, build, check and publish."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.settings import SettingsError, load_settings, switch_telemetry_off
from scripts.command_line import Screen, exit_with, log_to, target_option
from scripts.exit_codes import ExitCode, JobError

switch_telemetry_off()


def parse_coins(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> int | tuple[str, ...] | None:
    """A number of coins, or their ids."""
    if value is None:
        return None
    if value.isdigit():
        if not 1 <= int(value) <= 1000:
            raise click.BadParameter("a number of coins is from 1 to 1000")
        return int(value)
    ids = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if not ids:
        raise click.BadParameter("give a number, or CoinGecko ids between commas")
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
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a gate or a dbt test failed and nothing was published, "
    "2 usage or configuration, 3 the source is unreachable or refused us, "
    "4 another refresh is running.",
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
    help="With --source replay: a recording (.ndjson, .ndjson.gz), or a folder of them.",
)
@click.option("--data-dir", help="Where everything is kept. [default: $CRYPTO_DATA_DIR or data]")
@click.option(
    "--coins",
    callback=parse_coins,
    help="How many of the largest coins, or CoinGecko ids between commas. [default: 30]",
)
@click.option(
    "--history-days",
    type=click.IntRange(1, 365),
    help="Days of history to hold; hourly for the last 90, daily beyond. [default: 90]",
)
@click.option(
    "--as-of",
    callback=parse_as_of,
    help="The simulated market's present, ISO 8601. [default: now]",
)
@target_option
@click.option("--full-refresh", is_flag=True, help="Build every model anew from raw.")
@click.option(
    "--select",
    metavar="SELECTION",
    help="Build only these models and what they are made of (dbt's syntax).",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
def main(
    source_kind: str | None,
    recordings: Path | None,
    data_dir: str | None,
    coins: int | tuple[str, ...] | None,
    history_days: int | None,
    as_of: datetime | None,
    target: str,
    full_refresh: bool,
    select: str | None,
    dry_run: bool,
) -> None:
    """Fetch what is new, load it, check it, build the marts, check them, and publish a snapshot."""
    if (source_kind == "replay") != (recordings is not None):
        raise click.UsageError("--source replay and --recordings go together")
    if as_of is not None and source_kind in ("live", "replay"):
        raise click.UsageError("--as-of is for the simulated market")
    try:
        settings = load_settings(
            source_kind=source_kind,
            recordings=recordings,
            data_dir=data_dir,
            coins=coins,
            history_days=history_days,
            as_of=as_of,
            target=target,
        )
    except SettingsError as error:
        exit_with(JobError(ExitCode.USAGE, str(error)))

    # Behind the checks above, so that --help and a slip of the hand answer at once.
    from scripts.gate_process import gates_beside
    from scripts.job import Job, prepare
    from scripts.lock import only_writer
    from scripts.plan import describe
    from scripts.summary import print_summary

    screen = Screen()
    if dry_run:
        describe(screen.console, settings, select, full_refresh)
        return
    try:
        prepare(settings)
        log_to(settings.log_dir)
        with only_writer(settings.lock_path):
            with gates_beside(settings) as gates, screen:
                report = Job(settings, screen.stage, gates).refresh(select, full_refresh)
            print_summary(screen.console, report)
            # Nothing is left to collect; without this the interpreter looks for it at the end.
            gc.freeze()
    except JobError as error:
        exit_with(error)


if __name__ == "__main__":
    main()
