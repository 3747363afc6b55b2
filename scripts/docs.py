#!/usr/bin/env python
"""The documentation of the models as one static page, and the site that the workflow serves."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline import stopping

if __name__ == "__main__":
    # The other imports take long enough to be interrupted.
    stopping.listen()

import click
from rich.markup import escape

from expectations.html_pages import render
from extract.settings import Settings, load_settings, switch_telemetry_off
from pipeline.exit_codes import ExitCode, JobError
from scripts.command_line import (
    Command,
    Screen,
    data_dir_option,
    log_to,
    refuse_without_warehouse,
    run,
)

switch_telemetry_off()


@click.command(
    cls=Command,
    epilog="Exit codes are those of refresh.py.",
)
@data_dir_option
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    help="Also collect models, quality docs and the published snapshot in this folder.",
)
def main(data_dir: str | None, site: Path | None) -> None:
    """Write the dbt docs of the warehouse as one page, and say where it is."""
    settings = load_settings(data_dir=data_dir)

    from pipeline.lock import only_writer
    from pipeline.state_files import mend

    screen = Screen()
    refuse_without_warehouse(settings)
    log_to(settings.log_dir)
    with only_writer(settings), screen, screen.stage("dbt docs"):
        mend(settings)
        page = generate(settings)
    if site is not None:
        page = gather(settings, page, site)
    screen.console.print(escape(f"{page}"), highlight=False, soft_wrap=True)


def generate(settings: Settings) -> Path:
    """`dbt docs generate --static`; returns the page. Raises JobError (1, 5)."""
    from pipeline.dbt_build import invoke
    from pipeline.storage import storage_failure_in

    result = invoke(settings, ["docs", "generate", "--static"])
    if result.failures:
        raise storage_failure_in(result.errors) or JobError(
            ExitCode.CHECK_FAILED, "\n".join(result.failures)
        )
    return settings.state_dir / "dbt" / "static_index.html"


def gather(settings: Settings, page: Path, site: Path) -> Path:
    """Build the site from scratch; returns its index. Raises JobError (2) without a snapshot."""
    snapshot = (settings.published_dir / "current").resolve()
    if not (snapshot / "manifest.json").exists():
        raise JobError(ExitCode.USAGE, "nothing is published yet; `make refresh` first")
    shutil.rmtree(site, ignore_errors=True)
    (site / "models").mkdir(parents=True)
    shutil.copy(page, site / "models" / "index.html")
    shutil.copytree(settings.quality_docs_dir / "site", site / "quality")
    shutil.copytree(snapshot, site / "data")
    index = site / "index.html"
    files = [path.name for path in sorted(snapshot.glob("*.parquet"))]
    index.write_bytes(render("site.html", files=files))
    return index


if __name__ == "__main__":
    run(main)
