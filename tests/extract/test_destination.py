"""Raw as files, which Spark reads: a load that was cut off leaves no row twice and none out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from extract.pipeline import RawStore
from extract.raw_tables import RAW_TABLES
from extract.settings import Settings
from tests.conftest import quiet_stage, settings_for


@pytest.fixture
def files(empty: Settings) -> Settings:
    """A folder whose raw holds one load as files."""
    from pipeline.job import Job

    settings = settings_for(empty.data_dir, target="spark", coins=("bitcoin",), history_days=2)
    job = Job(settings, quiet_stage)
    job.fetch()
    load(settings)
    return settings


def load(settings: Settings) -> int:
    store = RawStore(settings)
    return sum(store.load(store.pending()))


def counts(settings: Settings) -> dict[str, int]:
    store = RawStore(settings)
    return {
        table: store.query(f"select count(*) from {table}")[0][0]  # noqa: S608
        for table in RAW_TABLES
    }


def raw(settings: Settings) -> Path:
    return settings.state_dir / "lake" / "raw"


def test_a_folder_a_table_and_load_date(files: Settings) -> None:
    assert counts(files)["stream_ticks"] > 1000
    for table in RAW_TABLES:
        [file] = (raw(files) / table).rglob("*.parquet")
        assert file.relative_to(raw(files) / table).parts[:-1] != ()


def test_a_second_run_loads_nothing(files: Settings) -> None:
    before = counts(files)
    assert load(files) == 0
    assert counts(files) == before


def test_files_of_a_load_that_was_killed_are_removed(files: Settings) -> None:
    before = counts(files)
    for table in RAW_TABLES:
        [file] = (raw(files) / table).rglob("*.parquet")
        shutil.copy(file, file.with_name("1700000000.5.0000000000.parquet"))
        file.with_name("1700000000.6.0000000000.parquet").write_bytes(file.read_bytes()[:100])
    load(files)
    assert counts(files) == before


def test_a_file_that_was_cut_off_stops_no_refresh_at_its_first_question(files: Settings) -> None:
    from pipeline.remake import remake_outdated

    before = counts(files)
    said: list[str] = []
    [file] = (raw(files) / "landed_responses").rglob("*.parquet")
    file.with_name("1700000000.6.0000000000.parquet").write_bytes(file.read_bytes()[:100])
    remake_outdated(files, quiet_stage, said.append)
    assert said == []
    RawStore(files).refuse_other_kinds(files.source_kind)
    assert counts(files) == before


def test_nothing_is_loaded_twice_where_dlts_state_was_lost(files: Settings) -> None:
    before = counts(files)
    shutil.rmtree(files.dlt_dir)
    assert load(files) == 0
    assert counts(files) == before


def test_a_load_that_was_killed_before_its_end_was_noted_is_made_again(files: Settings) -> None:
    """All of its rows are there, but nobody knows that they are all."""
    before = counts(files)
    [noted] = (raw(files) / "_dlt_loads").iterdir()
    noted.unlink()
    assert load(files) == sum(before.values())
    assert counts(files) == before
