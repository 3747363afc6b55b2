#!/usr/bin/env python
"""The long campaign of fault tests: those of the suite, with larger numbers, and their results."""

from __future__ import annotations

import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.settings import PROJECT_ROOT
from tests.campaign.measuring import CutOffError, measure, read
from tests.campaign.page import broken, page
from tests.campaign.promises import GROUPS, Group

NAMES = [group.name for group in GROUPS]


def parse_names(context: click.Context, option: click.Parameter, text: str) -> list[Group]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(NAMES)):
        raise click.BadParameter(f"unknown: {', '.join(unknown)}; choose from {', '.join(NAMES)}")
    return [group for group in GROUPS if group.name in names]


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 every promise was kept, 1 one was broken, 2 usage.",
)
@click.option(
    "--only",
    "groups",
    callback=parse_names,
    default=",".join(NAMES),
    help=f"Groups separated by commas, from {', '.join(NAMES)}. [default: all]",
)
@click.option("--kills", type=click.IntRange(1), help="Kills at random moments of refreshes.")
@click.option("--refreshes", type=click.IntRange(1), help="Refreshes in the long life.")
@click.option("--resume", is_flag=True, help="Skip the groups that already have results.")
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    default=PROJECT_ROOT / "campaign",
    help="Where the result of each group is kept. [default: campaign]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=PROJECT_ROOT / "docs" / "reliability.md",
    help="The page to write. [default: docs/reliability.md]",
)
def main(
    groups: list[Group],
    kills: int | None,
    refreshes: int | None,
    resume: bool,
    work: Path,
    out: Path,
) -> None:
    """Test every promise about faults, and write the page from what was measured.

    The result of each group is kept, and after each group the page is rewritten from all of them:
    a campaign can be run group by group, and --resume continues where it was stopped.
    """
    given = {"FAULT_KILLS": kills, "FAULT_LIFE_REFRESHES": refreshes}
    for group in groups:
        if resume and group.name in read(work, GROUPS):
            continue
        click.echo(f"{group.name}:")
        sizes = {name: str(given.get(name) or size) for name, size in group.sizes.items()}
        try:
            measure(group, sizes, work, PROJECT_ROOT)
        except CutOffError as error:
            raise click.ClickException(str(error)) from error
        out.write_text(page(GROUPS, read(work, GROUPS)))
    results = read(work, GROUPS)
    out.write_text(page(GROUPS, results))
    found = broken(GROUPS, results)
    for promise in found:
        click.echo(f"broken: {promise.text}", err=True)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
