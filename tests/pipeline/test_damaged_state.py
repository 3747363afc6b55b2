"""A small file that is damaged stops no run: it is moved aside, said so, and made anew."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from extract.settings import Settings
from pipeline.lock import only_writer
from pipeline.set_aside import FOLDER
from pipeline.state_files import damages, mend
from published.writing import CURRENT
from tests import snapshots
from tests.conftest import refresh, settings_for
from tests.fault_sizes import DAMAGED_STATES
from tests.faults.commands import options
from tests.faults.whole_commands import run_command

DLT = "dlt/crypto_market"
SCHEMA = f"{DLT}/schemas/landing.schema.json"
PARSED = "dbt/partial_parse.msgpack"
FAILED = "logs/failed_runs.ndjson"


def written(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return write


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def in_its_place_a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    (path / "inside").mkdir(parents=True)


def in_its_place_a_file(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.write_text("no folder")


# Where, what happens to it, and what is moved aside if not that itself.
DAMAGES: list[tuple[str, Callable[[Path], None], str | None]] = [
    ("gate_passed.json", written(b""), None),
    ("gate_passed.json", written(b"\xff\x00"), None),
    ("gate_passed.json", written(b"[]"), None),
    ("gate_passed.json", written(b"{}"), None),
    ("gate_passed.json", written(b'{"load_id": 5}'), None),
    ("gate_passed.json", written(b'{"load_id": "zzz"}'), None),
    ("gate_passed.json", in_its_place_a_folder, None),
    ("call_budget.json", written(b"x"), None),
    ("call_budget.json", written(b'{"2026-11": "7"}'), None),
    ("call_budget.json", written(b'{"2026-11": -7}'), None),
    (f"{DLT}/state.json", cut, "dlt"),
    (f"{DLT}/state.json", written(b""), "dlt"),
    (f"{DLT}/state.json", written(b"[]"), "dlt"),
    (f"{DLT}/state.json", written(b"{}"), "dlt"),
    (SCHEMA, cut, "dlt"),
    (SCHEMA, written(b"{}"), "dlt"),
    (SCHEMA, Path.unlink, "dlt"),
    (f"{DLT}/load/.version", written(b""), "dlt"),
    (f"{DLT}/load/normalized/1.2/schema.json", written(b"{"), "dlt"),
    (f"{DLT}/load/normalized/1.2", Path.mkdir, "dlt"),
    ("dlt", in_its_place_a_file, None),
    (PARSED, cut, None),
    (PARSED, written(b""), None),
    (PARSED, written(b"\x90"), None),
    (PARSED, in_its_place_a_folder, None),
    ("dbt", in_its_place_a_file, None),
    (FAILED, written(b"\xff\xfe\n"), None),
    (FAILED, written(b"[]\n"), None),
    (FAILED, written(b'{"stage": "fetch"}\n'), None),
    (FAILED, in_its_place_a_folder, None),
    ("quality_docs/results/validations/raw/x.json", written(b"{"), "quality_docs/results"),
    ("quality_docs/results", in_its_place_a_file, None),
    ("quality_docs/site", in_its_place_a_file, None),
    ("published", in_its_place_a_file, None),
    ("published/current", in_its_place_a_file, None),
]


def set_aside(settings: Settings) -> set[str]:
    """What lies there, by where it was."""
    return {
        str(path.relative_to(moment))
        for moment in (settings.data_dir / FOLDER).glob("*")
        for path in moment.rglob("*")
    }


@pytest.mark.parametrize(("where", "damage", "moved"), DAMAGES)
def test_damage_is_recognised_moved_aside_and_said(
    built: Settings, caplog, where: str, damage: Callable[[Path], None], moved: str | None
) -> None:
    assert damages(built) == []
    damage(built.data_dir / where)
    [found] = damages(built)
    assert found.path == built.data_dir / (moved or where)

    mend(built)
    assert (moved or where) in set_aside(built)
    assert damages(built) == []
    [message] = caplog.messages
    assert message.startswith(f"{moved or where} was damaged") and FOLDER in message


def test_good_lines_of_the_failed_runs_stay(built: Settings) -> None:
    record = built.data_dir / FAILED
    record.parent.mkdir()
    record.write_bytes(b'{"run_id": "1"}\n\xff\n{"run_id": "2"}\n{"run_id": "3", "sta')
    mend(built)
    assert [json.loads(line)["run_id"] for line in record.read_text().splitlines()] == ["1", "2"]


def test_snapshot_in_the_place_of_the_pointer_gets_its_name_back(built: Settings) -> None:
    pointer, snapshot = built.published_dir / CURRENT, snapshots.current(built.published_dir)
    pointer.unlink()
    snapshot.rename(pointer)
    mend(built)
    assert pointer.is_symlink() and pointer.resolve() == snapshot
    assert damages(built) == []


def test_copy_of_a_snapshot_in_the_place_of_the_pointer_is_moved_aside(built: Settings) -> None:
    pointer, snapshot = built.published_dir / CURRENT, snapshots.current(built.published_dir)
    pointer.unlink()
    shutil.copytree(snapshot, pointer)
    mend(built)
    assert pointer.is_symlink() and pointer.resolve() == snapshot
    assert "published/current/manifest.json" in set_aside(built)


@pytest.mark.parametrize("target", ["nowhere", CURRENT])
def test_pointer_that_leads_nowhere_is_made_anew(built: Settings, target: str) -> None:
    pointer, snapshot = built.published_dir / CURRENT, snapshots.current(built.published_dir)
    pointer.unlink()
    pointer.symlink_to(target)
    mend(built)
    assert pointer.resolve() == snapshot


def test_lock_of_another_kind_is_moved_aside(built: Settings, caplog) -> None:
    built.lock_path.write_bytes(b"\xff\x00\xfe")
    with only_writer(built):
        assert built.lock_path.read_text() == str(os.getpid())
    assert set_aside(built) == {"refresh.lock"}
    assert "refresh.lock was damaged" in caplog.text


def test_everything_damaged_at_once_costs_a_refresh_nothing(built: Settings) -> None:
    """As a loss of power may leave them: the command goes on, and says what it set aside."""
    before = built.data_dir.parent / "before"
    shutil.copytree(snapshots.current(built.published_dir), before)
    data = built.data_dir
    for path in (
        data / "gate_passed.json",
        data / DLT / "state.json",
        data / PARSED,
        data / SCHEMA,
    ):
        cut(path)
    for path in (built.quality_docs_dir / "results").rglob("*.json"):
        path.write_bytes(b"")
    (data / "call_budget.json").write_bytes(b"\x00\x00")
    (data / "refresh.lock").write_bytes(b"\xff\xfe")
    in_its_place_a_file(data / "logs")
    manifest = snapshots.current(built.published_dir) / "manifest.json"
    manifest.write_text("[]")
    (built.published_dir / CURRENT).unlink()
    shutil.copytree(manifest.parent, built.published_dir / CURRENT)

    outcome = run_command("refresh", options(settings_for(data)))
    try:
        assert outcome.returncode == 0, outcome.stderr
        for name in (
            *("gate_passed.json", "call_budget.json", "dlt", PARSED, "quality_docs/results"),
            *("logs", "refresh.lock", "published/current"),
        ):
            assert f"warning: {name} was damaged" in outcome.stderr, outcome.stderr
        assert "gate 1 checks all loads again" in outcome.stderr
        assert "Traceback" not in outcome.stderr
        after = snapshots.current(built.published_dir)
        assert (built.published_dir / CURRENT).is_symlink()
        snapshots.assert_equal(before, after, snapshots.TABLES_OF_LOADS)
    finally:
        shutil.rmtree(before)


def state_files(settings: Settings) -> list[Path]:
    """All small files that a run goes by, as they lie there."""
    data = settings.data_dir
    folders = (data / "dlt", data / "quality_docs" / "results", data / "logs")
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found += [settings.gate_pointer, data / PARSED, settings.lock_path]
    return sorted(path for path in found if path.exists())


def test_files_as_a_loss_of_power_leaves_them_cost_a_refresh_nothing(
    built: Settings, tmp_path: Path, record_property
) -> None:
    """Each time some of them are empty, cut, zeros from some place on, or something else."""
    before = tmp_path / "before"
    shutil.copytree(snapshots.current(built.published_dir), before)
    chance = random.Random(3)
    damaged = 0
    total = snapshots.Difference()
    for _ in range(DAMAGED_STATES):
        built.lock_path.write_text("1")
        files = state_files(built)
        for path in chance.sample(files, chance.randint(1, len(files))):
            content = path.read_bytes()
            at = chance.randrange(len(content) + 1)
            path.write_bytes(
                chance.choice(
                    [
                        b"",
                        content[:at],
                        content[:at] + bytes(len(content) - at),
                        chance.randbytes(len(content)),
                    ]
                )
            )
            damaged += 1
        refresh(built)
        total += snapshots.difference(
            before, snapshots.current(built.published_dir), snapshots.TABLES_OF_LOADS
        )
    record_property("damaged state files", damaged)
    record_property("refreshes behind damage", DAMAGED_STATES)
    total.record(record_property)
    assert not total.differing, str(total)
