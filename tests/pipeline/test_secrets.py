"""A key that is set is in no file that a refresh writes, and nowhere on the terminal."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

import extract.coingecko_plans
import extract.fetch
from extract.coingecko_plans import Plan
from extract.landing import archives
from extract.settings import PROJECT_ROOT, Settings
from extract.simulated.api import SimulatedApi
from extract.simulated.faults import Fault
from extract.simulated.market import Market
from pipeline.job import Job
from tests.conftest import AS_OF, quiet_stage, refresh

KEY = "CG-thisIsTheSecretKey1234"


def fetch(settings: Settings) -> None:
    """What of a refresh knows the key."""
    Job(settings, quiet_stage).fetch()


@pytest.mark.parametrize(
    ("plan", "header", "run", "files"),
    [("demo", "x-cg-demo-api-key", fetch, 3), ("pro", "x-cg-pro-api-key", refresh, 21)],
)
def test_key_is_sent_and_written_nowhere(
    empty: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capfd,
    plan: Plan,
    header: str,
    run: Callable[[Settings], object],
    files: int,
) -> None:
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    with SimulatedApi(Market(), clock=lambda: AS_OF) as api:
        monkeypatch.setitem(extract.coingecko_plans.COINGECKO_HOSTS, plan, api.base_url)
        monkeypatch.setattr(extract.fetch, "wall_clock", lambda: AS_OF)
        api.faults.add(Fault("500", path="/coins/bitcoin/market_chart", times=1))
        api.faults.add(Fault("unauthorized", path="/coins/ethereum/market_chart", times=9))
        run(
            Settings(
                data_dir=empty.data_dir,
                source_kind="live",
                coins=("bitcoin", "ethereum"),
                history_days=2,
                coingecko_plan=plan,
                coingecko_api_key=SecretStr(KEY),
                calls_per_minute=60_000,
            )
        )
        assert all(request.headers[header] == KEY for request in api.requests)
        assert len(api.requests) >= 4

    written = [path for path in empty.data_dir.rglob("*") if path.is_file()]
    assert len(written) >= files
    for path in written:
        assert KEY.encode() not in path.read_bytes(), path
    for path in archives(empty.landing_dir):
        assert KEY.encode() not in gzip.decompress(path.read_bytes())
    printed = capfd.readouterr()
    assert KEY not in printed.out + printed.err


def test_tls_verification_is_switched_off_nowhere() -> None:
    for folder in ("extract", "expectations", "pipeline", "published", "scripts"):
        for path in (PROJECT_ROOT / folder).rglob("*.py"):
            text = "".join(path.read_text().split())
            for switch in ("verify=Fa" + "lse", "CERT_NO" + "NE", "_create_unverified"):
                assert switch not in text, path


def test_env_file_is_ignored_by_git() -> None:
    ignored = Path(PROJECT_ROOT / ".gitignore").read_text().split()
    assert {".env", "data/"} <= set(ignored)
