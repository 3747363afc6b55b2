#!/usr/bin/env python
"""Reject the rows that keep a load from passing gate 1."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import stopping

if __name__ == "__main__":
    # The other imports take long enough to be interrupted.
    stopping.listen()

import click

from extract.settings import Settings, load_settings, switch_telemetry_off
from extract.targets import Target
from pipeline.exit_codes import ExitCode, JobError
from scripts.command_line import (
    Command,
    data_dir_option,
    log_to,
    refuse_without_warehouse,
    run,
    target_option,
)

switch_telemetry_off()


@click.command(
    cls=Command,
    epilog="Exit codes are those of refresh.py; 1 if the load as a whole is at fault.",
)
@click.argument("load")
@data_dir_option
@target_option
def main(load: str, data_dir: str | None, target: Target) -> None:
    """Reject for good the rows of LOAD at which gate 1 stops, and load the rest of it.

    LOAD is the id that the gate names. The rows are listed in landing_set_aside.ndjson in the data
    folder; every later refresh and rebuild treats them as rejected rows, with the expectation that
    they broke as the reason. To restore rows, delete their lines and rebuild.
    """
    settings = load_settings(data_dir=data_dir, target=target)
    refuse_without_warehouse(settings)

    from pipeline.lock import only_writer
    from pipeline.old_warehouse import recover
    from pipeline.warehouse import refuse_unreachable

    refuse_unreachable(settings)
    log_to(settings.log_dir)
    with only_writer(settings):
        recover(settings)
        _set_aside(settings, load)


def _set_aside(settings: Settings, load: str) -> None:
    from expectations.rows_at_fault import find_rows_at_fault
    from extract.landed import missing_runs
    from extract.pipeline import RawStore
    from extract.set_aside import SetAsideRow, add
    from extract.tick_archive import TickArchive
    from pipeline.dbt_build import declare_raw, forget_progress

    store = RawStore(settings)
    load_numbers = store.loads_of(load)
    if not load_numbers:
        raise JobError(
            ExitCode.USAGE,
            f"raw holds no load {load!r}; the gate names those it does hold",
        )
    declare_raw(settings)
    rows: dict[str, str] = {}
    of_whole_load: list[str] = []
    for load_number in load_numbers:
        found = find_rows_at_fault(settings.warehouse_url, [load_number])
        rows |= found.rows
        of_whole_load += found.of_whole_load

    if rows:
        runs = {load, *map(_run, rows)}
        if elsewhere := missing_runs(settings.landing_dir, runs):
            raise JobError(
                ExitCode.CHECK_FAILED,
                f"landing of {settings.data_dir} does not hold {', '.join(elsewhere)}, so the rest "
                "of the load could not be loaded again; nothing was changed. If another data "
                "folder landed it, run this command with the --data-dir of that folder. Otherwise "
                "restore its archive from a copy.",
            )
        # Listed first: a kill between the two leaves a load that is asked about again.
        add(
            settings.set_aside_path, [SetAsideRow(row, why, _run(row)) for row, why in rows.items()]
        )
        TickArchive(settings, store).take_back(runs)
        store.forget(runs)
        # A model that had seen such a row would not miss it.
        forget_progress(settings)
        for expectation, count in Counter(rows.values()).items():
            click.echo(f"set aside {count:,} {'row' if count == 1 else 'rows'}: {expectation}")
        click.echo(f"They are listed in {settings.set_aside_path} and will be rejected.")
        click.echo("Run the refresh again to load the rest.")
    if of_whole_load:
        raise JobError(
            ExitCode.CHECK_FAILED,
            "\n".join(
                ["no single row is to blame for:"]
                + [f"  {expectation}" for expectation in of_whole_load]
                + [f"To leave the load out for good: scripts/rebuild.py --quarantine {load}"]
            ),
        )
    if not rows:
        click.echo(f"Every critical expectation holds for {load}; nothing was set aside.")


def _run(row_id: str) -> str:
    """The run that a row came in, with which its id begins."""
    return row_id.split(":", 1)[0]


if __name__ == "__main__":
    run(main)
