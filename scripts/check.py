#!/usr/bin/env python
"""Run the quality gates over a warehouse as it stands, and verify its snapshots."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import stopping

if __name__ == "__main__":
    # The other imports take long enough to be interrupted.
    stopping.listen()

import click
from rich.markup import escape

from expectations.results import GateName
from extract.settings import load_settings, switch_telemetry_off
from extract.targets import Target
from pipeline.exit_codes import ExitCode
from scripts.command_line import (
    Command,
    Screen,
    data_dir_option,
    log_to,
    refuse_without_warehouse,
    run,
    target_option,
)

switch_telemetry_off()


@click.command(
    cls=Command,
    epilog="Exit codes are those of refresh.py.",
)
@data_dir_option
@click.option(
    "--gate",
    "gates",
    type=click.Choice(["raw", "marts"]),
    multiple=True,
    default=("raw", "marts"),
    help="Run only this gate.",
)
@target_option
def main(data_dir: str | None, gates: tuple[GateName, ...], target: Target) -> None:
    """Check every load in raw, the marts, and the checksums of the published snapshots.

    Exit code 1 when a critical expectation fails or a file of a snapshot is damaged.
    """
    settings = load_settings(data_dir=data_dir, target=target)
    refuse_without_warehouse(settings)

    from expectations.gates import breach_message, build_docs, run_gate
    from pipeline.dbt_build import declare_raw
    from pipeline.lock import only_writer
    from pipeline.old_warehouse import recover
    from pipeline.state_files import mend
    from pipeline.warehouse import refuse_unreachable
    from published.reading import snapshots, verify

    screen = Screen()
    refuse_unreachable(settings)
    log_to(settings.log_dir)
    with only_writer(settings), screen:
        recover(settings)
        declare_raw(settings)
        mend(settings)
        results = []
        for gate in gates:
            with screen.stage(f"gate {gate}"):
                results.append(run_gate(gate, settings.warehouse_url, settings.quality_docs_dir))
        with screen.stage("quality docs"):
            index = build_docs(settings.quality_docs_dir)
        with screen.stage("snapshots"):
            kept = snapshots(settings.published_dir)
            damaged = [wrong for folder in kept for wrong in verify(folder)]
    for result in results:
        screen.console.print(
            f"gate {result.gate}: {result.expectation_count} expectations, "
            f"{len(result.critical)} critical, {len(result.warnings)} warnings"
        )
        for breach in result.breaches:
            screen.console.print(f"  {escape(breach_message(breach))}", highlight=False)
    screen.console.print(escape(f"{index}"), highlight=False, soft_wrap=True)
    screen.console.print(f"{len(kept)} snapshots, {len(damaged)} damaged files")
    for wrong in damaged:
        screen.console.print(f"  {escape(wrong)}", highlight=False, soft_wrap=True)
    if damaged:
        screen.console.print(
            "Readers get the newest intact snapshot. `make refresh` publishes a new one; damaged "
            "ones may then be deleted.",
        )
    if damaged or not all(result.passed for result in results):
        sys.exit(ExitCode.CHECK_FAILED)


if __name__ == "__main__":
    run(main)
