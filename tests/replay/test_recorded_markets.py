"""The whole job on 468 recorded pages of the real API, against plain Python over the same pages."""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract.landing import archives
from extract.pipeline import RawStore
from extract.settings import Settings
from pipeline.job import Job
from tests import snapshots
from tests.conftest import quiet_stage, refresh
from tests.recordings import FOLDER, needs_recordings

pytestmark = needs_recordings

PAGES = FOLDER / "coingecko" / "markets_daily_2023_2024.ndjson.gz"
DAY = timedelta(days=1)
TOLERANCE = timedelta(minutes=90)
YOUNGER = timedelta(minutes=15)


@pytest.fixture(scope="module")
def replayed(worker_dir: Path, template: Path) -> Iterator[Settings]:
    """A warehouse of the recorded pages. Beside `data`, for tests of this module share it."""
    settings = Settings(data_dir=worker_dir / "replayed", source_kind="replay", recordings=PAGES)
    refresh(settings)
    yield settings


@pytest.fixture(scope="module")
def quotes() -> dict[str, dict[datetime, dict]]:
    """coin -> own time -> the row that was recorded first."""
    found: dict[str, dict[datetime, dict]] = defaultdict(dict)
    with gzip.open(PAGES, "rt", encoding="utf-8") as lines:
        pages = sorted((json.loads(line) for line in lines), key=lambda page: page["recorded_at"])
    for page in pages:
        if isinstance(page["body"], list):
            for row in page["body"]:
                at = datetime.fromisoformat(row["last_updated"])
                found[row["id"]].setdefault(at, row)
    return found


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_every_page_is_accounted_for(replayed: Settings) -> None:
    audit = snapshots.table(snapshots.current(replayed.published_dir), "fct_load_audit")
    assert audit.response_count.tolist() == [468]
    assert audit.error_response_count.tolist() == [1]
    assert audit.received_count.tolist() == [46_700]
    assert audit.rejected_count.tolist() == [0]
    with duckdb.connect(str(replayed.warehouse_path)) as warehouse:
        [(code, fetched_at)] = warehouse.sql(
            "select error_code, fetched_at at time zone 'UTC'"
            " from raw.landed_responses where error_code is not null"
        ).fetchall()
    assert (code, f"{fetched_at:%Y-%m-%d %H:%M:%S}") == (403, "2023-03-30 00:54:42")


def test_stale_page_is_kept_under_its_own_time_and_counted(replayed: Settings) -> None:
    """The page of one night was hours old: its quotes are observations of their own time."""
    with duckdb.connect(str(replayed.warehouse_path)) as warehouse:
        [(pages, rows)] = warehouse.sql(
            """
            select count(*), sum(row_count) from (
                select fetched_at, count(*) as row_count
                from raw.coingecko_markets
                group by fetched_at
                having median(epoch(fetched_at) - epoch(last_updated)) > 3600
            )
            """
        ).fetchall()
    assert (pages, rows) == (1, 100)
    gates = snapshots.manifest(snapshots.current(replayed.published_dir))["gates"]
    stale = [
        breach
        for breach in gates["raw"]["breaches"]
        if breach["table"] == "coingecko_markets" and "hour" in breach["expectation"]
    ]
    assert stale
    assert all(breach["severity"] == "warning" for breach in stale)
    assert max(breach["row_count"] for breach in stale) >= 100


def test_daily_volume_is_the_recorded_figure_nearest_midnight(
    replayed: Settings, quotes: dict[str, dict[datetime, dict]]
) -> None:
    expected: dict[tuple[str, date], float | None] = {}
    for coin, by_time in quotes.items():
        days = {at.date() for at in by_time} | {(at - TOLERANCE).date() for at in by_time}
        for day in days:
            close = midnight(day) + DAY
            near = [
                (abs(at - close), at)
                for at, row in by_time.items()
                if abs(at - close) <= TOLERANCE and row["total_volume"] is not None
            ]
            expected[coin, day] = by_time[min(near)[1]]["total_volume"] if near else None

    volumes = snapshots.table(snapshots.current(replayed.published_dir), "fct_daily_volumes")
    rows: list[Any] = [*volumes.itertuples()]
    published = {
        (row.coin_id, row.volume_date.date()): None
        if row.volume_usd != row.volume_usd
        else row.volume_usd
        for row in rows
    }
    assert published == expected
    assert sum(volume is None for volume in expected.values()) > 0


def test_changes_are_known_although_pages_come_early_or_late(replayed: Settings) -> None:
    with duckdb.connect(str(replayed.warehouse_path)) as warehouse:
        [(observed, unknown)] = warehouse.sql(
            "select count(*), count(*) filter (where change_24h_pct is null)"
            " from intermediate.int_price_changes"
        ).fetchall()
    assert (observed, unknown) == (46_700, 2_346)


def ended(alert, moment: datetime) -> bool:
    """An episode that silence ended lasted to its last observation."""
    if alert.close_reason == "unobserved":
        return alert.closed_at < moment
    return alert.closed_at <= moment


def test_alerts_stand_for_the_days_on_which_a_coin_moved(
    replayed: Settings, quotes: dict[str, dict[datetime, dict]]
) -> None:
    """Every observed move of 5 % by the as-of rule lies in an episode, and every peak is one."""
    moves: dict[tuple[str, datetime], float] = {}
    for coin, by_time in quotes.items():
        times = sorted(by_time)
        for at in times:
            place = bisect_right(times, at - DAY)
            older = [t for t in times[place - 1 : place] if t >= at - DAY - TOLERANCE]
            younger = [t for t in times[place : place + 1] if t <= at - DAY + YOUNGER]
            for then in (older or younger)[:1]:
                before = by_time[then]["current_price"]
                moves[coin, at] = 100.0 * (by_time[at]["current_price"] - before) / before

    snapshot = snapshots.current(replayed.published_dir)
    coins = snapshots.table(snapshot, "dim_coins").set_index("coin_id")
    alerts = snapshots.table(snapshot, "fct_price_alerts")
    alerts = alerts[alerts.alert_type == "price_move"]
    episodes = defaultdict(list)
    moved: list[Any] = [*alerts.itertuples()]
    for alert in moved:
        episodes[alert.coin_id, alert.direction].append(alert)

    strong = {
        key: move
        for key, move in moves.items()
        if abs(move) >= 5 and not coins.is_stablecoin[key[0]]
    }
    assert len(strong) > 1000
    for (coin, at), move in strong.items():
        moment = at.replace(tzinfo=None)
        covering = [
            alert
            for alert in episodes[coin, "up" if move > 0 else "down"]
            if alert.opened_at <= moment and not ended(alert, moment)
        ]
        assert len(covering) == 1, (coin, at, move)
        assert abs(covering[0].peak_change_pct) >= abs(move)
    for alert in moved:
        move = moves[alert.coin_id, alert.peak_at.to_pydatetime().replace(tzinfo=UTC)]
        assert alert.peak_change_pct == pytest.approx(move, rel=1e-9)


def test_second_replay_finds_every_page_known(replayed: Settings) -> None:
    landed = archives(replayed.landing_dir)
    job = Job(replayed, quiet_stage)
    job.fetch()
    assert job.report.replayed == (0, 468)
    assert archives(replayed.landing_dir) == landed
    assert list(RawStore(replayed).pending()) == []
