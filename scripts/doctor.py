#!/usr/bin/env python
"""Report the state of a data folder, and what to do about it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.settings import load_settings, switch_telemetry_off
from extract.targets import Target
from pipeline.exit_codes import ExitCode
from scripts.command_line import Command, data_dir_option, run, target_option

switch_telemetry_off()


@click.command(
    cls=Command,
    epilog="Exit codes: 0 nothing needs attention, 1 something does, 2 usage or configuration.",
)
@data_dir_option
@target_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def main(data_dir: str | None, target: Target, as_json: bool) -> None:
    """Inspect a data folder without changing it: sizes, lock, runs, snapshots, damage.

    It can be run at any time, even during a refresh.
    """
    settings = load_settings(data_dir=data_dir, target=target)

    from extract.fetch import wall_clock
    from pipeline.examination import examine
    from scripts.condition_tables import print_condition

    condition = examine(settings, wall_clock())
    if as_json:
        click.echo(json.dumps(condition.to_dict(), indent=2, ensure_ascii=False))
    else:
        print_condition(condition)
    sys.exit(ExitCode.DONE if condition.healthy else ExitCode.CHECK_FAILED)


if __name__ == "__main__":
    run(main)
