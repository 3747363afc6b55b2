"""What the processes that we start may know: the environment without its secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

SECRETS = ("COINGECKO_API_KEY", "POSTGRES_PASSWORD")


def child_environment() -> dict[str, str]:
    """For a child: this process's environment without secrets."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS}


@contextmanager
def secrets_hidden(needed: dict[str, str] | None = None) -> Iterator[None]:
    """This process's own environment has no secret but the `needed`, nor have its children."""
    kept = {name: os.environ.pop(name) for name in SECRETS if name in os.environ}
    os.environ.update(needed or {})
    try:
        yield
    finally:
        for name in needed or {}:
            os.environ.pop(name, None)
        os.environ.update(kept)
