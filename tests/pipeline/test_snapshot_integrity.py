"""Snapshots reach the disk whole, and damage in one is found, named and survived."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from extract.settings import Settings
from pipeline.exit_codes import ExitCode
from published.reading import CATALOG, BrokenSnapshotError, current, inspect, verify
from published.writing import CURRENT, _drop_oldest, point_to, publish
from tests import snapshots
from tests.fault_sizes import DAMAGED_PLACES
from tests.faults.whole_commands import run_command


def published_again(settings: Settings, run_id: str) -> Path:
    """The marts as they are, in a snapshot of their own."""
    catalog = json.loads((snapshots.current(settings.published_dir) / CATALOG).read_text())
    return publish(settings, run_id, {}, catalog["marts"])


def copied(published: Path, name: str) -> Path:
    """Another snapshot beside the current one."""
    copy = published / name
    shutil.copytree(snapshots.current(published), copy)
    manifest = snapshots.manifest(copy) | {"run_id": name}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return copy


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_check_names_every_damaged_file_and_ends_with_1(built: Settings) -> None:
    old = copied(built.published_dir, "0")
    flip_a_byte(snapshots.current(built.published_dir) / "dim_coins.parquet")
    flip_a_byte(snapshots.current(built.published_dir) / "fct_daily_volumes.parquet")
    (old / "fct_price_alerts.parquet").unlink()
    outcome = run_command("check", ["--data-dir", built.data_dir, "--gate", "marts"])
    assert outcome.returncode == ExitCode.CHECK_FAILED, outcome.stderr
    name = snapshots.current(built.published_dir).name
    assert f"dim_coins.parquet of {name} is damaged" in outcome.stdout
    assert f"fct_daily_volumes.parquet of {name} is damaged" in outcome.stdout
    assert "fct_price_alerts.parquet of 0 is missing" in outcome.stdout
    assert "2 snapshots, 3 damaged files" in outcome.stdout


def test_no_byte_of_a_mart_can_change_unseen(built: Settings, record_property) -> None:
    folder = snapshots.current(built.published_dir)
    chance = random.Random(2)
    unseen = 0
    for _ in range(DAMAGED_PLACES):
        path = folder / f"{chance.choice(snapshots.tables(folder))}.parquet"
        sound = path.read_bytes()
        at = chance.randrange(len(sound))
        path.write_bytes(sound[:at] + bytes([sound[at] ^ chance.randint(1, 255)]) + sound[at + 1 :])
        unseen += not any(path.name in line for line in verify(folder))
        path.write_bytes(sound)
    assert verify(folder) == []
    record_property("changed bytes of snapshots", DAMAGED_PLACES)
    record_property("changes that check does not see", unseen)
    assert unseen == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda manifest: [], "it is [] and not an object"),
        (lambda manifest: manifest | {"tables": None}, "tables is None and not an object"),
        (lambda manifest: manifest | {"tables": {"dim_coins": {}}}, "dim_coins.file is missing"),
        (lambda manifest: manifest | {"run_id": 5}, "run_id is 5"),
        (lambda manifest: manifest | {"run_id": "../.."}, "run_id is '../..'"),
        (lambda manifest: manifest | {"built_at": "yesterday"}, "built_at is 'yesterday'"),
        (lambda manifest: manifest | {"built_at": "2026-11-01"}, "built_at is '2026-11-01'"),
        (lambda manifest: manifest | {"gates": {"raw": []}}, "gates.raw is [] and not an object"),
        (lambda manifest: manifest | {"dbt": {"data_tests": 5}}, "dbt.data_tests is 5"),
        (lambda manifest: manifest | {"runs": [{}]}, "runs[0].run_id is missing"),
        (lambda manifest: manifest | {"runs": {"a": 1}}, "runs is {'a': 1} and not a list"),
        (lambda manifest: manifest | {"stage_seconds": {"fetch": "1"}}, "stage_seconds.fetch"),
    ],
)
def test_manifest_of_another_form_is_a_broken_snapshot(built: Settings, change, told: str) -> None:
    folder = snapshots.current(built.published_dir)
    inspect(folder)
    (folder / "manifest.json").write_text(json.dumps(change(snapshots.manifest(folder))))
    with pytest.raises(BrokenSnapshotError) as broken:
        inspect(folder)
    assert told in str(broken.value) and folder.name in str(broken.value)
    assert verify(folder)


def test_reader_gets_the_newest_whole_snapshot_and_the_reason(built: Settings) -> None:
    published = built.published_dir
    whole = snapshots.current(published)
    for name in ("newer", "newest"):
        copy = copied(published, name)
        (copy / "dim_coins.parquet").write_bytes(b"cut")
        point_to(published, copy)
    found = current(published)
    assert found.folder == whole
    assert found.instead_of is not None and "dim_coins.parquet of newest" in found.instead_of


def test_history_outlives_the_manifest_of_the_newest_snapshot(built: Settings) -> None:
    published = built.published_dir
    first = snapshots.current(published).name
    newer = copied(published, "newer")
    point_to(published, newer)
    (newer / "manifest.json").write_text('{"run_id": ')
    after = published_again(built, "next")
    assert [run["run_id"] for run in snapshots.manifest(after)["runs"]] == [first, "next"]


def test_damaged_snapshots_do_not_count_among_those_kept(built: Settings) -> None:
    published = built.published_dir
    original = snapshots.current(published)
    folders = [copied(published, f"9{number}") for number in range(5)]
    for damaged in folders[2:4]:
        (damaged / "dim_coins.parquet").unlink()
    point_to(published, folders[4])
    _drop_oldest(published, 2)
    assert not original.exists() and not folders[0].exists()
    assert all(folder.exists() for folder in folders[1:])

    _drop_oldest(published, 1)
    assert [folder.exists() for folder in folders] == [False] * 4 + [True]


def test_files_folder_and_pointer_reach_the_disk_in_this_order(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    published = built.published_dir
    sync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_relative_to(published):
            done.append(f"sync {path.relative_to(published)}")
        sync(descriptor)

    def note_replace(source: Path, target: Path) -> Path:
        if source.is_relative_to(published):
            done.append(f"move {source.relative_to(published)}")
        return replace(source, target)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("descriptors have no names here")
    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    snapshot = published_again(built, "next")

    folder = ".unfinished-next"
    moved = done.index(f"move {folder}")
    for path in snapshot.iterdir():
        name = f"{path.name}.new" if path.suffix == ".json" else path.name
        assert done.index(f"sync {folder}/{name}") < moved
    assert done[moved - 1] == f"sync {folder}"
    assert done[moved:] == [
        f"move {folder}",
        "sync .",
        f"move .unfinished-{CURRENT}",
        "sync .",
    ]
