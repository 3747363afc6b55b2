#!/usr/bin/env python
"""Remake the warehouse from the response archive."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.landing import archives, source_kind_of
from extract.settings import Settings, SettingsError, load_settings, switch_telemetry_off
from scripts.command_line import Screen, exit_with, log_to
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
def main(data_dir: str | None, quarantine: str | None) -> None:
    """Load every landed answer anew, build all models from scratch, check, and publish.

    The marts are equal to what they were, row for row. The old warehouse is put back if this fails.
    """
    try:
        settings = load_settings(data_dir=data_dir)
        kind = source_kind_of(settings.landing_dir)
        if kind is None:
            raise JobError(ExitCode.USAGE, f"there is nothing landed in {settings.landing_dir}")
        settings = load_settings(data_dir=data_dir, source_kind=kind)
    except SettingsError as error:
        exit_with(JobError(ExitCode.USAGE, str(error)))
    except JobError as error:
        exit_with(error)

    from scripts.job import Job
    from scripts.lock import only_writer
    from scripts.summary import print_summary

    screen = Screen()
    try:
        log_to(settings.log_dir)
        with only_writer(settings.lock_path), set_aside(settings, quarantine):
            with screen:
                report = Job(settings, screen.stage).build_and_publish(full_refresh=True)
            print_summary(screen.console, report)
    except JobError as error:
        exit_with(error)


@contextmanager
def set_aside(settings: Settings, quarantine: str | None) -> Iterator[None]:
    """Move the old warehouse, and the archive to leave out, away; put both back on failure."""
    moves = [
        (path, settings.data_dir / "before_rebuild" / path.name)
        for path in (settings.warehouse_path, settings.dlt_dir, settings.gate_pointer)
        if path.exists()
    ]
    if quarantine is not None:
        found = [
            path
            for path in archives(settings.landing_dir)
            if path.name == f"{quarantine}.ndjson.gz"
        ]
        if not found:
            raise JobError(ExitCode.USAGE, f"no load {quarantine!r} in {settings.landing_dir}")
        moves.append((found[0], settings.quarantine_dir / found[0].name))
    shutil.rmtree(settings.data_dir / "before_rebuild", ignore_errors=True)
    for source, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    try:
        yield
    except BaseException:
        for source, target in moves:
            if source.is_dir():
                shutil.rmtree(source)
            target.replace(source)
        raise
    shutil.rmtree(settings.data_dir / "before_rebuild", ignore_errors=True)


if __name__ == "__main__":
    main()
