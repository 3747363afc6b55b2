"""Serves the simulated API in the foreground: `python -m extract.simulated --port 8765`."""

import threading
from datetime import UTC, datetime

from pipeline import stopping

if __name__ == "__main__":
    # The other imports take long enough to be interrupted.
    stopping.listen()

import click

from extract.simulated.api import SimulatedApi
from extract.simulated.market import Market
from scripts.command_line import Server, run


@click.command(cls=Server)
@click.option(
    "--port", default=8765, show_default=True, help="Port on 127.0.0.1; 0 takes a free one."
)
@click.option(
    "--as-of",
    default=None,
    help="Moment at which the clock starts, ISO 8601 (UTC unless it says otherwise). Default: now.",
)
@click.option("--seed", default=7, show_default=True, help="Another seed is another market.")
def main(port: int, as_of: str | None, seed: int) -> None:
    """Serve the simulated market until Ctrl-C."""
    begun = datetime.now(UTC)
    start = _moment(as_of) if as_of else begun

    def clock() -> datetime:
        return start + (datetime.now(UTC) - begun)

    try:
        with SimulatedApi(Market(seed), clock, port) as api:
            click.echo(f"CoinGecko's shapes: {api.base_url}/coins/markets?vs_currency=usd")
            click.echo(f"Trades:             {api.stream_url}/batches?limit=1")
            click.echo(f"The clock starts at {start:%Y-%m-%d %H:%M:%S} UTC. Ctrl-C ends.")
            _wait(api)
    except OSError as error:
        raise click.ClickException(f"cannot listen on port {port}: {error}") from error


def _wait(api: SimulatedApi) -> None:
    threading.Event().wait()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no ISO 8601 time", param_hint="--as-of") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    run(main)
