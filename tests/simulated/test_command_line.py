"""`python -m extract.simulated`."""

import pytest
import requests
from click.testing import CliRunner

from extract.simulated import __main__ as command
from extract.simulated.api import SimulatedApi


def test_it_serves_from_the_given_moment_while_it_waits(monkeypatch):
    seen = {}

    def look(api: SimulatedApi) -> None:
        with requests.Session() as session:
            session.trust_env = False
            url = f"{api.base_url}/global"
            seen["at"] = session.get(url, timeout=10).json()["data"]["updated_at"]

    monkeypatch.setattr(command, "_wait", look)
    result = CliRunner().invoke(command.main, ["--port", "0", "--as-of", "2026-03-01T12:00:30"])
    assert result.exit_code == 0
    assert seen["at"] == 1_772_366_400
    assert "/api/v3/coins/markets?vs_currency=usd" in result.output
    assert "2026-03-01 12:00:30 UTC" in result.output


def test_a_taken_port_is_reported_without_a_traceback(api):
    port = api.base_url.split(":")[2].split("/")[0]
    result = CliRunner().invoke(command.main, ["--port", port])
    assert result.exit_code == 1
    assert f"cannot listen on port {port}" in result.output


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01"])
def test_a_moment_that_is_none_is_refused(text):
    result = CliRunner().invoke(command.main, ["--as-of", text])
    assert result.exit_code == 2
    assert "no ISO 8601 time" in result.output
