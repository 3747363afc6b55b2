"""The simulated market looks like a market."""

import numpy as np
import pytest

from extract.simulated.coins import COINS
from extract.simulated.events import DAY_MS, HOUR_MS, Depeg, Outage
from extract.simulated.market import BATCH_MS, Market

NOW_MS = 1_781_518_643_456
COIN_IDS = [coin.coin_id for coin in COINS if coin.kind == "coin"]
STABLECOIN_IDS = [coin.coin_id for coin in COINS if coin.kind == "stablecoin"]
DAYS = np.arange(NOW_MS - 2_000 * DAY_MS, NOW_MS, DAY_MS)
HOURS = np.arange(NOW_MS - 180 * DAY_MS, NOW_MS, HOUR_MS)


def _returns(market: Market, coin_id: str, at: np.ndarray) -> np.ndarray:
    return np.diff(np.log(market.prices(coin_id, at)))


def test_thirty_coins_of_three_kinds_with_one_symbol_twice():
    assert len({coin.coin_id for coin in COINS}) == len(COINS) == 30
    assert len({coin.product_id for coin in COINS}) == 30
    assert len({coin.symbol for coin in COINS}) == 29
    assert {"tether", "usd-coin", "dai"} <= set(STABLECOIN_IDS)
    wrapped = {coin.coin_id for coin in COINS if coin.kind == "wrapped"}
    assert {"wrapped-bitcoin", "staked-ether", "wrapped-steth"} <= wrapped


def test_prices_span_ten_orders_of_magnitude(market):
    assert market.prices("bitcoin", DAYS).min() > 60_000
    for coin_id in ("pepe", "shiba-inu"):
        assert market.prices(coin_id, DAYS).max() < 0.00002


def test_every_value_is_finite_and_positive_from_2015_to_2100(market):
    at = np.random.default_rng(0).integers(1_420_070_400_000, 4_102_444_800_000, 1_500)
    for coin in COINS:
        for values in (
            market.prices(coin.coin_id, at),
            market.rolling_volumes(coin.coin_id, at),
            market.market_caps(coin.coin_id, at),
        ):
            assert np.isfinite(values).all()
            assert (values > 0).all()


@pytest.mark.parametrize("coin_id", COIN_IDS)
def test_daily_returns_have_the_coins_volatility_and_fat_tails(market, coin_id):
    returns = _returns(market, coin_id, DAYS)
    assert 0.85 < returns.std() / market.coin(coin_id).volatility < 1.5
    centred = returns - returns.mean()
    assert (centred**4).mean() / (centred**2).mean() ** 2 > 3.5


def test_moves_of_five_percent_are_common_but_not_for_bitcoin(market):
    def share(coin_id: str) -> float:
        prices = market.prices(coin_id, HOURS)
        return float((np.abs(prices[24:] / prices[:-24] - 1.0) > 0.05).mean())

    assert 0.005 < share("bitcoin") < 0.15
    assert all(share(coin_id) > 0.15 for coin_id in ("pepe", "near", "beam", "aptos"))


def test_variance_grows_with_the_horizon(market):
    ratios = []
    for coin_id in COIN_IDS:
        logs = np.log(market.prices(coin_id, DAYS))
        ratios.append((logs[7:] - logs[:-7]).var() / 7 / np.diff(logs).var())
    assert 0.75 < np.mean(ratios) < 1.25


def test_hourly_returns_do_not_foretell_the_next(market):
    """So that a forecast that beats the random walk by much has looked ahead."""
    found = []
    for coin_id in COIN_IDS:
        returns = _returns(market, coin_id, HOURS)
        found.append(np.corrcoef(returns[1:], returns[:-1])[0, 1])
    assert abs(np.mean(found)) < 0.06


def test_coins_move_together(market):
    bitcoin, ether = (_returns(market, c, DAYS) for c in ("bitcoin", "ethereum"))
    assert 0.4 < np.corrcoef(bitcoin, ether)[0, 1] < 0.9
    stable = _returns(market, "tether", DAYS)
    assert abs(np.corrcoef(bitcoin, stable)[0, 1]) < 0.1


