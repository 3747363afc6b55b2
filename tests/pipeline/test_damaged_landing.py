"""What landing cannot give back is said, and the warehouse that holds it is kept."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import pytest

from extract.landed import read_landing
from extract.landing import CLOSING_BYTES, MEMBER_HEAD, archives, run_of
from extract.packing import pack
from extract.settings import Settings
from pipeline.exit_codes import ExitCode
from pipeline.remake import _lost
from tests import snapshots
from tests.conftest import AS_OF, COINS, HISTORY_DAYS
from tests.fault_sizes import DAMAGED_PLACES
from tests.faults.whole_commands import run_command
from tests.pipeline.test_rebuild import remake


def command(name: str, settings: Settings, *options: str) -> subprocess.CompletedProcess[str]:
    arguments = ["--data-dir", settings.data_dir, *options]
    return run_command(name, arguments, os.environ | {"COLUMNS": "200"})


def flip(path: Path) -> None:
    """Eight bytes in the middle."""
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at : at + 8] = bytes(byte ^ 0xFF for byte in data[at : at + 8])
    path.write_bytes(data)


def damage_somewhere(path: Path, chance: random.Random) -> None:
    """Up to eight bytes changed, a stretch of zeros, or the end cut off."""
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    harm = chance.choice(["flip", "zeros", "cut"])
    if harm == "flip":
        for place in range(at, min(at + chance.randint(1, 8), len(data))):
            data[place] ^= chance.randint(1, 255)
    elif harm == "zeros":
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    else:
        del data[at:]
    path.write_bytes(data)


def kept(settings: Settings) -> tuple[bytes, Path]:
    return settings.warehouse_path.read_bytes(), snapshots.current(settings.published_dir)


@pytest.mark.parametrize("harm", ["flipped", "missing", "shortened", "packed and flipped"])
def test_rebuild_stops_and_changes_nothing(built: Settings, harm: str) -> None:
    [path] = archives(built.landing_dir)
    run_id = run_of(path)
    (built.landing_dir / "keep").mkdir()
    if harm == "missing":
        path.unlink()
        (built.landing_dir / "simulated").mkdir(exist_ok=True)
    elif harm == "shortened":
        # The end of a run that was killed looks the same.
        whole = path.read_bytes()
        path.write_bytes(whole[: whole.rfind(MEMBER_HEAD)])
    elif harm == "flipped":
        flip(path)
    else:
        pack(built.landing_dir, date.max)
        flip(next(built.landing_dir.glob("*/*.parquet")))
    (built.landing_dir / "keep").rmdir()
    before = kept(built)

    outcome = remake(built)
    assert outcome.exit_code == ExitCode.CHECK_FAILED, outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "landing is incomplete or damaged" in outcome.stderr
    assert "responses are missing" in outcome.stderr
    assert f"{run_id}:" in outcome.stderr
    assert "the old warehouse and the last snapshot stay" in outcome.stderr
    assert "--accept-loss" in outcome.stderr
    assert ("damaged after response" in outcome.stderr) == (harm == "flipped")
    assert kept(built) == before


@pytest.mark.parametrize("packed", [False, True], ids=["single", "packed"])
def test_no_place_of_an_archive_can_be_damaged_unseen(
    built: Settings, packed: bool, record_property
) -> None:
    """What is read is what was landed, and a rebuild knows of all that is not."""
    if packed:
        pack(built.landing_dir, date.max)
    [path] = built.landing_dir.glob("*/*.parquet" if packed else "*/*/*.ndjson.gz")
    sound = path.read_bytes()
    landed = {answer.response_id: answer.response for answer in read_landing(built.landing_dir, {})}
    chance = random.Random(1)
    changed = unseen = 0
    for _ in range(DAMAGED_PLACES):
        damage_somewhere(path, chance)
        told: list[str] = []
        read = {
            answer.response_id: answer.response
            for answer in read_landing(built.landing_dir, {}, told)
        }
        changed += sum(landed.get(number) != response for number, response in read.items())
        known = _lost(built, lambda detail: None, lambda line: None)
        unseen += len(read) < len(landed) and not known
        path.write_bytes(sound)
    record_property("damaged places of archives", DAMAGED_PLACES)
    record_property("answers read other than they were", changed)
    record_property("losses that a rebuild does not see", unseen)
    assert (changed, unseen) == (0, 0)


def test_loss_can_be_accepted(built_twice: Settings) -> None:
    first = archives(built_twice.landing_dir)[0]
    flip(first)
    before = snapshots.current(built_twice.published_dir)
    assert command("rebuild", built_twice).returncode == ExitCode.CHECK_FAILED
    assert snapshots.current(built_twice.published_dir) == before
    outcome = command("rebuild", built_twice, "--accept-loss")
    assert outcome.returncode == ExitCode.DONE, outcome.stderr
    assert f"left out: simulated/{first.parent.name}/{first.name}" in outcome.stdout
    # What is given up is not asked for again.
    again = remake(built_twice)
    assert again.exit_code == ExitCode.CHECK_FAILED
    assert "responses are missing" not in again.stderr
    assert "damaged after response" in again.stderr


def test_without_a_warehouse_the_checksums_of_the_archives_decide(built: Settings) -> None:
    flip(archives(built.landing_dir)[0])
    built.warehouse_path.unlink()
    shutil.rmtree(built.dlt_dir)
    before = snapshots.current(built.published_dir)
    outcome = remake(built)
    assert outcome.exit_code == ExitCode.CHECK_FAILED
    assert "damaged after response" in outcome.stderr
    assert snapshots.current(built.published_dir) == before


def test_a_warehouse_that_another_program_holds_is_not_taken_for_damaged(built: Settings) -> None:
    with duckdb.connect(str(built.warehouse_path)):
        outcome = command("rebuild", built)
    assert outcome.returncode != ExitCode.DONE
    assert built.warehouse_path.exists()
    assert "cannot be read" not in outcome.stdout


def test_a_refresh_that_meets_damage_says_so(built: Settings) -> None:
    """An archive of a killed run, of which raw holds nothing yet."""
    [path] = archives(built.landing_dir)
    whole = path.read_bytes()[:-CLOSING_BYTES]
    pending = path.with_name(path.name.replace("Z-", "Z-f"))
    pending.write_bytes(whole)
    flip(pending)
    outcome = command(
        "refresh",
        built,
        "--as-of",
        AS_OF.isoformat(),
        "--coins",
        ",".join(COINS),
        "--history-days",
        str(HISTORY_DAYS),
    )
    assert outcome.returncode == ExitCode.DONE, outcome.stderr
    assert f"landing: simulated/{path.parent.name}/{pending.name}: damaged after response" in (
        " ".join(outcome.stdout.split())
    )
    manifest = snapshots.current(built.published_dir) / "manifest.json"
    assert pending.name in manifest.read_text()


def test_a_rebuild_from_packed_landing_is_equal_and_a_load_of_it_can_be_left_out(
    built_twice: Settings, template: Path
) -> None:
    before = snapshots.current(built_twice.published_dir)
    runs = [run_of(path) for path in archives(built_twice.landing_dir)]
    pack(built_twice.landing_dir, date.max)
    assert archives(built_twice.landing_dir) == []
    outcome = command("rebuild", built_twice)
    assert outcome.returncode == ExitCode.DONE, outcome.stderr
    snapshots.assert_equal(before, snapshots.current(built_twice.published_dir))

    outcome = command("rebuild", built_twice, "--quarantine", runs[1])
    assert outcome.returncode == ExitCode.DONE, outcome.stderr
    assert (built_twice.quarantine_dir / f"{runs[1]}.ndjson.gz").exists()
    without = snapshots.current(built_twice.published_dir)
    assert set(snapshots.table(without, "fct_load_audit").run_id) == {runs[0]}
    snapshots.assert_equal(snapshots.current(template / "published"), without)
    # A later rebuild does not miss what a person left out.
    assert _lost(built_twice, lambda detail: None, lambda line: None) == []
