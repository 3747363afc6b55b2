"""The ways in which the answers of markets arrive, in three loads."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from extract.landing import Landed
from tests.reference.answers import Markets, observed_days
from tests.reference.markets import CLOCK, DAYS_SPANNED, LAST_MIDNIGHT

LATE_DAYS = [6, 3, 5, 4, 7]


@dataclass(frozen=True)
class Arrival:
    """Loads of the answers by the day they were fetched, and how many stray to another load.

    Charts have a load, and so have the answers that only move the clocks.

    Where `mixed` is set, answers with rows of several days come in that load and others by the day
    of their rows, so that a load touches its own days alone.
    """

    load_of_day: tuple[int, ...]
    charts: int
    clocks: int
    mixed: int | None
    strays: int
    seed: int


@st.composite
def arrivals(draw: st.DrawFn) -> Arrival:
    """Three loads: as fetched, backwards, single late days, or as it comes."""
    kind = draw(st.sampled_from(["late days", "in order", "backwards", "any", "late days"]))
    days = range(DAYS_SPANNED)
    if kind == "late days":
        second, third = draw(st.permutations(LATE_DAYS))[:2]
        loads = [2 if day == second else 3 if day == third else 1 for day in days]
    elif kind == "any":
        loads = draw(st.lists(st.integers(1, 3), min_size=len(days), max_size=len(days)))
    else:
        cuts = sorted(draw(st.permutations(LATE_DAYS))[:2])
        loads = [1 + sum(day >= cut for cut in cuts) for day in days]
        if kind == "backwards":
            loads = [4 - load for load in loads]
    return Arrival(
        load_of_day=tuple(loads),
        charts=draw(st.integers(1, 3)) if kind != "late days" else 1,
        clocks=draw(st.sampled_from([3, 1])),
        mixed=1 if kind == "late days" else None,
        strays=draw(st.sampled_from([0, 1, 4])),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


def in_loads(markets: Markets, arrival: Arrival) -> list[list[Landed]]:
    rng = random.Random(arrival.seed)
    strays = {rng.randrange(len(markets.landed)) for _ in range(arrival.strays)}
    loads: list[list[Landed]] = [[], [], []]
    for number, landed in enumerate(markets.landed):
        load = rng.randint(1, 3) if number in strays else load_of(landed, arrival)
        loads[load - 1].append(landed)
    return loads


def load_of(landed: Landed, arrival: Arrival) -> int:
    response = landed.response
    if landed.run_id.endswith(CLOCK):
        return arrival.clocks
    if response.endpoint == "market_chart":
        return arrival.charts
    day = response.fetched_at.date()
    if arrival.mixed is not None:
        observed = observed_days(response)
        if len(observed) > 1:
            return arrival.mixed
        day = next(iter(observed), day)
    age = (LAST_MIDNIGHT.date() - day).days
    return arrival.load_of_day[min(max(0, DAYS_SPANNED - 1 - age), DAYS_SPANNED - 1)]
