"""Recordings are landed whole or not at all, and each answer once."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from extract.landing import Archive, new_run_id
from extract.replay import RecordingError, read_recording, recording_files, replay
from tests.extract.answers import (
    NOW,
    EmptyRaw,
    all_landed,
    batches,
    chart,
    land,
    market_chart,
    markets,
    quote,
)

RECORDED_AT = "2026-10-31T00:08:51+00:00"


def line(body: Any = None, **fields: Any) -> str:
    body = [quote()] if body is None else body
    return json.dumps({"recorded_at": RECORDED_AT, "body": body} | fields) + "\n"


def replayed(recordings: Path, landing_dir: Path, store: Any = None) -> tuple[int, int]:
    with Archive(landing_dir, "replay", new_run_id(NOW)) as archive:
        return replay(recordings, archive, store or EmptyRaw())


@pytest.fixture
def landing_dir(settings) -> Path:
    return settings.landing_dir


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["pages.ndjson", "pages.ndjson.gz"])
def test_a_recording_plain_or_gzipped_is_landed_line_by_line(recordings, landing_dir, name) -> None:
    text = line([quote("a")]) + "\n" + line([quote("b")], recorded_at="2026-10-31T05:30:00+05:30")
    data = text.encode()
    (recordings / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    assert replayed(recordings / name, landing_dir) == (2, 0)
    first, second = all_landed(landing_dir)
    assert json.loads(first.body) == [quote("a")]
    assert first.fetched_at == datetime(2026, 10, 31, 0, 8, 51, tzinfo=UTC)
    assert second.fetched_at == datetime(2026, 10, 31, tzinfo=UTC)
    assert (first.system, first.endpoint, first.path) == ("coingecko", "markets", "/coins/markets")
    assert (first.status, first.params) == (200, {})


def test_other_endpoints_name_themselves(recordings, landing_dir) -> None:
    points = chart((NOW, 1.0))
    (recordings / "charts.ndjson").write_text(
        line(points, path="/coins/dai/market_chart", params={"days": "max"}, status=200)
        + line({"error": "coin not found"}, path="/coins/x/market_chart", status=404)
        + line(json.dumps(points), path="/coins/dai/market_chart")
        + line(json.loads(batches(1, 1).body), path="/batches")
    )
    assert replayed(recordings, landing_dir) == (4, 0)
    first, second, third, fourth = all_landed(landing_dir)
    assert (first.endpoint, first.params) == ("market_chart", {"days": "max"})
    assert second.status == 404
    assert third.body == json.dumps(points)
    assert (fourth.system, fourth.endpoint) == ("stream", "batches")


def test_a_folder_is_read_with_all_below_it_in_the_order_of_the_names(
    recordings, landing_dir
) -> None:
    (recordings / "below").mkdir()
    (recordings / "below" / "1.ndjson").write_text(line([quote("first")]))
    (recordings / "2.ndjson.gz").write_bytes(gzip.compress(line([quote("second")]).encode()))
    (recordings / "3.ndjson").write_text(line([quote("third")]))
    (recordings / "README.md").write_text("no recording")
    assert replayed(recordings, landing_dir) == (3, 0)
    ids = [json.loads(answer.body)[0]["id"] for answer in all_landed(landing_dir)]
    assert ids == ["first", "second", "third"]


def test_an_archive_of_landing_is_a_recording(tmp_path, landing_dir) -> None:
    answers = [
        markets([quote()]),
        market_chart("bitcoin", chart((NOW, 1.0))),
        batches(1, 1),
        markets("Throttled", status=429),
    ]
    land(tmp_path / "other", *answers, kind="live")
    assert replayed(tmp_path / "other", landing_dir) == (4, 0)
    assert all_landed(landing_dir) == answers


def test_the_torn_tail_of_an_archive_is_passed_over(tmp_path, landing_dir) -> None:
    first, second = land(tmp_path / "other", markets("[1]"), markets("[2]"))
    path = tmp_path / "other" / first.archive
    middle = (first.end_offset + second.end_offset) // 2
    for end in (first.end_offset + 2, first.end_offset + 12, middle):
        whole = path.read_bytes()
        path.write_bytes(whole[:end])
        folder = landing_dir / str(end)
        assert replayed(path, folder) == (1, 0)
        assert all_landed(folder) == [first.response]
        path.write_bytes(whole)


def test_an_answer_that_is_recorded_twice_is_landed_once(recordings, landing_dir) -> None:
    (recordings / "a.ndjson").write_text(line() + line([quote("other")]))
    (recordings / "b.ndjson").write_text(line())
    assert replayed(recordings, landing_dir) == (2, 1)


def test_the_same_body_of_another_moment_is_another_answer(recordings, landing_dir) -> None:
    (recordings / "a.ndjson").write_text(line() + line(recorded_at="2026-10-31T00:08:52Z"))
    assert replayed(recordings, landing_dir) == (2, 0)


def test_what_raw_knows_is_not_landed_a_second_time(recordings, landing_dir, store) -> None:
    (recordings / "a.ndjson").write_text(line() + line([quote("other")]))
    assert replayed(recordings, landing_dir, store) == (2, 0)
    list(store.load(store.pending()))
    (recordings / "b.ndjson").write_text(line([quote("third")]))
    assert replayed(recordings, landing_dir, store) == (1, 2)
    list(store.load(store.pending()))
    archives_before = len(all_landed(landing_dir))
    assert replayed(recordings, landing_dir, store) == (0, 3)
    assert len(all_landed(landing_dir)) == archives_before
    assert store.query("select count(*) from landed_responses") == [(3,)]


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
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
@pytest.mark.parametrize("name", ["b.ndjson", "b.ndjson.gz"])
def test_a_bad_line_is_named_and_nothing_is_landed(recordings, landing_dir, bad, name) -> None:
    (recordings / "a.ndjson").write_text(line())
    data = bad if isinstance(bad, bytes) else bad.strip().encode()
    data = line([quote("x")]).encode() + b"\n" + data + b"\n" + line().encode()
    (recordings / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(RecordingError, match=f"{name}, line 3: not a recorded answer") as error:
        replayed(recordings, landing_dir)
    assert "nothing was loaded" in str(error.value)
    assert not landing_dir.exists()


BAD_ARCHIVED = {
    "no zone": {"fetched_at": "2026-10-31T00:08:51"},
    "no time": {"fetched_at": "yesterday"},
    "unknown system": {"system": "binance"},
    "body that is no text": {"body": []},
    "unknown field": {"surprise": 1},
    "half a surrogate pair": {"body": "\ud800"},
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
    with pytest.raises(RecordingError, match=r"a\.ndjson, line 2: not a recorded answer"):
        replayed(recordings, landing_dir)
    assert not landing_dir.exists()


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


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_an_empty_recording_has_no_answers(recordings, landing_dir, data) -> None:
    (recordings / "a.ndjson").write_bytes(data)
    (recordings / "b.ndjson.gz").write_bytes(gzip.compress(data))
    assert replayed(recordings, landing_dir) == (0, 0)
    assert not landing_dir.exists()


def test_half_a_surrogate_pair_in_a_recorded_body_is_kept_as_its_escape(
    recordings, landing_dir
) -> None:
    (recordings / "a.ndjson").write_text(line([quote(name="\ud83d")]))
    (recordings / "b.ndjson").write_text(line(json.dumps([quote(name="\ud83d", symbol="b")])))
    assert replayed(recordings, landing_dir) == (2, 0)
    assert [json.loads(a.body)[0]["name"] for a in all_landed(landing_dir)] == ["\ud83d"] * 2


def test_files_are_listed_by_name(recordings) -> None:
    for name in ("b.ndjson", "a.ndjson.gz", "c.txt"):
        (recordings / name).touch()
    assert [path.name for path in recording_files(recordings)] == ["a.ndjson.gz", "b.ndjson"]
    assert recording_files(recordings / "b.ndjson") == [recordings / "b.ndjson"]


def test_a_recording_that_is_cut_off_is_refused(tmp_path) -> None:
    whole = gzip.compress(b"".join(json.dumps(page(n)).encode() + b"\n" for n in range(200)))
    cut = tmp_path / "cut.ndjson.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match=r"cut\.ndjson\.gz is cut off behind line \d+"):
        list(read_recording(cut))


def page(number: int) -> dict:
    body = [{"id": f"coin-{number}-{row}"} for row in range(number % 7)]
    return {"recorded_at": f"2024-01-01T00:{number % 60:02}:00Z", "body": body}
