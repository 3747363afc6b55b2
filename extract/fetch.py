"""One visit to the sources: each is asked for what is new, and everything is landed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from extract.faults import SourceError, printable
from extract.http import HttpSource
from extract.landing import Archive
from extract.limits import HttpPolicy
from extract.registry import SOURCES
from extract.settings import Settings
from extract.visit import Asked, Clock, FetchReport, Progress, Visit

log = logging.getLogger(__name__)

SIMULATED_POLICY = HttpPolicy(throttle_backoff_seconds=1, backoff_seconds=0.1, trust_env=False)

# What a source's `fetch` raises over a good response that is not as the source declares.
UNEXPECTED_SHAPE = (LookupError, TypeError, ValueError, AttributeError)

Opened = dict[str, HttpSource]
"""The systems that can be asked, by their names."""


def wall_clock() -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_sources(settings: Settings, archive: Archive, clock: Clock) -> Iterator[Opened]:
    """The live systems, or those simulated on this machine for the length of the visit."""
    if settings.source_kind == "live":
        yield _live_sources(settings, archive, clock)
        return
    from extract.simulated.api import SimulatedApi
    from extract.simulated.market import Market

    with SimulatedApi(Market(), clock=clock) as api:
        yield simulated_sources(api.url, archive, clock)


def simulated_sources(url: str, archive: Archive, clock: Clock) -> Opened:
    """The systems of a simulated server.

    `clock` is the market's time, so that a fixed time repeats a visit.
    """
    return {
        source.system: HttpSource(
            source.system,
            url + source.simulated_root,
            archive,
            clock,
            source.recognise_fault,
            SIMULATED_POLICY,
        )
        for source in SOURCES
        if source.simulated_root is not None
    }


def _live_sources(settings: Settings, archive: Archive, clock: Clock) -> Opened:
    opened = {}
    for source in SOURCES:
        if source.live is None:
            continue
        access = source.live(settings, clock)
        opened[source.system] = HttpSource(
            source.system,
            access.base_url,
            archive,
            clock,
            source.recognise_fault,
            access.policy,
            access.headers,
            access.budget,
        )
    return opened


def visit(
    opened: Opened, store: Asked, settings: Settings, clock: Clock, progress: Progress
) -> FetchReport:
    """Land what is new of every source that is open.

    One that fails is noted and ends no other's visit. Raises its SourceError where all of them
    failed.
    """
    report = FetchReport()
    for source in SOURCES:
        if source.system not in opened:
            continue
        try:
            source.fetch(Visit(opened[source.system], store, settings, clock, progress, report))
        except SourceError as error:
            report.failed[source.system] = error
        except UNEXPECTED_SHAPE as error:
            log.exception("%s", source.system)
            report.failed[source.system] = SourceError(
                f"{source.system} sent a response of an unknown form: "
                f"{type(error).__name__} {printable(str(error))[:200]}"
            )
    if report.failed and len(report.failed) == len(opened):
        first, *others = report.failed.values()
        raise SourceError("; ".join(map(str, report.failed.values()))) if others else first
    for failed in report.failed.values():
        log.warning("%s", failed)
        report.failures.append(str(failed))
    return report
