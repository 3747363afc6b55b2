"""The marts of irregular markets are those of the reference, however their rows arrived.

One example packs many independent markets, and a difference names its market and instant: shrinking
would cost minutes and tell no more.
"""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest

import pytest
from hypothesis import Phase, given, settings

from tests.reference.arrivals import Arrival, arrivals, in_loads
from tests.reference.comparison import GRAIN, differences
from tests.reference.markets import Recipe, made, recipes
from tests.reference.reference import marts
from tests.reference.warehouse import Warehouse

SHOWN = 20
EPISODE_IDS = {"fct_price_alerts": "alert_id", "fct_threshold_episodes": "episode_id"}

MADE_AGAIN = (
    "intermediate.int_daily_closes",
    "intermediate.int_close_neighbours",
    "intermediate.int_tracked_coins",
    "marts.fct_hourly_prices",
)

few = settings(phases=[Phase.generate])


@settings(few, max_examples=3)
@given(recipe=recipes(12))
def test_a_full_build_equals_the_reference(warehouse: Warehouse, recipe: Recipe) -> None:
    markets = made(recipe)
    warehouse.start(markets)
    warehouse.load(markets.landed)
    warehouse.build()
    assert_marts_equal_reference(warehouse)
    reasons = Counter(row["suspected_reason"] for row in warehouse.mart("fct_suspected_coins"))
    assert set(reasons) == {"tracks_dollar", "tracks_coin"}


@settings(few, max_examples=3)
@given(recipe=recipes(8), arrival=arrivals())
def test_rows_that_arrive_in_any_order_give_the_marts_of_one_full_refresh(
    warehouse: Warehouse, recipe: Recipe, arrival: Arrival
) -> None:
    markets = made(recipe)
    warehouse.start(markets)
    ids: dict[tuple[object, ...], str] = {}
    for load in in_loads(markets, arrival):
        warehouse.load(load)
        warehouse.build()
        assert_marts_equal_reference(warehouse)
        assert_episodes_keep_their_ids(warehouse, ids)

    incremental = warehouse.built(bookkeeping=False)
    warehouse.build(full_refresh=True)
    whole = warehouse.built(bookkeeping=False)
    # A build of some days cannot know that nothing was open before them, and keeps what would
    # close it; the episodes are the same.
    for built in (incremental, whole):
        del built["intermediate.int_alert_signals"]
    assert_same_rows(incremental, whole)


@settings(few, max_examples=1)
@given(recipe=recipes(8), arrival=arrivals())
def test_a_build_without_new_rows_changes_nothing(
    warehouse: Warehouse, recipe: Recipe, arrival: Arrival
) -> None:
    markets = made(recipe)
    warehouse.start(markets)
    for load in in_loads(markets, arrival)[:2]:
        warehouse.load(load)
        warehouse.build()

    rows, numbered = (warehouse.built(bookkeeping=flag) for flag in (False, True))
    warehouse.build()
    assert_same_rows(rows, warehouse.built(bookkeeping=False))
    # The running day is made again whenever the clock may have passed its end, and with it what
    # follows from its closes.
    again = warehouse.built(bookkeeping=True)
    for built in (numbered, again):
        for name in MADE_AGAIN:
            del built[name]
    assert_same_rows(numbered, again)


def assert_marts_equal_reference(warehouse: Warehouse) -> None:
    found: list[str] = []
    for name, expected in marts(warehouse.raw).items():
        actual = warehouse.mart(name)
        if name in EPISODE_IDS:
            ids = [row.pop(EPISODE_IDS[name]) for row in actual]
            assert len(set(ids)) == len(ids), f"two rows of {name} share an id"
        found += differences(name, expected, actual)
    if found:
        counts = Counter(line.split()[0] for line in found)
        pytest.fail("\n".join([*found[:SHOWN], f"{dict(counts)} in all"]), pytrace=False)


def assert_episodes_keep_their_ids(
    warehouse: Warehouse, ids: dict[tuple[object, ...], str]
) -> None:
    for mart, identity in EPISODE_IDS.items():
        for row in warehouse.mart(mart):
            episode = (mart, *(row[column] for column in GRAIN[mart]))
            assert ids.setdefault(episode, row[identity]) == row[identity], episode


def assert_same_rows(
    before: dict[str, list[tuple[object, ...]]], after: dict[str, list[tuple[object, ...]]]
) -> None:
    assert before.keys() == after.keys()
    found: list[str] = []
    for name, rows in before.items():
        # Sorted alike, so that the first pair that differs tells which row it is.
        pairs = zip_longest(rows, after[name])
        changed = [pair for pair in pairs if pair[0] != pair[1]]
        if changed:
            one, other = changed[0]
            found.append(f"{name}: {len(changed)} rows differ, first\n  {one}\n  {other}")
    if found:
        pytest.fail("\n".join(found), pytrace=False)
