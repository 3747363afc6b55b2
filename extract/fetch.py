"""One visit to the sources: quotes, the history that is missing, the tick stream; all landed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from extract import coingecko, stream
from extract.history import missing_days
from extract.http import CallBudget, CallFailedError, Clock, HttpPolicy, HttpSource, SourceError
from extract.landing import Archive
from extract.pipeline import RawStore
from extract.settings import COINGECKO_HOSTS, COINGECKO_KEY_HEADERS, Settings

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

SIMULATED_POLICY = HttpPolicy(throttle_backoff_seconds=1, backoff_seconds=0.1, trust_env=False)


@dataclass
class FetchReport:
    """What one visit brought: coins that answered, calls for history, what failed and why."""

    coins: list[str] = field(default_factory=list)
    chart_calls: int = 0
    stream_calls: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sources:
    """The systems of one source kind. `stream` is None where there is no stream."""

    coingecko: HttpSource
    stream: HttpSource | None


def wall_clock() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_sources(settings: Settings, archive: Archive, clock: Clock) -> Iterator[Sources]:
    """The live API, or the simulated one served on this machine for the length of the visit."""
    if settings.source_kind == "live":
        yield Sources(_live_coingecko(settings, archive, clock), None)
        return
    from extract.simulated.api import SimulatedApi
    from extract.simulated.market import Market

    with SimulatedApi(Market(), clock=clock) as api:
        yield simulated_sources(api.base_url, api.stream_url, archive, clock)


def simulated_sources(base_url: str, stream_url: str, archive: Archive, clock: Clock) -> Sources:
    """The simulated systems; `clock` is the market's time, so that a fixed time repeats a visit."""
    return Sources(
        HttpSource(
            coingecko.SYSTEM,
            base_url,
            archive,
            clock,
            coingecko.recognise_fault,
            SIMULATED_POLICY,
        ),
        HttpSource(
            stream.SYSTEM, stream_url, archive, clock, stream.recognise_fault, SIMULATED_POLICY
        ),
    )


def visit(
    sources: Sources, store: RawStore, settings: Settings, clock: Clock, progress: Progress
) -> FetchReport:
    """Land what is new. Raises SourceError when CoinGecko gives no quotes at all.

    A coin whose history fails is noted and does not keep the others from being fetched.
    """
    report = FetchReport()
    report.coins = coingecko.fetch_markets(sources.coingecko, settings.coins)
    if not report.coins:
        raise SourceError("coingecko knows none of the coins that were asked for")
    if not isinstance(settings.coins, int):
        unknown = [coin for coin in settings.coins if coin not in report.coins]
        report.failures += [f"coingecko knows no coin {coin!r}" for coin in unknown]

    _fetch_history(sources.coingecko, store, settings, clock, progress, report)

    if sources.stream is not None:
        [(last_batch,)] = store.query("select max(batch_number) from stream_ticks") or [(None,)]
        try:
            for _ in stream.fetch_batches(sources.stream, last_batch or 0):
                report.stream_calls += 1
                progress("stream", report.stream_calls, 0)
        except CallFailedError as error:
            log.warning("%s", error)
            report.failures.append(str(error))
    return report


def _fetch_history(
    http: HttpSource,
    store: RawStore,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    report: FetchReport,
) -> None:
    """Ask for the hours that are missing, coin by coin."""
    plan = missing_days(store, report.coins, clock(), settings.history_days)
    for done, (coin_id, calls) in enumerate(plan.items(), start=1):
        progress("history", done, len(plan))
        for days in calls:
            try:
                coingecko.fetch_market_chart(http, coin_id, days)
                report.chart_calls += 1
            except CallFailedError as error:
                if error.code in coingecko.REFUSALS:
                    raise
                log.warning("%s", error)
                report.failures.append(str(error))
                if error.code == coingecko.THROTTLED:
                    report.failures.append(
                        f"history of {len(plan) - done + 1} coins is left for the next refresh"
                    )
                    return


def _live_coingecko(settings: Settings, archive: Archive, clock: Clock) -> HttpSource:
    plan = settings.coingecko_plan
    headers = {}
    if settings.coingecko_api_key:
        headers[COINGECKO_KEY_HEADERS[plan]] = settings.coingecko_api_key
    return HttpSource(
        coingecko.SYSTEM,
        COINGECKO_HOSTS[plan],
        archive,
        clock,
        coingecko.recognise_fault,
        HttpPolicy(settings.calls_per_minute, ca_bundle=settings.ca_bundle),
        headers,
        CallBudget(settings.call_budget_path, settings.monthly_calls, clock),
    )
