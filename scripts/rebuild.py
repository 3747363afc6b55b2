#!/usr/bin/env python
"""Remake the warehouse from the response archive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.landing import archives, source_kind_of
from extract.settings import Settings, SettingsError, load_settings, switch_telemetry_off
from scripts.command_line import Screen, exit_with, log_to, target_option
from scripts.exit_codes import ExitCode, JobError

switch_telemetry_off()


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes as of refresh.py.",
)
@click.option("--data-dir", help="Where everything is kept. [default: $CRYPTO_DATA_DIR or data]")
@click.option(
    "--quarantine",
    metavar="LOAD",
    help="Leave out the answers of this load (its id stands in fct_load_audit and in the message "
    "of the gate it failed). They are moved to quarantine/ and kept.",
)
@target_option
def main(data_dir: str | None, quarantine: str | None, target: str) -> None:
    """Load every landed answer anew, build all models from scratch, check, and publish.

    The marts are equal to what they were, row for row. The old warehouse is put back if this fails.
    """
    try:
        settings = load_settings(data_dir=data_dir)
        kind = source_kind_of(settings.landing_dir)
        if kind is None:
            raise JobError(ExitCode.USAGE, f"there is nothing landed in {settings.landing_dir}")
        settings = load_settings(data_dir=data_dir, source_kind=kind, target=target)
    except SettingsError as error:
        exit_with(JobError(ExitCode.USAGE, str(error)))
    except JobError as error:
        exit_with(error)

    from scripts.job import Job
    from scripts.lock import only_writer
    from scripts.summary import print_summary
    from scripts.warehouse import refuse_unreachable, set_aside

    screen = Screen()
    try:
        refuse_unreachable(settings)
        log_to(settings.log_dir)
        with (
            only_writer(settings.lock_path),
            left_out(settings, quarantine),
            set_aside(settings),
        ):
            with screen:
                report = Job(settings, screen.stage).build_and_publish(full_refresh=True)
            print_summary(screen.console, report)
    except JobError as error:
        exit_with(error)


@contextmanager
def left_out(settings: Settings, load: str | None) -> Iterator[None]:
    """Move the archive of a load out of landing; put it back on failure."""
    if load is None:
        yield
        return
    name = f"{load}.ndjson.gz"
    found = [path for path in archives(settings.landing_dir) if path.name == name]
    if not found:
        raise JobError(ExitCode.USAGE, f"no load {load!r} in {settings.landing_dir}")
    quarantined = settings.quarantine_dir / name
    quarantined.parent.mkdir(parents=True, exist_ok=True)
    found[0].replace(quarantined)
    try:
        yield
    except BaseException:
        quarantined.replace(found[0])
        raise


if __name__ == "__main__":
    main()
