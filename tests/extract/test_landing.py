"""The archive of answers: nothing is lost, nothing is written over."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.landing import (
    CLOSING_BYTES,
    MEMBER_HEAD,
    Archive,
    DamagedArchiveError,
    Response,
    SourceKindMismatchError,
    archives,
    closing_of,
    new_run_id,
    read_archive,
    read_lines,
    refuse_other_kinds,
    source_kind_of,
)
from tests.extract.answers import NOW, all_landed, land, markets

responses = st.builds(
    Response,
    system=st.sampled_from(["coingecko", "stream"]),
    endpoint=st.sampled_from(["markets", "batches"]),
    path=st.text(max_size=20),
    params=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    status=st.integers(100, 599),
    fetched_at=st.datetimes(timezones=st.just(UTC)),
    body=st.text(max_size=300),
)
some = settings(max_examples=25)


@some
@given(answers=st.lists(responses, min_size=1, max_size=5))
def test_answers_are_read_back_as_they_were_landed(answers: list[Response]) -> None:
    with TemporaryDirectory() as folder:
        landed = land(Path(folder), *answers)
    assert [item.response for item in landed] == answers


def test_a_large_answer_in_many_scripts_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Larger than several reads, and with lines of its own."""
    body = "".join(chr(code) for code in range(0x20, 0x3000)) * 50 + "\n\r\u2028\x00🪙"
    large = markets(body)
    small = markets("[]")
    assert [item.response for item in land(tmp_path, large, small)] == [large, small]


@settings(max_examples=5)
@given(bodies=st.lists(st.text(max_size=60), min_size=1, max_size=3))
def test_an_archive_torn_anywhere_in_its_last_answer_loses_only_that(bodies: list[str]) -> None:
    answers = [markets(body) for body in bodies]
    with TemporaryDirectory() as folder:
        landing_dir = Path(folder)
        landed = land(landing_dir, *answers)
        [path] = archives(landing_dir)
        whole = path.read_bytes()[:-CLOSING_BYTES]
        for length in range(whole.rfind(MEMBER_HEAD), len(whole)):
            path.write_bytes(whole[:length])
            assert list(read_archive(landing_dir, path)) == landed[:-1]


