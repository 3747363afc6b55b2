"""History over real HTTP: `GET /coins/{id}/market_chart`."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from extract.simulated.charts import market_chart
from extract.simulated.events import DAY_MS, HOUR_MS


def test_more_than_a_year_back_is_not_to_be_had(client):
    answer = client.get("/coins/bitcoin/market_chart", vs_currency="usd", days=366)
    assert answer.status_code == 401
    assert answer.json()["error"]["status"]["error_code"] == 10012


@pytest.mark.parametrize(
    ("days", "step", "jitter", "count"),
    [("1", 300_000, 20_000, 289), ("2", HOUR_MS, 20_000, 49), ("365", DAY_MS, 1, 366)],
)
def test_granularity_of_a_chart(client, clock, days, step, jitter, count):
    chart = client.chart("ethereum", days=days)
    times = [point[0] for point in chart["prices"]]
    assert abs(len(times) - count) <= 1
    assert all(at % step < jitter for at in times[:-1])
    assert {b // step - a // step for a, b in pairwise(times[:-1])} == {1}
    assert times[-1] == clock.ms // 1000 * 1000
    assert times[-1] % step > jitter
    assert clock.ms - int(days) * DAY_MS <= times[0] < clock.ms - int(days) * DAY_MS + 2 * step
    assert [point[0] for point in chart["market_caps"]] == times
    assert [point[0] for point in chart["total_volumes"]] == times


def test_a_chart_is_the_market_at_its_points(client, market):
    chart = client.chart("near", days="90")
    values: dict[str, Callable] = {
        "prices": market.prices,
        "market_caps": market.market_caps,
        "total_volumes": market.rolling_volumes,
    }
    for name, of in values.items():
        at, found = zip(*chart[name], strict=True)
        assert np.array_equal(of("near", np.array(at)), np.array(found))


def test_days_max_and_the_daily_interval(client):
    assert client.chart("dai", days="max") == client.chart("dai", days=365)
    daily = client.chart("dai", days=7, interval="daily")["prices"]
    assert [at % DAY_MS for at, _ in daily[:-1]] == [0] * 7


@pytest.mark.parametrize("days", [1, 30, 180])
def test_a_later_chart_has_the_same_past(client, clock, days):
    early = client.chart("pepe", days=days)
    clock.advance(hours=7, minutes=31)
    late = client.chart("pepe", days=days)
    for name, points in early.items():
        past = dict(points[:-1])
        overlap = {at: value for at, value in late[name][:-1] if at <= max(past)}
        assert len(overlap) >= len(past) * 0.6
        assert overlap.items() <= past.items()
        assert [at for at in past if at >= min(overlap)] == list(overlap)


def test_the_daily_point_appears_35_minutes_after_midnight(client, clock):
    midnight = clock.ms // DAY_MS * DAY_MS
    clock.ms = midnight + 34 * 60_000
    assert client.chart("bitcoin", days=120)["prices"][-2][0] == midnight - DAY_MS
    clock.ms = midnight + 36 * 60_000
    assert client.chart("bitcoin", days=120)["prices"][-2][0] == midnight


def test_a_chart_within_its_first_minutes_has_only_the_present(market):
    just_after_midnight = int(datetime(2026, 6, 15, 0, 10, tzinfo=UTC).timestamp() * 1000)
    assert len(market_chart(market, "dai", just_after_midnight, 1, "daily")["prices"]) == 1
