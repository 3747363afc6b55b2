"""Every value depends on seed, coin and instant alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.simulated.market import BATCH_MS, Market
from extract.simulated.noise import hash_index, hash_one

FIRST_MS = 1_420_070_400_000  # 2015
LAST_MS = 4_102_444_800_000  # 2100
COIN_IDS = ["bitcoin", "pepe", "tether", "wrapped-bitcoin", "wrapped-steth", "matic-network"]

instants = st.integers(FIRST_MS, LAST_MS - 1)
# Instants that lie close together take another way through the code than scattered ones.
clusters = st.tuples(instants, st.integers(1, 3_600_000), st.integers(1, 2_500)).map(
    lambda c: np.minimum(c[0] + c[1] * np.arange(c[2], dtype=np.int64), LAST_MS)
)


def _values(market: Market, coin_id: str, at_ms: np.ndarray) -> np.ndarray:
    return np.stack(
        [
            market.prices(coin_id, at_ms),
            market.rolling_volumes(coin_id, at_ms),
            market.market_caps(coin_id, at_ms),
        ]
    )


@settings(max_examples=30)
@given(
    coin_id=st.sampled_from(COIN_IDS),
    cluster=clusters,
    scattered=st.lists(instants, max_size=50),
    order=st.randoms(use_true_random=False),
)
def test_any_subset_in_any_order_has_the_same_bits(coin_id, cluster, scattered, order):
    market = Market()
    at = np.concatenate([cluster, np.array(scattered, dtype=np.int64)])
    whole = _values(market, coin_id, at)
    picked = np.array(order.sample(range(at.size), order.randint(1, at.size)))
    assert np.array_equal(whole[:, picked], _values(Market(), coin_id, at[picked]))
    alone = picked[:1]
    assert np.array_equal(whole[:, alone], _values(market, coin_id, at[alone]))


def test_a_view_with_gaps_in_memory_has_the_same_bits(market):
    at = np.arange(FIRST_MS, FIRST_MS + 10_000_000, 777, dtype=np.int64)
    assert np.array_equal(market.prices("solana", at)[::3], market.prices("solana", at[::3]))


def test_no_instants_have_no_values(market):
    assert _values(market, "bitcoin", np.array([], dtype=np.int64)).shape == (3, 0)


def test_batches_read_one_by_one_equal_batches_read_together(market):
    first = 1_781_000_000_000 // BATCH_MS
    together = market.tick_batches(first, 5)
    singly = [market.ticks(first + n) for n in range(5)]
    for name, column in together.items():
        assert column.tolist() == np.concatenate([ticks[name] for ticks in singly]).tolist()


def test_another_seed_is_another_market(market):
    at = np.arange(FIRST_MS, LAST_MS, 86_400_000 * 30, dtype=np.int64)
    assert np.array_equal(Market(7).prices("bitcoin", at), market.prices("bitcoin", at))
    assert not np.isclose(Market(8).prices("bitcoin", at), market.prices("bitcoin", at)).any()


@pytest.mark.parametrize("key", [0, 1, 2**63, 2**64 - 1])
def test_the_two_hashes_agree(key):
    index = np.array([0, 1, -1, 2**40, -(2**40)])
    assert hash_index(key, index).tolist() == [hash_one(key, int(i)) for i in index]


def test_the_history_of_the_default_seed_is_this_one(market):
    """A change of these figures rewrites every simulated warehouse: make it on purpose."""
    at = np.array([1_700_000_000_000, 1_781_518_643_456])
    expected = {
        "bitcoin": [109089.22053531997, 92970.35341880517],
        "pepe": [8.945163401907502e-06, 3.5325416822970657e-06],
        "dai": [0.9993367715388725, 0.9423955236522569],
        "wrapped-steth": [3594.8453539887064, 3582.5112827958915],
    }
    for coin_id, prices in expected.items():
        assert market.prices(coin_id, at) == pytest.approx(prices, rel=1e-9)
    assert market.rolling_volumes("bitcoin", at) == pytest.approx(
        [42310818075.716125, 43057028622.617165], rel=1e-9
    )
