"""What a source is given to fetch with, and what its fetching tells."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from extract.faults import SourceError
from extract.settings import Settings

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Progress = Callable[[str, int, int], None]


class Asked(Protocol):
    """Raw, as a RawStore is asked."""

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]: ...


class Calls(Protocol):
    """An API, as an HttpSource is asked."""

    def get(self, endpoint: str, path: str, params: dict[str, str]) -> Any: ...


@dataclass
class FetchReport:
    """What one visit brought.

    `coins` are the ids that quotes came of, `calls` counts the good ones by endpoint. `failures`
    says what failed and why, a line each; `failed` holds the errors that ended the visit of a
    whole source.
    """

    coins: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    failed: dict[str, SourceError] = field(default_factory=dict)


@dataclass(frozen=True)
class Visit:
    """One source asked once."""

    http: Calls
    store: Asked
    settings: Settings
    clock: Clock
    progress: Progress
    report: FetchReport

    def note(self, failure: object) -> None:
        """A part that failed and costs nothing else."""
        log.warning("%s", failure)
        self.report.failures.append(str(failure))
