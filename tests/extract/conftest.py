from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from extract.call_budget import CallBudget
from extract.fetch import SIMULATED_POLICY, simulated_sources, visit
from extract.http import HttpSource
from extract.landing import Archive, new_run_id
from extract.limits import HttpPolicy
from extract.pipeline import RawStore
from extract.response_body import RecogniseFault
from extract.settings import Settings
from extract.simulated.api import SimulatedApi
from extract.simulated.coins import COINS
from extract.simulated.market import Market
from extract.sources import coingecko
from extract.visit import FetchReport
from tests.extract.answers import NOW, EmptyRaw

OUTSIDE = ("COINGECKO_", "CRYPTO_")
NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
VISITED = ("bitcoin", "dai", "pepe")
MARKET = ("bitcoin", "ethereum", "dai", "dogecoin", "pepe")


class Clock:
    """A clock that only tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class FakeTime:
    """Stands in for module `time`: sleeping takes no time and is on record."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, proxies or authorities from outside."""
    for name in list(os.environ):
        if name.startswith(OUTSIDE) or name.upper() in NETWORK:
            monkeypatch.delenv(name)


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """The waits of pacing and of retries. The server's thread keeps the real time."""
    fake = FakeTime()
    monkeypatch.setattr("extract.attempts.time", fake)
    monkeypatch.setattr("tenacity.nap.time", fake)
    return fake


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[SimulatedApi, Clock]]:
    clock = Clock()
    few = [coin for coin in COINS if coin.coin_id in MARKET]
    with SimulatedApi(Market(coins=few), clock) as api:
        yield api, clock


@pytest.fixture
def api(_served: tuple[SimulatedApi, Clock]) -> Iterator[SimulatedApi]:
    api, clock = _served
    clock.now = NOW
    api.requests.clear()
    yield api
    api.faults.clear()


@pytest.fixture
def clock(api: SimulatedApi, _served: tuple[SimulatedApi, Clock]) -> Clock:
    return _served[1]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", history_days=1)


@pytest.fixture
def landing_dir(settings: Settings) -> Path:
    return settings.landing_dir


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    with Archive(settings.landing_dir, "simulated", new_run_id(NOW)) as archive:
        yield archive


@pytest.fixture
def store(settings: Settings) -> RawStore:
    return RawStore(settings)


@pytest.fixture
def make_source(archive: Archive) -> Callable[..., HttpSource]:
    """An HttpSource over `base_url` whose answers go to `archive`."""

    def make(
        base_url: str,
        policy: HttpPolicy | None = None,
        headers: dict[str, str] | None = None,
        budget: CallBudget | None = None,
        recognise_fault: RecogniseFault = coingecko.recognise_fault,
    ) -> HttpSource:
        return HttpSource(
            coingecko.SYSTEM,
            base_url,
            archive,
            lambda: NOW,
            recognise_fault,
            policy,
            headers,
            budget,
        )

    return make


@pytest.fixture
def pay_visit_at(make_source, settings, clock, fake_time) -> Callable[..., FetchReport]:
    """A visit to a CoinGecko of the test's own."""

    def pay(url: str, coins: int | tuple[str, ...] = ("a", "b", "c")) -> FetchReport:
        sources = {"coingecko": make_source(url, SIMULATED_POLICY)}
        wanted = replace(settings, coins=coins)
        return visit(sources, EmptyRaw(), wanted, clock, lambda *_: None)

    return pay


@pytest.fixture
def progress() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture
def pay_visit(api, archive, settings, clock, fake_time, progress) -> Callable[..., FetchReport]:
    """A visit that lands in `archive`; without the stream unless a test asks for it."""

    def pay(
        store: RawStore | EmptyRaw | None = None,
        stream: bool = False,
        unreachable: tuple[str, ...] = (),
        coins: int | tuple[str, ...] = VISITED,
        **changes: object,
    ) -> FetchReport:
        sources = simulated_sources(api.url, archive, clock)
        if not stream:
            del sources["stream"]
        for system in unreachable:
            nowhere = simulated_sources("http://127.0.0.1:9", archive, clock)
            sources[system] = nowhere[system]
        return visit(
            sources,
            store or EmptyRaw(),
            replace(settings, coins=coins, **changes),
            clock,
            lambda *step: progress.append(step),
        )

    return pay
