"""The command against servers and recordings that mean ill: an exit code and a few words."""

from __future__ import annotations

import gzip
import json
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.exit_codes import ExitCode
from tests.extract.answers import all_landed
from tests.extract.hostile_server import Script, scripted, whole
from tests.extract.test_http_limits import bomb, endless_chunks
from tests.extract.test_http_tls import write_certificate
from tests.extract.test_http_waits import full_backlog
from tests.faults.whole_commands import run_command

RECORDED_AT = "2024-03-01T00:08:51Z"
OUTSIDE = ("COINGECKO_", "CRYPTO_", "HTTP_", "HTTPS_", "ALL_", "NO_", "REQUESTS_", "CURL_")


def command(*arguments: str | bytes | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {name: text for name, text in os.environ.items() if not name.upper().startswith(OUTSIDE)}
    return run_command("refresh", arguments, bare | environment)


def said(outcome: subprocess.CompletedProcess[str]) -> str:
    """Both streams on one line; a traceback fails."""
    assert "Traceback" not in outcome.stderr + outcome.stdout
    return " ".join((outcome.stdout + outcome.stderr).split())


@pytest.fixture
def live_from(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A refresh on CoinGecko, for which a server on this machine answers."""
    authority = write_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority)

    def refresh(script: Script, *arguments: str) -> subprocess.CompletedProcess[str]:
        with scripted(script, tls) as server:
            return command(
                "--source",
                "live",
                "--data-dir",
                tmp_path / "data",
                *arguments,
                HTTPS_PROXY=server.url,
                CRYPTO_CA_BUNDLE=str(authority),
                COINGECKO_CALLS_PER_MINUTE="600",
            )

    return refresh


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            lambda asked: iter([whole(b"{}", 429, Retry_After="86400")]),
            "429 an error without a message; it asks to wait 86,400 s, "
            "and a visit waits 600 s in all.",
        ),
        (endless_chunks, "413 the response was refused: more than 16 MB."),
        (bomb("gzip"), "413 the response was refused: more than 16 MB."),
    ],
    ids=["a wait of a day", "endless", "bomb"],
)
def test_a_source_without_end_ends_with_3_and_keeps_what_arrived(
    live_from, tmp_path, script, words
) -> None:
    outcome = live_from(script)
    assert outcome.returncode == ExitCode.SOURCE
    assert f"failed: coingecko /coins/markets: {words} What had arrived is kept" in said(outcome)
    assert len(all_landed(tmp_path / "data" / "landing")) == 1
    budget = json.loads((tmp_path / "data" / "call_budget.json").read_text())
    assert list(budget.values()) == [1]


@pytest.mark.parametrize("kind", ["name", "dropped"])
def test_no_network_at_all_ends_with_3_soon(tmp_path: Path, kind: str, record_property) -> None:
    with full_backlog() as port:
        proxy = "nowhere.invalid:1" if kind == "name" else f"127.0.0.1:{port}"
        began = time.monotonic()
        outcome = command("--source", "live", "--data-dir", tmp_path, HTTPS_PROXY=f"http://{proxy}")
    assert outcome.returncode == ExitCode.SOURCE
    assert "failed: coingecko cannot be reached in" in said(outcome)
    # On a quiet machine seven seconds, of which three are Python's imports.
    seconds = time.monotonic() - began
    record_property("longest until no network was told, in seconds", round(seconds, 1))
    assert seconds < 30
    assert json.loads((tmp_path / "call_budget.json").read_text()).popitem()[1] == 0


def test_an_id_that_stands_in_no_url_costs_itself_alone(live_from, tmp_path) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    odd, good = (
        {"id": coin_id, "symbol": symbol, "name": "[/red]", "current_price": 2.0,
         "market_cap": 3.0, "total_volume": 4e6, "market_cap_rank": 1, "last_updated": now}
        for coin_id, symbol in (("\ud83d", "\ud83d"), ("bitcoin", "[/red]"))
    )  # fmt: skip
    chart = b'{"prices": [], "market_caps": [], "total_volumes": []}'

    def script(asked: str) -> Iterator[bytes]:
        yield whole(json.dumps([odd, good]).encode() if "/coins/markets" in asked else chart)

    outcome = live_from(script, "--coins", "2", "--history-days", "1")
    assert outcome.returncode == ExitCode.DONE, said(outcome)
    said(outcome)
    assert (tmp_path / "data" / "published" / "current").exists()


def test_a_coin_that_no_url_can_hold_is_a_slip_of_the_hand(tmp_path: Path) -> None:
    outcome = command("--coins", b"bitcoin,\xff", "--data-dir", tmp_path / "data")
    assert outcome.returncode == ExitCode.USAGE
    assert r"'\udcff' is not a coin id" in said(outcome)


def line(body: object, recorded_at: str = RECORDED_AT) -> bytes:
    return json.dumps({"recorded_at": recorded_at, "body": body}).encode() + b"\n"


RECORDINGS = {
    "nested": (
        b"deep.ndjson",
        line([]) + line("X").replace(b'"X"', b"[" * 5_000 + b"]" * 5_000),
        "deep.ndjson, line 2: not a recorded response "
        "(OversizeError: nested deeper than 64 levels)",
    ),
    "in 2099": (
        b"late.ndjson",
        line([]) + line([], "2099-01-01T00:00:00Z"),
        "late.ndjson, line 2: not a recorded response (ValueError: recorded_at is "
        "'2099-01-01T00:00:00Z', which is in the future)",
    ),
    "empty": (b"empty.ndjson", b"", "empty.ndjson holds no recorded response"),
    "a line without end": (
        b"endless.ndjson.gz",
        gzip.compress(b"[" * (70 << 20), 1),
        "endless.ndjson.gz, line 1: not a recorded response (ValueError: longer than 64 MB)",
    ),
    "an odd name": (
        b"[red]\xff.ndjson.gz",
        b"",
        r"[red]\udcff.ndjson.gz holds no recorded response",
    ),
}


@pytest.mark.parametrize(("name", "data", "words"), RECORDINGS.values(), ids=RECORDINGS)
def test_a_recording_that_cannot_be_taken_whole_ends_with_2(
    tmp_path: Path, name: bytes, data: bytes, words: str
) -> None:
    recording = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(recording)).write_bytes(data)
    folder = tmp_path / "data"
    outcome = command("--source", "replay", "--recordings", recording, "--data-dir", folder)
    assert outcome.returncode == ExitCode.USAGE
    told = said(outcome).replace(" ", "")
    assert f"{words}; nothing was loaded".replace(" ", "") in told
    assert not (folder / "landing").exists()
