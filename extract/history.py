"""Which history is missing: hours without an observation that no response has covered yet.

An hour that came back empty is not asked for again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import numpy as np

from extract.visit import Asked

HOUR = timedelta(hours=1)
LONGEST_HOURLY_DAYS = 90  # beyond, market_chart gives one point a day
EPOCH = datetime.fromtimestamp(0, UTC)

OBSERVED_HOURS = """
    select distinct id as coin_id, floor(extract(epoch from last_updated) / 3600) as hour_number
    from coingecko_markets
    where last_updated >= %s
    union
    select distinct coin_id, floor(extract(epoch from point_at) / 3600) as hour_number
    from coingecko_market_chart
    where point_at >= %s
"""

ASKED_HISTORY = """
    select path, params, fetched_at
    from landed_responses
    where endpoint = 'market_chart' and error_code is null and fetched_at >= %s
"""


def missing_days(
    store: Asked, coin_ids: Iterable[str], now: datetime, history_days: int
) -> dict[str, list[int]]:
    """For each coin with a gap, the `days` arguments to ask market_chart for.

    The window is the last `history_days` days of whole hours before `now`.
    """
    first = _hour_number(now - timedelta(days=history_days)) + 1
    end = _hour_number(now)
    if end <= first:
        return {}

    known: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(end - first, dtype=bool))
    since = EPOCH + first * HOUR
    for coin_id, hour_number in store.query(OBSERVED_HOURS, since, since):
        index = int(hour_number) - first
        if 0 <= index < end - first:
            known[coin_id][index] = True
    for path, params, fetched_at in store.query(ASKED_HISTORY, since):
        days = str(json.loads(params).get("days"))
        if not days.isdigit():  # a recording may have asked for `max`
            continue
        asked_from = _hour_number(fetched_at - timedelta(days=int(days))) + 1
        asked_to = _hour_number(fetched_at)
        if int(days) > LONGEST_HOURLY_DAYS:  # of the hours in reach it brings one point a day
            asked_to = _hour_number(fetched_at - timedelta(days=LONGEST_HOURLY_DAYS)) + 1
        coin_id = unquote(path.split("/")[2])
        known[coin_id][max(asked_from - first, 0) : max(asked_to - first, 0)] = True

    plan = {}
    for coin_id in coin_ids:
        gaps = np.flatnonzero(~known[coin_id])
        if gaps.size:
            plan[coin_id] = _calls(now, EPOCH + (first + int(gaps[0])) * HOUR, history_days)
    return plan


def _calls(now: datetime, first_gap: datetime, history_days: int) -> list[int]:
    """One call where it can be hourly; else a daily one for the far part and an hourly one."""
    days = min(-((first_gap - now) // timedelta(days=1)), history_days)
    if days <= LONGEST_HOURLY_DAYS:
        return [days]
    return [days, LONGEST_HOURLY_DAYS]


def _hour_number(moment: datetime) -> int:
    return (moment - EPOCH) // HOUR
