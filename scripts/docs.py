#!/usr/bin/env python
"""The documentation of the models as one static page, and the site of the scheduled refresh."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extract.settings import Settings, SettingsError, load_settings, switch_telemetry_off
from scripts.command_line import Screen, exit_with, log_to
from scripts.exit_codes import ExitCode, JobError

switch_telemetry_off()

INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Crypto market warehouse</title>
<style>body {{ font: 1.1rem/1.6 system-ui; max-width: 40rem; margin: 3rem auto }}</style>
<h1>Crypto market warehouse</h1>
<ul>
<li><a href="models/index.html">Models, columns, tests and lineage</a></li>
<li><a href="quality/index.html">Quality gates</a></li>
<li>Published data: {files}, <a href="data/manifest.json">manifest</a></li>
</ul>
<p>Data provided by <a href="https://www.coingecko.com">CoinGecko</a>.</p>
</html>
"""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", help="Where everything is kept. [default: $CRYPTO_DATA_DIR or data]")
@click.option(
    "--site",
    type=click.Path(path_type=Path),
    help="Also gather models, quality docs and the published snapshot in this folder.",
)
def main(data_dir: str | None, site: Path | None) -> None:
    """Write the dbt docs of the warehouse as one page, and say where it is."""
    try:
        settings = load_settings(data_dir=data_dir)
    except SettingsError as error:
        exit_with(JobError(ExitCode.USAGE, str(error)))

    from scripts.lock import only_writer

    screen = Screen()
    try:
        if not settings.warehouse_path.exists():
            raise JobError(
                ExitCode.USAGE, f"no warehouse at {settings.warehouse_path}; `make refresh` first"
            )
        log_to(settings.log_dir)
        with only_writer(settings.lock_path), screen, screen.stage("dbt docs"):
            page = generate(settings)
        if site is not None:
            page = gather(settings, page, site)
    except JobError as error:
        exit_with(error)
    screen.console.print(f"{page}", soft_wrap=True)


def generate(settings: Settings) -> Path:
    """`dbt docs generate --static`; returns the page. Raises JobError (1)."""
    from scripts.dbt_build import invoke

    result = invoke(settings, ["docs", "generate", "--static"])
    if result.failures:
        raise JobError(ExitCode.CHECK_FAILED, "\n".join(result.failures))
    return settings.dbt_dir / "static_index.html"


def gather(settings: Settings, page: Path, site: Path) -> Path:
    """Lay out the site anew; returns its index. Raises JobError (2) without a snapshot."""
    snapshot = (settings.published_dir / "current").resolve()
    if not (snapshot / "manifest.json").exists():
        raise JobError(ExitCode.USAGE, "nothing is published yet; `make refresh` first")
    shutil.rmtree(site, ignore_errors=True)
    (site / "models").mkdir(parents=True)
    shutil.copy(page, site / "models" / "index.html")
    shutil.copytree(settings.quality_docs_dir / "site", site / "quality")
    shutil.copytree(snapshot, site / "data")
    files = ", ".join(
        f'<a href="data/{path.name}">{path.stem}</a>' for path in sorted(snapshot.glob("*.parquet"))
    )
    index = site / "index.html"
    index.write_text(INDEX.format(files=files))
    return index


if __name__ == "__main__":
    main()
