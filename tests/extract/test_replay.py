"""Recordings are landed whole, and each answer once."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from extract.landing import CLOSING_BYTES, MEMBER_HEAD
from extract.limits import refused_body
from extract.replay import recording_files
from tests.extract.answers import (
    NOW,
    all_landed,
    batches,
    chart,
    land,
    line,
    market_chart,
    markets,
    quote,
    replayed,
)


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
    first, _ = land(tmp_path / "other", markets("[1]"), markets("[2]"))
    path = tmp_path / "other" / first.archive
    whole = path.read_bytes()[:-CLOSING_BYTES]
    second = whole.rfind(MEMBER_HEAD)
    for end in (second + 2, second + 12, (second + len(whole)) // 2):
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


def test_an_answer_of_this_minute_may_be_ahead_of_a_slow_clock(recordings, landing_dir) -> None:
    (recordings / "a.ndjson").write_text(line(recorded_at="2026-11-01T12:10:00Z"))
    assert replayed(recordings, landing_dir) == (1, 0)


def test_what_editors_and_other_systems_leave_in_a_file_does_no_harm(
    recordings, landing_dir
) -> None:
    """A byte order mark, carriage returns, empty lines, NaN, a name twice in one row."""
    odd = line([quote("b", price_change_24h=float("nan"))])
    twice = line([quote("c")]).replace('"id"', '"id": "a", "id"')
    text = line([quote("a")]) + "\n" + odd + " \n" + twice
    (recordings / "a.ndjson").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert replayed(recordings, landing_dir) == (3, 0)
    ids = [json.loads(answer.body)[0]["id"] for answer in all_landed(landing_dir)]
    assert ids == ["a", "b", "c"]


def test_an_answer_that_was_refused_for_its_size_is_replayed_as_such(
    tmp_path, landing_dir, store
) -> None:
    refused = markets(refused_body("more than 16 MB", b"[0,0"))
    deep = markets("[" * 5_000 + "]" * 5_000)
    land(tmp_path / "other", refused, deep, kind="live")
    assert replayed(tmp_path / "other", landing_dir) == (2, 0)
    list(store.load(store.pending()))
    assert store.query("select error_code from landed_responses") == [(413,), (413,)]


def test_a_folder_that_is_named_like_a_recording_is_none(recordings, landing_dir) -> None:
    (recordings / "a.ndjson").mkdir()
    (recordings / "b.ndjson").write_text(line())
    assert replayed(recordings, landing_dir) == (1, 0)


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