@some
@given(bodies=st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_reading_on_from_an_end_gives_exactly_what_follows(bodies: list[str]) -> None:
    with TemporaryDirectory() as folder:
        landing_dir = Path(folder)
        landed = land(landing_dir, *(markets(body) for body in bodies))
        [path] = archives(landing_dir)
        assert [item.sequence for item in landed] == list(range(1, len(bodies) + 1))
        for number in range(len(bodies) + 1):
            assert list(read_archive(landing_dir, path, number)) == landed[number:]


def test_an_answer_can_be_read_before_the_run_has_ended(tmp_path: Path) -> None:
    with Archive(tmp_path, "live", new_run_id(NOW)) as archive:
        archive.append(markets("[1]"))
        assert all_landed(tmp_path) == [markets("[1]")]
        archive.append(markets("[2]"))
        assert all_landed(tmp_path) == [markets("[1]"), markets("[2]")]


def test_any_gzip_reader_can_read_an_archive_line_by_line(tmp_path: Path) -> None:
    land(tmp_path, markets("[1]"), markets("[2]"))
    [path] = archives(tmp_path)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        assert [json.loads(line)["body"] for line in lines] == ["[1]", "[2]"]


def test_a_run_that_lands_nothing_leaves_nothing(tmp_path: Path) -> None:
    with Archive(tmp_path / "landing", "live", new_run_id(NOW)):
        pass
    assert list(tmp_path.iterdir()) == []
    assert archives(tmp_path / "landing") == []


def test_a_run_never_writes_to_the_archive_of_another(tmp_path: Path) -> None:
    run_id = new_run_id(NOW)
    with Archive(tmp_path, "live", run_id) as first:
        first.append(markets("[1]"))
    with Archive(tmp_path, "live", run_id) as second, pytest.raises(FileExistsError):
        second.append(markets("[2]"))
    assert all_landed(tmp_path) == [markets("[1]")]


def test_an_error_while_landing_keeps_what_was_landed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Archive(tmp_path, "live", new_run_id(NOW)) as archive:
        archive.append(markets("[1]"))
        raise KeyboardInterrupt
    assert all_landed(tmp_path) == [markets("[1]")]


def test_archives_lie_by_kind_and_utc_day_and_sort_by_run(tmp_path: Path) -> None:
    late = datetime(2026, 11, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    later = late + timedelta(microseconds=1)
    for moment in (later, late):
        land(tmp_path, markets("[]"), kind="live", now=moment)
    paths = [path.relative_to(tmp_path).parts[:2] for path in archives(tmp_path)]
    assert paths == [("live", "2026-11-01"), ("live", "2026-11-02")]


def test_runs_of_one_moment_are_told_apart(tmp_path: Path) -> None:
    assert len({new_run_id(NOW) for _ in range(20)}) == 20


def test_a_response_id_names_the_run_and_the_place(tmp_path: Path) -> None:
    first, second = land(tmp_path, markets("[1]"), markets("[1]"))
    assert first.run_id == second.run_id == Path(first.archive).name.split(".")[0]
    assert [first.response_id, second.response_id] == [f"{first.run_id}:1", f"{first.run_id}:2"]


def test_the_content_hash_is_that_of_the_answer_not_of_its_archive(tmp_path: Path) -> None:
    first = land(tmp_path / "a", markets("[1]"))[0].response
    again = land(tmp_path / "b", markets("[1]"), now=NOW + timedelta(days=1))[0].response
    assert first.content_hash == again.content_hash
    others = [markets("[2]"), markets("[1]", fetched_at=NOW + timedelta(seconds=1))]
    assert len({answer.content_hash for answer in (first, *others)}) == 3


def test_a_fetch_time_of_another_zone_is_the_same_instant(tmp_path: Path) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    [landed] = land(tmp_path, markets("[]", fetched_at=there))
    assert landed.response.fetched_at == NOW


@pytest.mark.parametrize("present", ["simulated", "live", "replay"])
@pytest.mark.parametrize("wanted", ["simulated", "live", "replay"])
def test_kinds_of_source_never_share_a_folder(tmp_path: Path, present: str, wanted: str) -> None:
    landing_dir = tmp_path / "landing"
    refuse_other_kinds(landing_dir, wanted)
    land(landing_dir, markets("[]"), kind=present)
    assert source_kind_of(landing_dir) == present
    if wanted == present:
        refuse_other_kinds(landing_dir, wanted)
        return
    with pytest.raises(SourceKindMismatchError, match=f"holds a {present} market") as error:
        refuse_other_kinds(landing_dir, wanted)
    assert str(tmp_path) in str(error.value)
    assert "--data-dir" in str(error.value)


def test_files_that_a_file_manager_leaves_are_no_kind_of_source(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").touch()
    assert source_kind_of(tmp_path) is None
    land(tmp_path, markets("[]"), kind="live")
    refuse_other_kinds(tmp_path, "live")


def test_pages_that_were_never_written_end_an_archive(tmp_path, caplog) -> None:
    """After a loss of power a file can have its length and zeros for its last answers."""
    path = tmp_path / "archive.ndjson.gz"
    first = gzip.compress(b"one")
    path.write_bytes(first + gzip.compress(b"two")[:8] + bytes(5000))
    assert list(read_lines(path)) == [b"one"]
    path.write_bytes(first + bytes(5000))
    assert list(read_lines(path)) == [b"one"]
    assert "pages that were never written" in caplog.text


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes(byte ^ 0xFF for byte in data[at : at + 8]) + data[at + 8 :]


@pytest.mark.parametrize("is_closed", [True, False])
def test_flipped_bytes_are_damage_wherever_they_are(tmp_path: Path, is_closed: bool) -> None:
    """But for the last answer of a run that was killed: there it may look like a torn tail."""
    landed = land(tmp_path, *(markets(f"[{number}]" * 30) for number in range(3)))
    [path] = archives(tmp_path)
    whole = path.read_bytes() if is_closed else path.read_bytes()[:-CLOSING_BYTES]
    end = len(whole) - CLOSING_BYTES if is_closed else whole.rfind(MEMBER_HEAD) - 8
    for at in range(end):
        path.write_bytes(flipped(whole, at))
        read = []
        with pytest.raises(DamagedArchiveError, match=path.name):
            for item in read_archive(tmp_path, path):
                read.append(item)
        assert read == landed[: len(read)]


def test_a_closed_archive_that_lost_its_end_is_read_like_one_of_a_killed_run(tmp_path) -> None:
    """Only a comparison with raw can tell."""
    landed = land(tmp_path, markets("[1]"), markets("[2]"))
    [path] = archives(tmp_path)
    assert closing_of(path) is not None
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rfind(MEMBER_HEAD)])
    assert closing_of(path) is None
    assert list(read_archive(tmp_path, path)) == landed[:1]
