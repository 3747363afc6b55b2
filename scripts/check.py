#!/usr/bin/env python
"""Run the quality gates over a warehouse as it stands."""

from __future__ import annotations

import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.settings import SettingsError, load_settings, switch_telemetry_off
from scripts.command_line import Screen, exit_with, log_to, target_option
from scripts.exit_codes import ExitCode, JobError

switch_telemetry_off()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", help="Where everything is kept. [default: $CRYPTO_DATA_DIR or data]")
@click.option(
    "--gate",
    "gates",
    type=click.Choice(["raw", "marts"]),
    multiple=True,
    default=("raw", "marts"),
    help="Only this gate.",
)
@target_option
def main(data_dir: str | None, gates: tuple[str, ...], target: str) -> None:
    """Check every load in raw, and the marts. Exit code 1 when a critical expectation fails."""
    try:
        settings = load_settings(data_dir=data_dir, target=target)
    except SettingsError as error:
        exit_with(JobError(ExitCode.USAGE, str(error)))
    if target == "duckdb" and not settings.warehouse_path.exists():
        exit_with(
            JobError(ExitCode.USAGE, f"no warehouse at {settings.warehouse_path}; `make refresh`")
        )

    from expectations.gates import breach_message, build_docs, run_gate
    from scripts.dbt_build import declare_raw
    from scripts.lock import only_writer
    from scripts.warehouse import refuse_unreachable

    screen = Screen()
    try:
        refuse_unreachable(settings)
        log_to(settings.log_dir)
        declare_raw(settings)
        with only_writer(settings.lock_path), screen:
            results = []
            for gate in gates:
                with screen.stage(f"gate {gate}"):
                    results.append(
                        run_gate(gate, settings.warehouse_url, settings.quality_docs_dir)
                    )
            with screen.stage("quality docs"):
                index = build_docs(settings.quality_docs_dir)
    except JobError as error:
        exit_with(error)
    for result in results:
        screen.console.print(
            f"gate {result.gate}: {result.expectation_count} expectations, "
            f"{len(result.critical)} critical, {len(result.warnings)} warnings"
        )
        for breach in result.breaches:
            screen.console.print(f"  {breach_message(breach)}", highlight=False)
    screen.console.print(f"{index}", soft_wrap=True)
    if not all(result.passed for result in results):
        sys.exit(ExitCode.CHECK_FAILED)


if __name__ == "__main__":
    main()
