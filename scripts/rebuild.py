#!/usr/bin/env python
"""Rebuild the warehouse from the response archive."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import stopping

if __name__ == "__main__":
    # The other imports take long enough to be interrupted.
    stopping.listen()

import click

from extract.landing import source_kind_of
from extract.settings import SourceKind, load_settings, switch_telemetry_off
from extract.targets import Target
from pipeline.exit_codes import ExitCode, JobError
from scripts.command_line import Command, Screen, data_dir_option, log_to, run, target_option

switch_telemetry_off()


@click.command(
    cls=Command,
    epilog="Exit codes are those of refresh.py.",
)
@data_dir_option
@click.option(
    "--quarantine",
    metavar="LOAD",
    help="Leave out the responses of this load (its id is in fct_load_audit and in the message "
    "of the gate it failed). They are moved to quarantine/ and kept.",
)
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Continue if landing is damaged or lacks responses that the old warehouse holds; without "
    "this option nothing is changed in that case.",
)
@target_option
def main(data_dir: str | None, quarantine: str | None, accept_loss: bool, target: Target) -> None:
    """Load every landed response again, build all models from scratch, check, and publish.

    The marts will be equal to what they were, row by row: landing is first compared with the old
    warehouse. The old warehouse is put back if this fails or is killed.
    """
    settings = load_settings(data_dir=data_dir, target=target)
    kind = source_kind_of(settings.landing_dir)
    if kind is None:
        raise JobError(ExitCode.USAGE, f"nothing has been landed in {settings.landing_dir}")
    settings = replace(settings, source_kind=cast("SourceKind", kind))

    from pipeline.lock import only_writer
    from pipeline.old_warehouse import recover
    from pipeline.remake import remake
    from pipeline.warehouse import refuse_unreachable
    from scripts.summary import print_summary

    screen = Screen()
    refuse_unreachable(settings)
    log_to(settings.log_dir)
    with only_writer(settings):
        recover(settings)
        with screen:
            report = remake(
                settings,
                screen.stage,
                screen.say,
                quarantine=quarantine,
                accept_loss=accept_loss,
            )
        print_summary(screen.console, report)
        if report.left_undone is not None:
            raise report.left_undone


if __name__ == "__main__":
    run(main)
