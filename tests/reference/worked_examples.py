"""Claims with their numbers worked out by hand, one coin each.

Times are `day hour:minute[:second]` of March 2026, UTC; both sources were last asked on the 10th at
9:00. Expected are columns of the one row of a mart that the key picks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from extract.landing import Landed, Response
from tests.reference.answers import Markets, batches_answer, landed_in_runs, markets_answer

CLOCK = "10 9:00"
RANKED_VOLUME = 2e6
MINUTE = timedelta(minutes=1)

Expected = tuple[str, dict[str, Any], dict[str, Any]]


def at(text: str) -> datetime:
    """Without a zone, as the marts have it."""
    form = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    return datetime.strptime(f"2026-03-{text}", form)  # noqa: DTZ007


def day(number: int) -> date:
    return date(2026, 3, number)


@dataclass(frozen=True)
class Example:
    """Quotes are (time, price) or (time, price, volume) in the order they were fetched; trades are
    (time, price, size, event id)."""

    claim: str
    expected: tuple[Expected, ...]
    quotes: list[tuple[Any, ...]] = field(default_factory=list)
    trades: list[tuple[str, float, float | None, str]] = field(default_factory=list)
    kind: str | None = None

    @property
    def coin_id(self) -> str:
        return self.claim.replace(" ", "-")

    def answers(self) -> list[Response]:
        found: list[Response] = []
        for number, (time, price, *volume) in enumerate(self.quotes):
            row = {
                "id": self.coin_id,
                "last_updated": utc(time).isoformat(),
                "current_price": price,
                "total_volume": volume[0] if volume else RANKED_VOLUME,
            }
            found.append(markets_answer(utc(time) + number * MINUTE, [row]))
        for number, (time, price, size, event_id) in enumerate(self.trades):
            tick = {
                "product_id": self.coin_id.upper(),
                "event_id": event_id,
                "event_at": utc(time).isoformat(),
                "price": price,
                "size": size,
                "batch": number,
            }
            found.append(batches_answer(utc(time) + MINUTE, [tick]))
        return found


def utc(text: str) -> datetime:
    return at(text).replace(tzinfo=UTC)


def alert(direction: str, opened_at: str, **columns: Any) -> Expected:
    return "fct_price_alerts", {"direction": direction, "opened_at": at(opened_at)}, columns


def ranking(of: int, **columns: Any) -> Expected:
    return "fct_daily_rankings", {"rank_date": day(of)}, columns


def volume(of: int, source: str = "coingecko", **columns: Any) -> Expected:
    return "fct_daily_volumes", {"source": source, "volume_date": day(of)}, columns


def hour(start: str, **columns: Any) -> Expected:
    return "fct_hourly_prices", {"price_hour": at(start)}, columns


EXAMPLES = [
    Example(
        "a rise of exactly 20 percent is critical",
        (alert("up", "9 12:00", severity="critical", peak_change_pct=20.0),),
        [("8 12:00", 100.0), ("9 12:00", 120.0)],
    ),
    Example(
        "a fall of exactly 10 percent is high",
        (alert("down", "9 12:00", severity="high", peak_change_pct=-10.0),),
        [("8 12:00", 100.0), ("9 12:00", 90.0)],
    ),
    Example(
        "an episode lasts at 80 percent of the threshold and closes below",
        (alert("up", "9 12:00", closed_at=at("9 12:20"), peak_at=at("9 12:00")),),
        [
            *[(f"8 12:{minute}", 100.0) for minute in ("00", "10", "20")],
            *[("9 12:00", 105.0), ("9 12:10", 104.0), ("9 12:20", 103.9)],
        ],
    ),
    Example(
        "a flip closes one direction and opens the other",
        (
            alert("up", "9 12:00", closed_at=at("9 12:10"), severity="watch"),
            alert("down", "9 12:10", closed_at=None, price_usd_at_open=94.0),
        ),
        [("8 12:00", 100.0), ("8 12:10", 100.0), ("9 12:00", 106.0), ("9 12:10", 94.0)],
    ),
    Example(
        "an unknown change neither opens nor closes",
        (alert("up", "9 12:00", closed_at=None, peak_change_pct=6.0),),
        [("8 12:00", 100.0), ("9 12:00", 106.0), ("9 20:00", 50.0)],
    ),
    Example(
        "a dollar that is 60 basis points off is a depeg",
        (alert("down", "9 12:00", alert_type="depeg", severity="watch", closed_at=at("9 12:10")),),
        [("9 12:00", 0.994), ("9 12:10", 0.9975)],
        kind="stablecoin",
    ),
    Example(
        "the price in force 24 hours before is at or before then and not after",
        (ranking(8, change_24h_pct=10.0, performance_rank=1),),
        [("7 23:50", 100.0), ("8 0:01", 999.0), ("9 0:00", 110.0)],
    ),
    Example(
        "a price 90 minutes older than 24 hours is in force",
        (ranking(8, change_24h_pct=-50.0, exclusion_reason=None),),
        [("7 22:30", 100.0), ("9 0:00", 50.0)],
    ),
    Example(
        "a price a second older than that is not",
        (ranking(8, change_24h_pct=None, exclusion_reason="no_change"),),
        [("7 22:29:59", 100.0), ("9 0:00", 50.0)],
    ),
    Example(
        "of two quotes equally near to midnight the earlier is the close",
        (ranking(8, as_of_at=at("8 23:55"), price_usd=1.0),),
        [("8 23:55", 1.0), ("9 0:05", 2.0)],
    ),
    Example(
        "the running day is taken at a quote of 90 minutes ago",
        (ranking(10, as_of_at=at("10 7:30"), is_complete=False),),
        [("10 7:00", 1.0), ("10 7:30", 2.0)],
    ),
    Example(
        "and not at an older one",
        (ranking(10, as_of_at=None, price_usd=None),),
        [("10 7:29:59", 2.0)],
    ),
    Example(
        "the volume of a day is the figure nearest to its close that is one",
        (volume(8, volume_usd=3e6, observed_at=at("9 0:20")),),
        [("8 23:20", 1.0, 7e6), ("8 23:59", 1.0, None), ("9 0:20", 1.0, 3e6)],
    ),
    Example(
        "a price under an hour old holds into the next hour",
        (hour("9 12:00", time_weighted_price_usd=22.5, avg_price_usd=30.0, sample_count=2),),
        [("9 11:30", 10.0), ("9 12:15", 20.0), ("9 12:45", 40.0)],
    ),
    Example(
        "a price an hour old does not",
        (hour("9 12:00", time_weighted_price_usd=80 / 3),),
        [("9 11:00", 10.0), ("9 12:15", 20.0), ("9 12:45", 40.0)],
    ),
    Example(
        "of two deliveries of a quote the first fetched stays",
        (hour("9 12:00", close_price_usd=1.0, sample_count=1),),
        [("9 12:00", 1.0), ("9 12:00", 2.0)],
    ),
    Example(
        "trades of an instant leave the price of the last and the volume of all",
        (hour("9 12:00", close_price_usd=4.0), volume(9, "stream", volume_usd=16.0)),
        trades=[
            ("9 12:00", 2.0, 5.0, "b"),
            ("9 12:00", 3.0, 2.0, "c"),
            ("9 12:00", 4.0, None, "a"),
        ],
    ),
    Example(
        "a traded volume was observed at the last trade in it",
        (volume(9, "stream", volume_usd=10.0, observed_at=at("9 12:00")),),
        trades=[("9 12:00", 2.0, 5.0, "a"), ("9 13:00", 3.0, None, "b")],
    ),
]


def markets() -> Markets:
    answers = [
        (example.coin_id[:30], answer) for example in EXAMPLES for answer in example.answers()
    ]
    answers += [
        ("clock", markets_answer(utc(CLOCK), [])),
        ("clock", batches_answer(utc(CLOCK), [])),
    ]
    landed: list[Landed] = list(landed_in_runs(answers))
    flags = [(e.coin_id, e.kind, "usd") for e in EXAMPLES if e.kind is not None]
    source_ids = [("stream", e.coin_id.upper(), e.coin_id) for e in EXAMPLES if e.trades]
    return Markets(landed, flags, source_ids)
