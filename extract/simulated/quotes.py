"""When a coin was last quoted: the `last_updated` that the API shows at a given moment."""

from extract.simulated.market import Market
from extract.simulated.noise import hash_one, stream_key

MINUTE_MS = 60_000
_VISIBLE_AFTER_MS = 3_000
_SPREAD_MS = 30_000


class QuoteTimes:
    """One quote per coin and minute, at a hashed second, shown 3 seconds after it was made.

    One minute in ten has no quote. In one of a hundred minutes the response comes from a cache that
    is 3 to 14 minutes behind, so `last_updated` then goes back between two polls, as it does in
    the real API. Quotes are 3 seconds to about 2.5 minutes old otherwise. None is made in an hour
    without data.
    """

    def __init__(self, market: Market):
        self._events = market.events
        self._keys = {
            coin.coin_id: stream_key(market.seed, coin.coin_id, "quote") for coin in market.coins
        }
        self._cache_keys = {
            coin.coin_id: stream_key(market.seed, coin.coin_id, "cache") for coin in market.coins
        }

    def latest(self, coin_id: str, now_ms: int) -> int:
        """Epoch milliseconds of the quote that is shown at `now_ms`."""
        cutoff = now_ms - _VISIBLE_AFTER_MS
        cache = hash_one(self._cache_keys[coin_id], now_ms // MINUTE_MS)
        if cache % 100 == 0:
            cutoff -= (3 + (cache >> 32) % 12) * MINUTE_MS
        outage = self._events.outage_near(cutoff)
        if outage.start_ms <= cutoff < outage.end_ms:
            cutoff = outage.start_ms - 1
        key = self._keys[coin_id]
        minute = cutoff // MINUTE_MS
        while True:
            made = hash_one(key, minute)
            at_ms = minute * MINUTE_MS + (made >> 32) % _SPREAD_MS
            if at_ms <= cutoff and made % 10 and not outage.start_ms <= at_ms < outage.end_ms:
                return at_ms
            minute -= 1
