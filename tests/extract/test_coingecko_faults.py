"""CoinGecko's errors are told from its data, whatever the status says."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extract.landing import Landed
from extract.raw_tables import RAW_TABLES
from extract.reading import batches
from extract.response_body import Body
from extract.sources import stream
from extract.sources.coingecko import recognise_fault
from extract.sources.coingecko.calls import REFUSALS
from tests.extract.answers import markets
from tests.recordings import FOLDER, needs_recordings

STATUS_429 = '{"status": {"error_code": 429, "error_message": "You\'ve exceeded the Rate Limit."}}'
STATUS_10002 = '{"status": {"error_code": 10002, "error_message": "API Key Missing"}}'
NESTED_10012 = (
    '{"error": {"status": {"timestamp": "2026-01-01T00:00:00.000+00:00", "error_code": 10012,'
    ' "error_message": "exceeds the allowed time range"}}}'
)
SERVER_ERROR = '{"status": 500, "error": "Internal Server Error"}'
HTML = "<!DOCTYPE html>\n<html><body>Please stand by</body></html>"


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (404, '{"error": "coin not found"}', 404, "coin not found"),
        (422, '{"error": "Missing parameter vs_currency"}', 422, "Missing parameter vs_currency"),
        (429, STATUS_429, 429, "Rate Limit"),
        (401, STATUS_10002, 10002, "API Key Missing"),
        (401, NESTED_10012, 10012, "exceeds the allowed time range"),
        (500, SERVER_ERROR, 500, "Internal Server Error"),
        (503, HTML, 503, "not JSON"),
        (403, HTML, 403, "not JSON"),
        (429, HTML, 429, "not JSON"),
        (429, "Throttled", 429, "Throttled"),
        (403, "error code: 1015", 429, "error code: 1015"),
        (502, "", 502, "not JSON"),
        (301, "", 301, "not JSON"),
        (500, "[]", 500, "without a message"),
        (403, "{}", 403, "without a message"),
    ],
)
def test_each_form_of_error_has_its_code(status: int, body: str, code: int, message: str) -> None:
    fault = recognise_fault(status, Body(body))
    assert fault is not None
    assert fault.code == code
    assert message in fault.message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"error": "coin not found"}', 500),
        (STATUS_429, 429),
        (STATUS_10002, 10002),
        (NESTED_10012, 10012),
        (SERVER_ERROR, 500),
        (HTML, 502),
        ("Throttled", 429),
        ("error code: 1015", 429),
        ("", 502),
        ("null", 502),
        ("5", 502),
        ('"ok"', 502),
        ("[" * 100_000, 413),
    ],
)
def test_an_error_under_status_200_is_an_error(body: str, code: int) -> None:
    fault = recognise_fault(200, Body(body))
    assert fault is not None
    assert fault.code == code


@pytest.mark.parametrize("body", ["[]", '[{"id": "bitcoin"}]', '{"prices": []}', '{"status": {}}'])
def test_data_is_no_fault(body: str) -> None:
    assert recognise_fault(200, Body(body)) is None


def test_throttles_and_server_errors_pass_and_refusals_do_not() -> None:
    def is_passing(code: int) -> bool:
        fault = recognise_fault(code, Body("{}"))
        assert fault is not None
        return fault.is_passing

    assert all(is_passing(code) for code in (429, 500, 502, 503, 599))
    assert not any(is_passing(code) for code in (400, 401, 403, 404, 422, 301))
    assert not any(code == 429 or 500 <= code < 600 for code in REFUSALS)


@pytest.mark.parametrize("code", ["429", 429, 429.0, None, [], "many", 10**30, -1, 1e400])
def test_a_code_of_any_kind_is_a_number_that_raw_can_hold(code: object) -> None:
    body = json.dumps({"status": {"error_code": code, "error_message": "x"}})
    fault = recognise_fault(429, Body(body))
    assert fault is not None
    assert fault.code == 429


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "status", "error_code", "error_message", "batches", "batch"])
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(status=st.integers(200, 599), body=json_values.map(json.dumps) | st.text())
@example(status=200, body='{"error": "\\ud800"}')
@example(status=200, body='{"status": {"error_code": 1, "error_message": "\\ud800"}}')
def test_any_answer_is_judged_and_loaded_without_a_crash(status: int, body: str) -> None:
    for recognise in (recognise_fault, stream.recognise_fault):
        fault = recognise(status, Body(body))
        if fault is not None:
            assert fault.message.encode()
            assert len(fault.message) < 300
    response = markets(body, status=status)
    [batch] = batches([Landed(response, "live/2026-11-01/run.ndjson.gz", 9)])
    for table in RAW_TABLES:
        batch.table(table, 1).validate(full=True)
    [landed] = batch.table("landed_responses", 1).to_pylist()
    assert (landed["error_code"] is None) == (landed["error_message"] is None)
    assert landed["error_code"] is None or landed["received_rows"] == 0


def test_an_answer_of_another_shape_is_kept_as_an_error_of_its_own() -> None:
    response = markets('{"coins": []}')
    [batch] = batches([Landed(response, "live/2026-11-01/run.ndjson.gz", 9)])
    [landed] = batch.table("landed_responses", 1).to_pylist()
    assert (landed["error_code"], landed["received_rows"]) == (502, 0)
    assert landed["error_message"].startswith("unexpected shape")


@needs_recordings
@pytest.mark.parametrize(
    ("name", "status", "code", "message"),
    [
        ("error_403_stored_as_data_2023-03-30.json", 200, 403, "temporarily unavailable"),
        ("error_http500.json", 500, 500, "Internal Server Error"),
        ("error_missing_parameter_http422.json", 422, 422, "Missing parameter vs_currency"),
    ],
)
def test_recorded_errors_are_recognised(name: str, status: int, code: int, message: str) -> None:
    fault = recognise_fault(status, Body((FOLDER / "coingecko" / name).read_text()))
    assert fault is not None
    assert fault.code == code
    assert message in fault.message


@needs_recordings
@pytest.mark.parametrize(
    "name",
    [
        "markets_top100_2024-01.json",
        "market_chart_1d_2021.json",
        "market_chart_30d_2021.json",
        "market_chart_90d_2021.json",
        "market_chart_bitcoin_1d_2024-01.json",
    ],
)
def test_recorded_data_is_no_fault(name: str) -> None:
    assert recognise_fault(200, Body((FOLDER / "coingecko" / name).read_text())) is None
