"""Coins that follow the dollar or a larger coin, as of each day, and that nobody has decided on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from tests.reference.daily import close, days
from tests.reference.series import DAY, NEAR, Observation, RawRows, Row, Series

WINDOW = 30 * DAY
LEAST_CLOSES = 20
DOLLAR_BP = Fraction(100)
COPY_BP = Fraction(50)

Closes = Mapping[date, Observation]


@dataclass(frozen=True)
class Suspicion:
    """`tracked_coin_id` is None for the dollar."""

    tracked_coin_id: str | None
    worst_deviation_bp: float
    days_compared: int

    @property
    def reason(self) -> str:
        return "tracks_coin" if self.tracked_coin_id else "tracks_dollar"


Suspicions = Mapping[tuple[str, date], Suspicion]


def suspicions(
    raw: RawRows, series: Mapping[tuple[str, str], Series], clocks: Mapping[str, datetime]
) -> Suspicions:
    """By coin and day. Of a coin that the seed tells anything of there is none."""
    judges = {row["source"] for row in raw.price_sources if row["is_reference"]}
    decided = {row["coin_id"]: row for row in raw.coin_flags}
    closes: dict[str, dict[date, Observation]] = {}
    judged: dict[str, list[date]] = {}
    for (source, coin_id), observed in series.items():
        if source in judges:
            judged[coin_id] = days(observed)
            taken = {day: close(observed, day, clocks[source]) for day in judged[coin_id]}
            closes[coin_id] = {day: at for day, at in taken.items() if at is not None}

    def is_dollar(coin_id: str) -> bool:
        return decided.get(coin_id, {}).get("peg_currency") == "usd"

    lasting = [coin_id for coin_id, known in closes.items() if len(known) >= LEAST_CLOSES]
    found: dict[tuple[str, date], Suspicion] = {}
    for coin_id in lasting:
        if coin_id in decided:
            continue
        others = {o: closes[o] for o in lasting if o != coin_id and not is_dollar(o)}
        for day in judged[coin_id]:
            if suspicion := judge(coin_id, closes[coin_id], others, day):
                found[coin_id, day] = suspicion
    return found


def judge(coin_id: str, own: Closes, others: Mapping[str, Closes], day: date) -> Suspicion | None:
    """By the closes of the 30 days before. First the dollar; then, of the coins that were larger on
    most days, or as often and come first, the largest."""
    before = {d: o for d, o in own.items() if day - WINDOW <= d < day}
    worst = worst_bp((o.decimal, Fraction(1)) for o in before.values())
    if len(before) >= LEAST_CLOSES and worst <= DOLLAR_BP + NEAR:
        return Suspicion(None, float(worst), len(before))
    originals: list[tuple[float, str, Suspicion]] = []
    for other, known in others.items():
        common = [(o, known[d]) for d, o in before.items() if d in known]
        if len(common) < LEAST_CLOSES:
            continue
        worst = worst_bp((mine.decimal, its.decimal) for mine, its in common)
        sizes = [(mine.market_cap or 0, its.market_cap or 0) for mine, its in common]
        surplus = sum(its > mine for mine, its in sizes) - sum(its < mine for mine, its in sizes)
        if worst <= COPY_BP + NEAR and (surplus > 0 or (surplus == 0 and other < coin_id)):
            greatest = max(its for _, its in sizes)
            originals.append((-greatest, other, Suspicion(other, float(worst), len(common))))
    return min(originals, key=lambda original: original[:2])[2] if originals else None


def worst_bp(prices: Iterator[tuple[Fraction, Fraction]]) -> Fraction:
    return max(
        (10_000 * abs(price - other) / other for price, other in prices), default=Fraction(0)
    )


def fct_suspected_coins(
    raw: RawRows, series: Mapping[tuple[str, str], Series], found: Suspicions
) -> list[Row]:
    judges = {row["source"] for row in raw.price_sources if row["is_reference"]}
    last = {coin_id: days(of)[-1] for (source, coin_id), of in series.items() if source in judges}
    rows: list[Row] = []
    for coin_id in sorted({coin_id for coin_id, _ in found}):
        dates = sorted(day for coin, day in found if coin == coin_id)
        suspicion = found[coin_id, dates[-1]]
        rows.append(
            {
                "coin_id": coin_id,
                "is_suspected": dates[-1] == last[coin_id],
                "suspected_reason": suspicion.reason,
                "tracked_coin_id": suspicion.tracked_coin_id,
                "worst_deviation_bp": suspicion.worst_deviation_bp,
                "days_compared": suspicion.days_compared,
                "first_suspected_date": dates[0],
                "last_suspected_date": dates[-1],
                "suspected_day_count": len(dates),
            }
        )
    return rows
