"""A past day in one file: the same answers, whatever happens on the way there."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from extract import durable, packed_day
from extract.landed import read_landing, run_ids
from extract.landing import CLOSING_BYTES, Landed, archives, read_archive
from extract.packing import pack, put_back, take_out
from extract.pipeline import RawStore
from extract.replay import read_recording, recording_files
from extract.settings import Settings
from tests.extract.answers import NOW, chart, land, market_chart, markets, quote
from tests.extract.test_raw_store import contents, load

TODAY = NOW.date()
PAST = NOW - timedelta(days=2)


@pytest.fixture
def landing_dir(settings: Settings) -> Path:
    """Two past days with two runs each, and one of today."""
    for days, hours in ((2, 0), (2, 1), (1, 0), (1, 1), (0, 0)):
        now = NOW - timedelta(days=days) + timedelta(hours=hours)
        land(
            settings.landing_dir,
            *(markets([quote(f"coin-{n}-{hours}")], fetched_at=now) for n in range(12)),
            market_chart("bitcoin", chart((now, 1.5)), fetched_at=now),
            now=now,
        )
    return settings.landing_dir


def everything(landing_dir: Path) -> list[Landed]:
    damage: list[str] = []
    found = list(read_landing(landing_dir, {}, damage))
    assert damage == []
    return found


def files(landing_dir: Path) -> list[str]:
    return sorted(
        path.relative_to(landing_dir).as_posix()
        for path in landing_dir.rglob("*")
        if path.is_file()
    )


def days_before(days: int) -> str:
    return f"simulated/{TODAY - timedelta(days=days)}"


def test_a_past_day_becomes_one_file_with_the_same_answers(landing_dir: Path) -> None:
    before = everything(landing_dir)
    runs = run_ids(landing_dir)
    assert pack(landing_dir, TODAY) == []

    today = [path for path in files(landing_dir) if path.endswith(".gz")]
    assert files(landing_dir) == [f"{days_before(2)}.parquet", f"{days_before(1)}.parquet", *today]
    assert [Path(path).parent.name for path in today] == [TODAY.isoformat()]
    assert everything(landing_dir) == before
    assert run_ids(landing_dir) == runs
    assert pack(landing_dir, TODAY) == []
    assert everything(landing_dir) == before


def test_the_day_of_the_run_is_never_packed(landing_dir: Path) -> None:
    before = files(landing_dir)
    pack(landing_dir, TODAY - timedelta(days=2))
    assert files(landing_dir) == before


def test_a_late_archive_of_a_packed_day_joins_it(landing_dir: Path) -> None:
    pack(landing_dir, TODAY)
    land(landing_dir, markets([quote("late")]), now=PAST + timedelta(minutes=30))
    before = everything(landing_dir)
    assert [landed.run_id for landed in before] == sorted(landed.run_id for landed in before)
    pack(landing_dir, TODAY)
    assert everything(landing_dir) == before
    assert len(archives(landing_dir)) == 1


def test_large_days_are_written_and_read_in_parts(landing_dir: Path, monkeypatch) -> None:
    before = everything(landing_dir)
    monkeypatch.setattr(packed_day, "ROW_GROUP_BYTES", 2000)
    pack(landing_dir, TODAY)
    day = landing_dir / f"{days_before(2)}.parquet"
    assert pq.read_metadata(day).num_row_groups > 3
    assert everything(landing_dir) == before
    for landed in before:
        known = {landed.archive: landed.sequence}
        rest = [
            other
            for other in before
            if other.archive != landed.archive or other.sequence > landed.sequence
        ]
        assert list(read_landing(landing_dir, known)) == rest


STEPS = [
    (packed_day.pq.ParquetWriter, "write_table"),
    (packed_day.os, "fsync"),
    (Path, "replace"),
    (durable, "sync"),
    (Path, "unlink"),
    (Path, "rmdir"),
]


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
@pytest.mark.parametrize("times", [1, 2])
def test_packing_that_is_cut_off_leaves_every_answer_once(
    landing_dir: Path, monkeypatch, owner: object, step: str, is_after: bool, times: int
) -> None:
    before = everything(landing_dir)
    called = 0

    def dies(*arguments, **named):
        nonlocal called
        called += 1
        if called < times:
            return original(*arguments, **named)
        if is_after:
            original(*arguments, **named)
        raise KeyboardInterrupt

    original: Callable = getattr(owner, step)
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, dies)
        with pytest.raises(KeyboardInterrupt):
            pack(landing_dir, TODAY)
    assert everything(landing_dir) == before
    assert pack(landing_dir, TODAY) == []
    assert everything(landing_dir) == before
    assert len(files(landing_dir)) == 3


def test_what_is_loaded_is_not_decompressed_again(
    landing_dir: Path, settings: Settings, monkeypatch
) -> None:
    store = RawStore(settings)
    pack(landing_dir, TODAY - timedelta(days=1))
    load(store)

    def refuse(*arguments: object, **named: object) -> Iterator[bytes]:
        raise AssertionError("decompressed")

    for module, reader in (("packed_day", "read_packed"), ("landing", "read_lines")):
        monkeypatch.setattr(f"extract.{module}.{reader}", refuse)
    assert list(store.pending()) == []
    pack(landing_dir, TODAY - timedelta(days=1))


@pytest.mark.parametrize("loaded_first", [0, 5, 20])
def test_raw_from_packed_and_unpacked_is_equal_row_for_row(
    landing_dir: Path, settings: Settings, tmp_path: Path, loaded_first: int
) -> None:
    store = RawStore(settings)
    load(store)
    other = RawStore(Settings(data_dir=tmp_path / "other"))
    other._landing_dir = landing_dir
    list(other.load(everything(landing_dir)[:loaded_first]))
    pack(landing_dir, TODAY)
    load(other)
    assert contents(other) == contents(store)


def test_a_packed_day_is_a_recording(landing_dir: Path) -> None:
    before = [landed.response for landed in everything(landing_dir)]
    pack(landing_dir, TODAY)
    replayed = [
        response
        for file in recording_files(landing_dir)
        for response in read_recording(file, NOW + timedelta(hours=1))
    ]
    assert replayed == before


def test_flipped_bytes_in_a_packed_day_are_told_and_cost_only_what_they_hit(
    landing_dir: Path, monkeypatch
) -> None:
    monkeypatch.setattr(packed_day, "ROW_GROUP_BYTES", 2000)
    pack(landing_dir, TODAY)
    before = everything(landing_dir)
    day = landing_dir / f"{days_before(2)}.parquet"
    whole = day.read_bytes()
    for at in random.Random(8).sample(range(4, len(whole) - 8), 60):
        part = bytes(byte ^ 0xFF for byte in whole[at : at + 8])
        day.write_bytes(whole[:at] + part + whole[at + 8 :])
        damage: list[str] = []
        found = list(read_landing(landing_dir, {}, damage))
        assert [landed for landed in before if landed in found] == found
        # What describes the file, and no answer, may be hit as well.
        assert damage or found == before
        assert all(day.name in line for line in damage)
        assert len(damage) <= 1
    day.write_bytes(whole[: len(whole) // 2])
    damage = []
    assert len(list(read_landing(landing_dir, {}, damage))) == len(before) / 5 * 3
    assert len(damage) == 1


def test_a_damaged_archive_is_not_packed_and_the_others_are(landing_dir: Path) -> None:
    path = archives(landing_dir)[0]
    data = bytearray(path.read_bytes())
    data[200:208] = bytes(8)
    path.write_bytes(data)
    first = pack(landing_dir, TODAY)
    assert len(first) == 1
    assert path.name in first[0]
    assert path.read_bytes() == data
    assert len(files(landing_dir)) == 4
    assert pack(landing_dir, TODAY) == first


def test_the_torn_tail_of_a_killed_run_does_not_keep_its_day_from_being_packed(
    landing_dir: Path,
) -> None:
    path = archives(landing_dir)[0]
    path.write_bytes(path.read_bytes()[: -CLOSING_BYTES - 7])
    before = everything(landing_dir)
    assert pack(landing_dir, TODAY) == []
    assert everything(landing_dir) == before


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_run_is_taken_out_and_put_back(
    landing_dir: Path, tmp_path: Path, is_packed: bool
) -> None:
    before = everything(landing_dir)
    run_id = run_ids(landing_dir)[1]
    if is_packed:
        pack(landing_dir, TODAY)
    place = tmp_path / "quarantine" / f"{run_id}.ndjson.gz"
    belongs = take_out(landing_dir, run_id, place)
    assert everything(landing_dir) == [landed for landed in before if landed.run_id != run_id]
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    assert [landed.response for landed in read_archive(tmp_path, place)] == [
        landed.response for landed in before if landed.run_id == run_id
    ]
    assert belongs is not None
    put_back(place, belongs)
    assert everything(landing_dir) == before
    assert take_out(landing_dir, "20200101T000000Z-000000", place) is None


def test_the_only_run_of_a_packed_day_is_taken_out(settings: Settings, tmp_path: Path) -> None:
    [landed] = land(settings.landing_dir, markets([quote()]), now=PAST)
    pack(settings.landing_dir, TODAY)
    take_out(settings.landing_dir, landed.run_id, tmp_path / "kept.ndjson.gz")
    assert files(settings.landing_dir) == []


def test_a_packed_day_can_be_read_with_sql(landing_dir: Path) -> None:
    import duckdb

    pack(landing_dir, date(9999, 1, 1))
    rows = duckdb.sql(
        f"select run_id, sequence, json_extract_string(answer, '$.body') as body"  # noqa: S608
        f" from '{landing_dir}/*/*.parquet' order by all"
    ).fetchall()
    expected = [(x.run_id, x.sequence, x.response.body) for x in everything(landing_dir)]
    assert rows == expected
    assert json.loads(rows[0][2])[0]["id"] == "coin-0-0"
