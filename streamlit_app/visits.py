"""What a reader saw last time, stored in a cookie of their browser and nowhere else.

Times are those of the data, not of the clock: what counts as new is what the snapshot that was
open last did not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

COOKIE = "visits"
COOKIE_SECONDS = 400 * 86_400
# Pages that are opened within this belong to one visit.
SAME_VISIT = timedelta(minutes=30)


@dataclass(frozen=True)
class Visits:
    """`before`: the time the data reached at the last visit, null at the first; `now`: at this one;
    both UTC without a zone. `at`: when a page was last opened, aware UTC.
    """

    before: datetime | None
    now: datetime
    at: datetime

    def to_cookie(self) -> str:
        before = self.before.isoformat() if self.before else ""
        return f"{before}|{self.now.isoformat()}|{self.at.isoformat(timespec='seconds')}"


def from_cookie(value: str | None) -> Visits | None:
    """None without a cookie, and for one that nobody here wrote."""
    try:
        before, now, at = (value or "").split("|")
        visits = Visits(
            datetime.fromisoformat(before) if before else None,
            datetime.fromisoformat(now),
            datetime.fromisoformat(at),
        )
    except ValueError:
        return None
    naive = visits.now.tzinfo is None and (visits.before is None or visits.before.tzinfo is None)
    return visits if naive and visits.at.tzinfo is not None else None


def opened(cookie: str | None, observed_until: datetime, at: datetime | None = None) -> Visits:
    """The visits after a page was opened on data that reaches to `observed_until`."""
    at = at or datetime.now(UTC)
    last = from_cookie(cookie)
    if last is None:
        return Visits(None, observed_until, at)
    same = at - last.at < SAME_VISIT
    return Visits(last.before if same else last.now, observed_until, at)
