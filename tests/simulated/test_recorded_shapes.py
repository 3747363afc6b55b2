"""The answers have the fields and types of recorded answers of the real API."""

from collections import defaultdict

from extract.simulated.faults import Fault


def _types(rows: list[dict]) -> dict[str, set[type]]:
    found: dict[str, set[type]] = defaultdict(set)
    for row in rows:
        for field, value in row.items():
            found[field].add(type(value))
    return found


def test_markets(client, clock, recording):
    recorded = _types(recording("markets_top100_2024-01.json"))
    ours = _types(client.markets())
    assert list(ours) == list(recorded)
    for field, types in ours.items():
        # Whole or not is a matter of the figures of the day.
        widened = recorded[field] | ({int} if float in recorded[field] else set())
        assert types <= widened | ({float} if int in recorded[field] else set()), field
    times = client.markets(ids="ethereum")[0]["last_updated"]
    assert len(times) == len(recording("markets_top100_2024-01.json")[0]["last_updated"])


def test_market_chart(client, recording):
    for days, name in (
        (1, "market_chart_bitcoin_1d_2024-01.json"),
        (30, "market_chart_30d_2021.json"),
    ):
        recorded, ours = recording(name), client.chart("bitcoin", days=days)
        assert list(ours) == list(recorded)
        assert abs(len(ours["prices"]) - len(recorded["prices"])) <= 3
        for points in ours.values():
            assert {tuple(map(type, point)) for point in points} == {(int, float)}


def test_global(client, recording):
    recorded, ours = recording("global_2024-01.json"), client.json("/global")
    assert list(ours) == list(recorded)
    assert set(ours["data"]) == set(recorded["data"])
    for field in ("total_market_cap", "total_volume"):
        assert set(ours["data"][field]) == set(recorded["data"][field])
    assert len(ours["data"]["market_cap_percentage"]) == len(
        recorded["data"]["market_cap_percentage"]
    )


def test_error_bodies(api, client, recording):
    answer = client.get("/coins/markets")
    assert answer.json() == recording("error_missing_parameter_http422.json")
    api.faults.add(Fault("500"))
    assert client.get("/ping").json() == recording("error_http500.json")
    api.faults.add(Fault("429"))
    recorded = recording("error_403_stored_as_data_2023-03-30.json")
    assert client.get("/ping").json()["status"].keys() == recorded["status"].keys()
