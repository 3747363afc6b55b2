"""A folder of a version whose answers were named by their place in bytes is taken up."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas.testing
import pytest

from extract.landing import CLOSING_BYTES, MEMBER_HEAD, archives, run_of
from extract.pipeline import RawStore
from extract.raw_tables import RAW_TABLES
from extract.settings import PROJECT_ROOT, Settings
from pipeline.exit_codes import ExitCode
from tests import snapshots
from tests.conftest import AS_OF, COINS, HISTORY_DAYS
from tests.pipeline.test_damaged_landing import flip, kept

LAST_WITH_OFFSETS = "3e6b64b"
SAID = "an older version created this warehouse"


def run(project: Path, settings: Settings, hours: int = 0) -> subprocess.CompletedProcess[str]:
    options = {
        "--data-dir": str(settings.data_dir),
        "--as-of": (AS_OF + timedelta(hours=hours)).isoformat(),
        "--coins": ",".join(COINS),
        "--history-days": str(HISTORY_DAYS),
    }
    return subprocess.run(
        [sys.executable, "scripts/refresh.py", *(x for item in options.items() for x in item)],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )


def make_older(settings: Settings) -> None:
    """Archives without their ends, ids by offset, and a raw that has `end_offset`."""
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        warehouse.sql("create temp table ids (new varchar, old varchar, end_offset bigint)")
        for path in archives(settings.landing_dir):
            whole = path.read_bytes()[:-CLOSING_BYTES]
            path.write_bytes(whole)
            ends = []
            while (at := whole.find(MEMBER_HEAD, (ends[-1] if ends else 0) + 1)) > 0:
                ends.append(at)
            for number, end in enumerate([*ends, len(whole)], start=1):
                new, old = f"{run_of(path)}:{number}", f"{run_of(path)}:{end}"
                warehouse.execute("insert into ids values ($1, $2, $3)", [new, old, end])
        warehouse.sql("alter table raw.landed_responses add column end_offset bigint")
        warehouse.sql(
            "update raw.landed_responses set end_offset = ids.end_offset"
            " from ids where response_id = new"
        )
        warehouse.sql("alter table raw.landed_responses drop column sequence")
        for table, schema in RAW_TABLES.items():
            if "row_id" in schema.names:
                warehouse.sql(
                    f"update raw.{table} set row_id = old || ':' || row_index"  # noqa: S608
                    " from ids where response_id = new"
                )
            warehouse.sql(
                f"update raw.{table} set response_id = old from ids where response_id = new"  # noqa: S608
            )


def columns(settings: Settings) -> set[str]:
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as warehouse:
        return set(warehouse.sql("select * from raw.landed_responses limit 0").columns)


def taken_up(settings: Settings, before: Path) -> None:
    """The next refresh says that it remakes the warehouse, and loses no price; none does again."""
    first = run(PROJECT_ROOT, settings)
    assert first.returncode == ExitCode.DONE, first.stderr
    assert first.stdout.count(SAID) == 1
    assert "sequence" in columns(settings)
    assert "end_offset" not in columns(settings)
    after = snapshots.current(settings.published_dir)
    # The rest may have gained columns and rules since.
    pandas.testing.assert_frame_equal(
        *(snapshots.table(snapshot, "fct_hourly_prices") for snapshot in (before, after))
    )
    assert RawStore(settings).missing_columns() == []


def test_a_warehouse_with_offsets_is_remade_once(built: Settings) -> None:
    make_older(built)
    taken_up(built, snapshots.current(built.published_dir))


def test_it_is_kept_where_landing_is_not_whole(built: Settings) -> None:
    make_older(built)
    [path] = archives(built.landing_dir)
    flip(path)
    before = kept(built)
    outcome = run(PROJECT_ROOT, built)
    assert outcome.returncode == ExitCode.CHECK_FAILED
    assert SAID in outcome.stdout
    assert "landing is incomplete or damaged" in outcome.stderr
    assert f"{run_of(path)}:" in outcome.stderr
    assert kept(built) == before


def test_a_folder_that_the_older_version_itself_made_is_taken_up(
    empty: Settings, tmp_path: Path
) -> None:
    archived = subprocess.run(
        [shutil.which("git") or "git", "archive", LAST_WITH_OFFSETS],
        cwd=PROJECT_ROOT,
        capture_output=True,
        check=False,
    )
    if archived.returncode != 0:
        pytest.skip(f"no commit {LAST_WITH_OFFSETS} in this checkout: its history is cut off")
    older = tmp_path / "older"
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as files:
        files.extractall(older, filter="data")
    made = run(older, empty)
    assert made.returncode == ExitCode.DONE, made.stderr
    assert "end_offset" in columns(empty)
    taken_up(empty, snapshots.current(empty.published_dir))
