"""Serves the dashboard: `python -m streamlit_app`."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline import stopping

if __name__ == "__main__":
    # The other imports take long enough to be interrupted.
    stopping.listen()

import click

from extract.settings import load_settings
from scripts.command_line import Server, data_dir_option, run

SCRIPT = Path(__file__).resolve().parent / "app.py"


@click.command(
    cls=Server,
    epilog="Exit codes: 2 usage or configuration, 5 a file cannot be used, 130 or 143 stopped by "
    "Ctrl-C or SIGTERM.",
)
@data_dir_option
@click.option("--address", help="Listen on this address instead of localhost.")
@click.option("--port", type=click.IntRange(0, 65535), default=8501, show_default=True)
def main(data_dir: str | None, address: str | None, port: int) -> None:
    """Serve the dashboard over the published snapshot until interrupted."""
    settings = load_settings(data_dir=data_dir)
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
    run(main)
