#!/usr/bin/env python
"""Write what dbt knows of raw from the declarations of the sources."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import click

from extract.dbt_sources import files
from extract.settings import PROJECT_ROOT


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Write dbt's sources and the macro of the raw tables anew where the declarations changed."""
    for path, content in files().items():
        if not path.exists() or path.read_text() != content:
            path.write_text(content)
            click.echo(f"{path.relative_to(PROJECT_ROOT)} written")


if __name__ == "__main__":
    main()
