"""Serves the dashboard: `python -m streamlit_app`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from extract.settings import SettingsError, load_settings

SCRIPT = Path(__file__).resolve().parent / "app.py"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", help="Where everything is kept. [default: $CRYPTO_DATA_DIR or data]")
@click.option("--address", help="Listen on another address than localhost.")
@click.option("--port", type=click.IntRange(0, 65535), default=8501, show_default=True)
def main(data_dir: str | None, address: str | None, port: int) -> None:
    """Serve the dashboard over the published snapshot until interrupted."""
    try:
        settings = load_settings(data_dir=data_dir)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    os.environ["CRYPTO_DATA_DIR"] = str(settings.data_dir)

    import streamlit as st

    from streamlit_app.documents import document_routes
    from streamlit_app.navigation import PATHS
    from streamlit_app.served_files import file_routes

    app = st.App(SCRIPT, routes=[*document_routes(settings, PATHS), *file_routes(settings)])
    config: dict[str, object] = {"server.port": port}
    if address:
        config["server.address"] = address
    app.run(config=config)


if __name__ == "__main__":
    main()
