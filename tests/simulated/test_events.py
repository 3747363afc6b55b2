"""The scripted events happen, and leave their mark on the values."""

import numpy as np
import pytest

from extract.simulated.events import (
    DAY_MS,
    HOUR_MS,
    RENAME_BLOCK_MS,
    Crash,
    Depeg,
    Outage,
    Rally,
    Rename,
)
from extract.simulated.market import BATCH_MS

NOW_MS = 1_781_518_643_456
KINDS = (Crash, Rally, Depeg, Outage, Rename)


@pytest.fixture(scope="module")
def events(market):
    return market.events.between(NOW_MS - 1_000 * DAY_MS, NOW_MS)


def _of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def _price(market, coin_id, *at_ms):
    return market.prices(coin_id, np.array(at_ms))


@pytest.mark.parametrize("year", [2015, 2024, 2026, 2027, 2060, 2099])
def test_any_ninety_days_hold_every_kind_more_than_once(market, year):
    new_year = int(np.datetime64(f"{year}-01-01", "ms").astype(np.int64))
    for offset in range(0, 275, 11):
        start = new_year + offset * DAY_MS + 12_345_678
        end = start + 90 * DAY_MS
        whole = [
            event
            for event in market.events.between(start, end)
            if event.start_ms >= start and (event.end_ms <= end or isinstance(event, Rename))
        ]
        for kind in KINDS:
            assert len(_of(whole, kind)) >= 2


def test_a_window_has_the_events_that_overlap_it(market, events):
    for event in events[20:40]:
        assert event in market.events.between(event.start_ms, event.start_ms + 1)
        assert event in market.events.between(event.end_ms - 1, event.end_ms)
        assert event not in market.events.between(event.end_ms, event.end_ms + DAY_MS)
    assert [e.start_ms for e in events] == sorted(e.start_ms for e in events)


def test_a_crash_costs_more_than_a_tenth_and_is_over_the_same_day(market, events):
    crashes = _of(events, Crash)
    assert len({crash.coin_id for crash in crashes}) > 10
    for crash in crashes:
        assert market.coin(crash.coin_id).kind == "coin"
        assert crash.start_ms // DAY_MS == (crash.end_ms - 1) // DAY_MS
        before, bottom, after = _price(
            market, crash.coin_id, crash.start_ms, crash.bottom_ms, crash.end_ms
        )
        assert bottom / before < 0.90
        assert after / before > 0.85


def test_a_rally_lifts_a_coin_within_two_days(market, events):
    rallies = _of(events, Rally)
    gains = []
    for rally in rallies:
        assert DAY_MS <= rally.top_ms - rally.start_ms <= 2 * DAY_MS
        before, top = _price(market, rally.coin_id, rally.start_ms, rally.top_ms)
        gains.append(top / before - 1.0)
    assert min(gains) > 0.1
    assert 0.3 < np.median(gains) < 0.6


def test_a_depeg_holds_a_stablecoin_250_bp_down_for_hours(market, events):
    for depeg in _of(events, Depeg):
        assert market.coin(depeg.coin_id).kind == "stablecoin"
        assert depeg.recovery_ms - depeg.bottom_ms >= 3 * HOUR_MS
        hours = np.arange(depeg.bottom_ms, depeg.recovery_ms, 600_000)
        assert market.prices(depeg.coin_id, hours).max() < 0.9750
        start, end = _price(market, depeg.coin_id, depeg.start_ms, depeg.end_ms)
        assert start == pytest.approx(1.0, abs=0.003)
        assert end == pytest.approx(1.0, abs=0.003)


def test_trade_is_brisk_in_a_crash(market, events):
    busier = []
    for crash in _of(events, Crash):
        at = np.array([crash.start_ms, crash.end_ms])
        before, after = market.rolling_volumes(crash.coin_id, at)
        busier.append(after / before)
    assert np.median(busier) > 1.1


def test_an_outage_is_a_whole_hour_off_midnight(market, events):
    for outage in _of(events, Outage):
        assert outage.start_ms % HOUR_MS == 0
        assert outage.end_ms - outage.start_ms == HOUR_MS
        assert 2 <= outage.start_ms // HOUR_MS % 24 <= 21
        edges = np.array([outage.start_ms - 1, outage.start_ms, outage.end_ms - 1, outage.end_ms])
        assert market.events.is_outage(edges).tolist() == [False, True, True, False]


def test_an_outage_has_no_ticks_and_the_next_tick_has_no_change(market, events):
    outage = _of(events, Outage)[0]
    first = outage.start_ms // BATCH_MS
    ticks = market.tick_batches(first - 1, 722)
    assert sorted(set(ticks["batch"].tolist())) == [first - 1, first + 720]
    resumed = ticks["batch"] == first + 720
    assert np.isnan(ticks["change_pct"][resumed]).all()
    assert np.isfinite(ticks["change_pct"][~resumed]).all()
    assert market.ticks(first)["batch"].size == 0
    assert np.isfinite(market.ticks(first + 721)["change_pct"]).all()


def test_a_coin_is_renamed_at_block_boundaries(market, events):
    renames = _of(events, Rename)
    assert {rename.symbol for rename in renames} == {"matic", "pol"}
    for rename in renames:
        assert rename.end_ms - rename.start_ms == RENAME_BLOCK_MS
        before = market.symbol_at(rename.coin_id, rename.start_ms - 1)
        assert market.symbol_at(rename.coin_id, rename.start_ms) == rename.symbol != before
        assert market.name_at(rename.coin_id, rename.start_ms) == rename.name
    assert market.symbol_at("bitcoin", NOW_MS) == "btc"
    assert market.name_at("bitcoin", NOW_MS) == "Bitcoin"