def test_prices_have_no_steps(market):
    at = NOW_MS + np.arange(0, 600_000, 20, dtype=np.int64)
    for coin_id in ("bitcoin", "pepe", "dai", "wrapped-steth"):
        assert np.abs(_returns(market, coin_id, at)).max() < 1e-4


@pytest.mark.parametrize("coin_id", STABLECOIN_IDS)
def test_stablecoins_hold_within_basis_points_outside_events(market, coin_id):
    quiet = np.ones(HOURS.size, dtype=bool)
    for event in market.events.between(int(HOURS[0]), NOW_MS):
        if isinstance(event, Depeg) and event.coin_id == coin_id:
            quiet &= (event.start_ms > HOURS) | (event.end_ms <= HOURS)
    assert quiet.mean() > 0.95
    assert np.abs(market.prices(coin_id, HOURS[quiet]) - 1.0).max() < 0.0030


def test_wrapped_coins_follow_their_underlying(market):
    for coin_id, underlying in (("wrapped-bitcoin", "bitcoin"), ("staked-ether", "ethereum")):
        ratio = market.prices(coin_id, HOURS) / market.prices(underlying, HOURS)
        assert np.abs(ratio - 1.0).max() < 0.0030
    ratio = market.prices("wrapped-steth", DAYS) / market.prices("ethereum", DAYS)
    assert 1.0 < ratio.min() < ratio.max() < 1.5
    assert (ratio[365:] > ratio[:-365]).all()


def test_supplies_grow_within_their_bounds(market):
    at = np.arange(1_420_070_400_000, 4_102_444_800_000, 30 * DAY_MS, dtype=np.int64)
    for coin in COINS:
        supplies = market.supplies(coin.coin_id, at)
        assert (supplies.circulating > 0).all()
        if supplies.total is not None:
            assert (supplies.circulating <= supplies.total).all()
        if supplies.maximum is not None:
            assert supplies.circulating.max() <= supplies.maximum


@pytest.fixture(scope="module")
def day_of_ticks() -> tuple[Market, int, dict[str, np.ndarray]]:
    ids = ("bitcoin", "tether", "pepe", "wrapped-bitcoin")
    market = Market(coins=[coin for coin in COINS if coin.coin_id in ids])
    end = NOW_MS // BATCH_MS
    start_ms, end_ms = (end - 17_280) * BATCH_MS, end * BATCH_MS
    assert not any(isinstance(e, Outage) for e in market.events.between(start_ms, end_ms))
    return market, end_ms, market.tick_batches(end - 17_280, 17_280)


def test_ticks_of_a_day_add_up_to_the_rolling_volume(day_of_ticks):
    market, end_ms, ticks = day_of_ticks
    for coin in market.coins:
        own = ticks["product_id"] == coin.product_id
        traded = float((ticks["price"][own] * ticks["size"][own]).sum())
        rolling = float(market.rolling_volumes(coin.coin_id, np.array([end_ms]))[0])
        assert traded == pytest.approx(rolling, rel=0.1)


def test_ticks_are_the_markets_prices_once_per_coin_and_batch(day_of_ticks):
    market, _, ticks = day_of_ticks
    assert ticks["batch"].size == 17_280 * len(market.coins)
    assert len(set(ticks["event_id"])) == ticks["event_id"].size
    assert (ticks["event_at"] // BATCH_MS == ticks["batch"]).all()
    assert (ticks["size"] > 0).all()
    for coin in market.coins:
        own = ticks["product_id"] == coin.product_id
        prices = ticks["price"][own]
        assert np.array_equal(prices, market.prices(coin.coin_id, ticks["event_at"][own]))
        change = 100.0 * (prices[1:] / prices[:-1] - 1.0)
        assert ticks["change_pct"][own][1:] == pytest.approx(change, abs=1e-9)
