#!/usr/bin/env python
"""Saves the live warehouse outside the machine that refreshes it, and restores it there."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.settings import Settings, load_settings
from pipeline.exit_codes import ExitCode, JobError
from pipeline.lock import only_writer
from pipeline.state_release import Assets, FolderAssets, ReleaseAssets, restore, save
from scripts.command_line import Command, data_dir_option, run

TAG = "warehouse-state"


@click.command(cls=Command)
@click.argument("action", type=click.Choice(["restore", "save"]))
@data_dir_option
@click.option("--release", default=TAG, show_default=True, help="The release, by its tag.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="A folder to use instead of a release."
)
@click.option(
    "--parts",
    type=click.Path(path_type=Path),
    default=Path("state"),
    show_default=True,
    help="Where the files are kept on this machine; those that are correct are not fetched again.",
)
def main(action: str, data_dir: str | None, release: str, folder: Path | None, parts: Path) -> None:
    """Save the live data folder as assets of a release, or restore it from there.

    The last two states are kept, with checksums. A restore never overwrites existing data.
    """
    settings = load_settings(data_dir=data_dir)
    assets: Assets = FolderAssets(folder) if folder else ReleaseAssets(release)
    act = _restore if action == "restore" else _save
    click.echo(act(assets, settings, parts))


def _restore(assets: Assets, settings: Settings, parts: Path) -> str:
    generation = restore(assets, settings.data_dir, parts)
    if generation is None:
        return "No state has been kept yet; the refresh starts a new warehouse."
    return f"Restored and verified: {generation}"


def _save(assets: Assets, settings: Settings, parts: Path) -> str:
    if not settings.data_dir.is_dir():
        raise JobError(ExitCode.USAGE, f"there is nothing at {settings.data_dir}")
    generation = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with only_writer(settings):
        kept = save(assets, settings.data_dir, parts, generation)
    return f"Kept: {', '.join(kept)}"


if __name__ == "__main__":
    run(main)
