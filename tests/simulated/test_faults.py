"""Every kind of fault over real HTTP."""

import threading

import pytest
import requests

from extract.simulated.api import SimulatedApi
from extract.simulated.faults import MALFORMED_POINTS, MALFORMED_ROWS, Fault, Faults


def _spoilt_ping(api, client, fault: Fault) -> requests.Response:
    api.faults.add(fault)
    answer = client.get("/ping")
    assert client.get("/ping").json() == {"gecko_says": "(V3) To the Moon!"}
    return answer


def test_429_says_when_to_come_back(api, client):
    answer = _spoilt_ping(api, client, Fault("429", retry_after=119))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "119"
    assert answer.json()["status"]["error_code"] == 429


def test_429_without_retry_after(api, client):
    answer = _spoilt_ping(api, client, Fault("429_without_retry_after"))
    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers


def test_500(api, client):
    answer = _spoilt_ping(api, client, Fault("500"))
    assert answer.status_code == 500
    assert answer.json() == {"status": 500, "error": "Internal Server Error"}


def test_slow_answers_arrive_late_but_whole(api, client):
    answer = _spoilt_ping(api, client, Fault("slow", delay=0.05))
    assert answer.elapsed.total_seconds() >= 0.05
    assert answer.json() == {"gecko_says": "(V3) To the Moon!"}


def test_slow_answers_outlast_a_timeout(api, client):
    api.faults.add(Fault("slow", delay=0.3))
    with pytest.raises(requests.ReadTimeout):
        client.get("/ping", timeout=0.05)


def test_cut_off_answers_break_the_connection(api, client):
    api.faults.add(Fault("cut_off"))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get("/coins/markets", vs_currency="usd")
    assert len(client.markets()) == 30


@pytest.mark.parametrize("status", [200, 503])
def test_html(api, client, status):
    answer = _spoilt_ping(api, client, Fault("html", status=status))
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_error_under_status_200(api, client):
    answer = _spoilt_ping(api, client, Fault("error_body_200"))
    assert answer.status_code == 200
    assert answer.json()["status"]["error_code"] == 429


def test_unauthorized(api, client):
    answer = _spoilt_ping(api, client, Fault("unauthorized"))
    assert answer.status_code == 401
    assert answer.json()["error"]["status"]["error_code"] == 10012


def _assert_malformed(rows, good, id_field, time_field, price_field, now_ms):
    bad = rows[good:]
    assert len(bad) == len(MALFORMED_ROWS)
    assert id_field not in bad[0]
    assert time_field not in bad[1]
    assert bad[2][price_field] is None
    assert bad[3][price_field] < 0
    assert isinstance(bad[4][price_field], str)
    future = bad[5][time_field]
    if isinstance(future, str):
        assert future.startswith("2026-06-15T11:17:23.456")
    else:
        assert future == now_ms + 3_600_000
    assert not isinstance(bad[6], dict)


def test_malformed_rows_in_markets(api, client, clock):
    good = client.markets()
    api.faults.add(Fault("malformed_rows"))
    rows = client.markets()
    assert rows[:30] == good
    _assert_malformed(rows, 30, "id", "last_updated", "current_price", clock.ms)


def test_malformed_rows_in_the_stream(api, client, clock):
    api.faults.add(Fault("malformed_rows"))
    batches = client.json("/batches", limit=3)["batches"]
    assert [len(batch["ticks"]) for batch in batches[:-1]] == [30, 30]
    ticks = batches[-1]["ticks"]
    _assert_malformed(ticks, 30, "product_id", "event_at", "price", clock.ms)


def test_malformed_points_in_a_chart(api, client, clock):
    good = client.chart("bitcoin", days=2)
    api.faults.add(Fault("malformed_rows"))
    chart = client.chart("bitcoin", days=2)
    assert chart["total_volumes"] == good["total_volumes"]
    bad = chart["prices"][len(good["prices"]) :]
    assert len(bad) == len(MALFORMED_POINTS)
    assert bad[0][0] is None
    assert bad[1][1] is None
    assert bad[2][1] < 0
    assert isinstance(bad[3][1], str)
    assert bad[4][0] == clock.ms + 3_600_000
    assert not isinstance(bad[5], list)


def test_an_answer_without_observations_cannot_be_malformed(api, client):
    api.faults.add(Fault("malformed_rows"))
    assert client.json("/ping") == {"gecko_says": "(V3) To the Moon!"}


def test_a_fault_waits_for_its_path_its_turn_and_ends(api, client):
    api.faults.add(Fault("500", path="ids=dai", skip=1, times=2))
    assert api.faults.pending == 2
    assert client.get("/ping").status_code == 200
    statuses = [
        client.get("/coins/markets", vs_currency="usd", ids="dai").status_code for _ in range(4)
    ]
    assert statuses == [200, 500, 500, 200]
    assert api.faults.pending == 0
    assert len(api.requests) == 5


def test_the_earliest_fault_wins():
    faults = Faults()
    faults.add(Fault("500", path="/a"))
    faults.add(Fault("429"))
    taken = [faults.take(path) for path in ("/b", "/a", "/a")]
    assert [fault and fault.kind for fault in taken] == ["429", "500", None]


def test_faults_are_handed_out_once_to_many_threads():
    faults = Faults()
    faults.add(Fault("500", times=50))
    taken = []

    def take() -> None:
        taken.extend(faults.take("/x") for _ in range(100))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fault is not None for fault in taken) == 50


def test_the_server_stops_while_an_answer_is_slow(market, clock):
    with SimulatedApi(market, clock) as api, requests.Session() as session:
        session.trust_env = False
        api.faults.add(Fault("slow", delay=60))
        with pytest.raises(requests.ReadTimeout):
            session.get(f"{api.base_url}/ping", timeout=0.05)
