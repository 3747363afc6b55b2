"""A recording that cannot be taken whole is named, with its line, and nothing of it is landed."""

from __future__ import annotations

import gzip
import json

import pytest

from extract.bounded_json import MOST_VALUES
from extract.replay import RecordingError, read_recording
from tests.extract.answers import NOW, RECORDED_AT, line, quote, replayed

BAD_LINES = {
    "no JSON": "{",
    "no object": "5",
    "a text": '"fetched_at"',
    "an array": "[]",
    "not UTF-8": b"\xff\xfe\xfa",
    "no body": json.dumps({"recorded_at": RECORDED_AT}),
    "no time": json.dumps({"body": []}),
    "time without a zone": line(recorded_at="2026-10-31T00:08:51"),
    "time that is none": line(recorded_at="yesterday"),
    "unknown endpoint": line(path="/coins/bitcoin/ohlc"),
    "path that is none": line(path=5),
    "params that are none": line(params="days=1"),
    "status that is none": line(status="200"),
    "status out of range": line(status=2**70),
    "a path that no file can hold": line(path="/coins/\ud800/market_chart"),
    "a path that no table can hold": line(path="/coins/\x00/market_chart"),
    "in the future": line(recorded_at="2026-11-01T12:10:01Z"),
    "in 2099": line(recorded_at="2099-01-01T00:00:00Z"),
    "at the end of time": line(recorded_at="9999-12-31T23:59:59.999999-23:59"),
    "before Bitcoin": line(recorded_at="2009-01-02T23:59:59Z"),
    "seconds for milliseconds": line(recorded_at=1_730_000_000),
    "a time without end": line(recorded_at=float("inf")),
    "5,000 arrays": line().replace('"body": [', '"body": ' + "[" * 5_000),
    "5,000 levels": line().replace("[{", "[" * 5_000 + "{").replace("}]", "}" + "]" * 5_000),
    "5,000 levels in a text": line("[" * 5_000 + "]" * 5_000),
    "5,000 levels of objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "65 levels": line().replace("[{", "[" * 63 + "{").replace("}]", "}" + "]" * 63),
    "too many values": line([0] * MOST_VALUES),
    "two times": line().replace("{", '{"recorded_at": "2026-10-30T00:00:00Z", ', 1),
    "a mark of another encoding": line().encode("utf-16"),
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
@pytest.mark.parametrize("name", ["b.ndjson", "b.ndjson.gz"])
def test_a_bad_line_is_named_and_nothing_is_landed(recordings, landing_dir, bad, name) -> None:
    (recordings / "a.ndjson").write_text(line())
    data = bad if isinstance(bad, bytes) else bad.strip().encode()
    data = line([quote("x")]).encode() + b"\n" + data + b"\n" + line().encode()
    (recordings / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(RecordingError, match=f"{name}, line 3: not a recorded response") as error:
        replayed(recordings, landing_dir)
    assert "nothing was loaded" in str(error.value)
    assert not landing_dir.exists()


def test_a_number_without_end_costs_its_row_and_not_the_recording(
    recordings, settings, store
) -> None:
    endless = line([quote("x"), quote("y")], recorded_at=NOW.isoformat()).replace(
        "62000", "1" * 5_000, 1
    )
    assert "1" * 5_000 in endless
    (recordings / "a.ndjson").write_text(endless)
    replayed(recordings, settings.landing_dir)
    list(store.load(store.pending()))
    assert store.query("select id from coingecko_markets") == [("y",)]
    assert store.query("select reason from rejected_rows") == [
        ("price not a positive finite number",)
    ]


BAD_ARCHIVED = {
    "no zone": {"fetched_at": "2026-10-31T00:08:51"},
    "no time": {"fetched_at": "yesterday"},
    "unknown system": {"system": "binance"},
    "body that is no text": {"body": []},
    "unknown field": {"surprise": 1},
    "half a surrogate pair": {"body": "\ud800"},
    "in the future": {"fetched_at": "2026-11-01T12:10:01+00:00"},
    "at the end of time": {"fetched_at": "9999-12-31T23:59:59.999999-23:59"},
    "before Bitcoin": {"fetched_at": "1970-01-01T00:00:00+00:00"},
    "nested": {"params": json.loads("[" * 70 + "]" * 70)},
}


@pytest.mark.parametrize("changes", BAD_ARCHIVED.values(), ids=BAD_ARCHIVED)
def test_a_bad_line_of_an_archive_is_named_too(recordings, landing_dir, changes) -> None:
    record = {
        "system": "coingecko",
        "endpoint": "markets",
        "path": "/coins/markets",
        "params": {},
        "status": 200,
        "fetched_at": RECORDED_AT,
        "body": "[]",
    }
    good, bad = json.dumps(record), json.dumps(record | changes)
    (recordings / "a.ndjson").write_text(f"{good}\n{bad}\n")
    with pytest.raises(RecordingError, match=r"a\.ndjson, line 2: not a recorded response"):
        replayed(recordings, landing_dir)
    assert not landing_dir.exists()


@pytest.mark.parametrize("name", ["endless.ndjson", "endless.ndjson.gz"])
def test_a_line_without_end_is_read_up_to_a_limit(
    recordings, landing_dir, monkeypatch, name
) -> None:
    monkeypatch.setattr("extract.replay.LINE_BYTES", 1 << 20)
    data = line().encode() + b"[" * (4 << 20)
    (recordings / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(RecordingError, match=f"{name}, line 2: .*longer than 1 MB") as error:
        replayed(recordings, landing_dir)
    assert len(str(error.value)) < 300
    assert not landing_dir.exists()


def test_what_is_wrong_is_said_in_a_line_however_long_it_is(recordings, landing_dir) -> None:
    (recordings / "a.ndjson").write_text(line(recorded_at="\x1b[31m\n" * 100_000))
    with pytest.raises(RecordingError) as error:
        replayed(recordings, landing_dir)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("spoil", ["header", "middle"])
def test_a_gzip_that_is_damaged_is_named_and_nothing_is_landed(
    recordings, landing_dir, spoil
) -> None:
    data = bytearray(gzip.compress((line() * 50).encode()))
    at = 0 if spoil == "header" else len(data) // 2
    data[at : at + 8] = bytes(byte ^ 0xFF for byte in data[at : at + 8])
    (recordings / "a.ndjson.gz").write_bytes(data)
    with pytest.raises(RecordingError, match=r"a\.ndjson\.gz, line"):
        replayed(recordings, landing_dir)
    assert not landing_dir.exists()


@pytest.mark.parametrize("name", ["missing.ndjson", "empty folder"])
def test_where_there_is_no_recording_that_is_said(tmp_path, landing_dir, name) -> None:
    (tmp_path / "empty folder").mkdir()
    (tmp_path / "empty folder" / "notes.txt").touch()
    with pytest.raises(RecordingError, match=f"{name} is no recording"):
        replayed(tmp_path / name, landing_dir)
    assert not landing_dir.exists()


@pytest.mark.parametrize("data", [b"", b"\n \r\n"])
def test_recordings_without_an_answer_are_refused_together(recordings, landing_dir, data) -> None:
    (recordings / "a.ndjson").write_bytes(data)
    (recordings / "b.ndjson.gz").write_bytes(gzip.compress(data))
    (recordings / "c.ndjson.gz").touch()
    with pytest.raises(RecordingError, match="recordings holds no recorded response; nothing was"):
        replayed(recordings, landing_dir)
    assert not landing_dir.exists()
    (recordings / "d.ndjson").write_text(line())
    assert replayed(recordings, landing_dir) == (1, 0)


def test_a_recording_that_is_cut_off_is_refused(tmp_path) -> None:
    whole = gzip.compress(b"".join(json.dumps(page(n)).encode() + b"\n" for n in range(200)))
    cut = tmp_path / "cut.ndjson.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match=r"cut\.ndjson\.gz is cut off behind line \d+"):
        list(read_recording(cut, NOW))


def page(number: int) -> dict:
    body = [{"id": f"coin-{number}-{row}"} for row in range(number % 7)]
    return {"recorded_at": f"2024-01-01T00:{number % 60:02}:00Z", "body": body}
