import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from extract.simulated.api import SimulatedApi
from extract.simulated.market import Market

NOW = datetime(2026, 6, 15, 10, 17, 23, 456_000, tzinfo=UTC)


class Clock:
    """A clock that only tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    @property
    def ms(self) -> int:
        return int(self.now.timestamp() * 1000)

    @ms.setter
    def ms(self, value: int) -> None:
        self.now = datetime.fromtimestamp(value / 1000, UTC)

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Client:
    """Requests to one API, without the environment's proxies."""

    def __init__(self, api: SimulatedApi):
        self.api = api
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str, timeout: float = 10, **params: Any) -> requests.Response:
        base = self.api.stream_url if path.startswith("/batches") else self.api.base_url
        return self._session.get(base + path, params=params, timeout=timeout)

    def json(self, path: str, **params: Any) -> Any:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def markets(self, **params: Any) -> list[dict]:
        return self.json("/coins/markets", vs_currency="usd", **params)

    def chart(self, coin_id: str, **params: Any) -> dict:
        return self.json(f"/coins/{coin_id}/market_chart", vs_currency="usd", **params)

    def close(self) -> None:
        self._session.close()


@pytest.fixture(scope="session")
def market() -> Market:
    return Market()


@pytest.fixture(scope="session")
def _served(market: Market) -> Iterator[tuple[SimulatedApi, Clock, Client]]:
    clock = Clock()
    with SimulatedApi(market, clock) as api:
        client = Client(api)
        yield api, clock, client
        client.close()


@pytest.fixture
def api(_served) -> Iterator[SimulatedApi]:
    api, clock, _ = _served
    clock.now = NOW
    api.requests.clear()
    yield api
    api.faults.clear()


@pytest.fixture
def clock(api, _served) -> Clock:
    return _served[1]


@pytest.fixture
def client(api, _served) -> Client:
    return _served[2]


@pytest.fixture(scope="session")
def recording():
    """Reads a recorded answer of the real API by name; skips where there are no recordings."""
    default = Path(__file__).parents[3] / "shared" / "recordings"
    folder = Path(os.environ.get("CRYPTO_RECORDINGS_DIR", default)) / "coingecko"

    def read(name: str) -> Any:
        if not folder.is_dir():
            pytest.skip(f"no recordings of the real API in {folder}: set CRYPTO_RECORDINGS_DIR")
        return json.loads((folder / name).read_text())

    return read
