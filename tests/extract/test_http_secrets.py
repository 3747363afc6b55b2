"""The key is sent to CoinGecko and is nowhere else."""

from __future__ import annotations

import gzip
import io
import logging
import traceback
from dataclasses import replace

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from extract.coingecko_plans import COINGECKO_HOSTS
from extract.faults import CallFailedError, SourceError
from extract.fetch import open_sources
from extract.landing import Archive, archives, new_run_id
from extract.limits import HttpPolicy, Limits
from extract.settings import Settings
from extract.simulated.faults import Fault
from tests.extract.answers import NOW, all_landed
from tests.extract.environment import settings_from
from tests.extract.local_server import Answer, serving

KEY = "CG-5ecre7Key0123456789"
MARKETS = ("markets", "/coins/markets", {"vs_currency": "usd", "ids": "bitcoin"})
HEADERS = {"demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "extract", "extract.http", "dlt"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


@pytest.fixture
def keyed(settings: Settings):
    """Settings of a live source with a key."""

    def make(plan: str) -> Settings:
        values = {"COINGECKO_API_KEY": KEY, "COINGECKO_PLAN": plan}
        return settings_from(values, data_dir=settings.data_dir, source_kind="live")

    return make


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[requests.PreparedRequest]:
    """What would have gone to the network; each is answered with an empty array."""
    requests_sent: list[requests.PreparedRequest] = []

    def send(
        self: HTTPAdapter, request: requests.PreparedRequest, *_, verify: object, **__
    ) -> requests.Response:
        requests_sent.append(request)
        request.verify = verify
        response = requests.Response()
        response.status_code = 200
        response.raw = HTTPResponse(io.BytesIO(b"[]"), preload_content=False)
        response.request, response.url = request, str(request.url)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    return requests_sent


def live_call(settings: Settings) -> None:
    with (
        Archive(settings.landing_dir, "live", new_run_id(NOW)) as archive,
        open_sources(settings, archive, lambda: NOW) as sources,
    ):
        assert "stream" not in sources
        sources["coingecko"].get(*MARKETS)


@pytest.mark.parametrize(
    ("plan", "host"), [("demo", "api.coingecko.com"), ("pro", "pro-api.coingecko.com")]
)
def test_the_key_goes_to_its_own_host_in_its_own_header(keyed, sent, plan, host) -> None:
    live_call(keyed(plan))
    [request] = sent
    assert request.url.startswith(f"https://{host}/api/v3/coins/markets?")
    assert request.headers[HEADERS[plan]] == KEY
    assert {name for name, value in request.headers.items() if KEY in value} == {HEADERS[plan]}
    assert KEY not in request.url


def test_without_a_key_no_header_is_sent(settings, sent) -> None:
    live_call(replace(settings, source_kind="live"))
    [request] = sent
    assert request.url.startswith(COINGECKO_HOSTS["keyless"])
    assert not [name for name in request.headers if name.lower().startswith("x-cg")]


def test_live_calls_keep_the_pace_and_the_budget_of_the_settings(keyed, sent, fake_time) -> None:
    settings = replace(keyed("demo"), calls_per_minute=2, monthly_calls=3)
    with (
        Archive(settings.landing_dir, "live", new_run_id(NOW)) as archive,
        open_sources(settings, archive, lambda: NOW) as sources,
    ):
        for _ in range(3):
            sources["coingecko"].get(*MARKETS)
        assert len(fake_time.waits) == 2
        assert all(30 <= wait <= 33 for wait in fake_time.waits)
        with pytest.raises(SourceError, match="budget of 3 calls"):
            sources["coingecko"].get(*MARKETS)
    assert len(sent) == 3
    assert settings.call_budget_path.exists()


@pytest.mark.parametrize("given", [True, False])
def test_live_calls_trust_the_authorities_of_the_settings(settings, sent, given) -> None:
    bundle = settings.data_dir / "authorities.pem" if given else None
    live_call(replace(settings, source_kind="live", ca_bundle=bundle))
    assert sent[0].verify == (str(bundle) if given else True)


def all_text_of(error: BaseException) -> str:
    """The message, every cause, and the traceback as a log would show it."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None:
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    lines = [*traceback.format_exception(error), *(f"{e} {e!r} {e.args}" for e in chain)]
    return "\n".join(lines)


def assert_key_is_nowhere(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    for path in archives(settings.landing_dir):
        assert KEY.encode() not in path.read_bytes()
        assert KEY.encode() not in gzip.decompress(path.read_bytes())
    assert KEY not in caplog.text
    for record in caplog.records:
        assert KEY not in f"{record.getMessage()} {record.args} {record.__dict__}"


@pytest.mark.parametrize("plan", ["demo", "pro"])
def test_the_key_is_in_no_archive_error_or_log(
    api, make_source, fake_time, settings, everything_logged, plan
) -> None:
    patient = HttpPolicy(limits=Limits(wait_seconds=1e6))
    source = make_source(api.base_url, patient, headers={HEADERS[plan]: KEY})
    source.get(*MARKETS)
    assert api.requests[0].headers[HEADERS[plan]] == KEY
    for kind in ("429", "429_without_retry_after", "500", "html", "error_body_200", "cut_off"):
        api.faults.add(Fault(kind, times=9))
        with pytest.raises(SourceError) as error:
            source.get(*MARKETS)
        assert KEY not in all_text_of(error.value)
        api.faults.clear()
    with pytest.raises(CallFailedError) as error:
        source.get("market_chart", "/coins/nope/market_chart", {"vs_currency": "usd", "days": "1"})
    assert KEY not in all_text_of(error.value)
    gone = make_source("http://127.0.0.1:1", headers={HEADERS[plan]: KEY})
    with pytest.raises(SourceError) as error:
        gone.get(*MARKETS)
    assert KEY not in all_text_of(error.value)

    assert any(record.levelno == logging.DEBUG for record in everything_logged.records)
    assert len(all_landed(settings.landing_dir)) > 15
    assert_key_is_nowhere(settings, everything_logged)


@pytest.mark.parametrize("status", [200, 401, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        f'{{"status": {{"error_code": 10002, "error_message": "no plan for {KEY}"}}}}',
        f'{{"error": "invalid key {KEY}"}}',
        f"<html>bad request: x-cg-demo-api-key: {KEY}</html>",
        f'{{"{KEY}": 1}}',
    ],
)
def test_a_key_that_the_server_echoes_is_struck_out(
    make_source, fake_time, settings, everything_logged, status, body
) -> None:
    with serving(lambda path, headers: Answer(body, status)) as url:
        source = make_source(url, headers={"x-cg-demo-api-key": KEY})
        try:
            answer = source.get(*MARKETS)
        except SourceError as error:
            assert KEY not in all_text_of(error)
        else:
            assert answer == {"***": 1}
    assert all_landed(settings.landing_dir)[0].body == body.replace(KEY, "***")
    assert_key_is_nowhere(settings, everything_logged)


def test_the_key_is_not_in_the_text_of_any_object_on_the_way(keyed, archive) -> None:
    settings = keyed("demo")
    with open_sources(settings, archive, lambda: NOW) as sources:
        for thing in (settings, sources, sources["coingecko"]):
            assert KEY not in f"{thing!r} {thing}"
