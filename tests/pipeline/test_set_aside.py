"""A gate that stops a load names the command that refuses its rows; the next refresh goes on."""

from __future__ import annotations

import json
import shlex
import subprocess
from datetime import timedelta

import pytest

from extract.landing import Archive, Response, new_run_id
from extract.settings import Settings
from pipeline.exit_codes import ExitCode, JobError
from tests import snapshots
from tests.conftest import AS_OF, COINS, refresh, settings_for
from tests.faults.whole_commands import run_command
from tests.pipeline.test_rebuild import land_quotes_times, remake

AT = AS_OF + timedelta(hours=1)
LATER = AS_OF + timedelta(hours=2)
ONE_PRICE = "10 or more coins of a load or a response do not all have one price"
PAGE = "the prices of a page are within a factor of 5 of the quotes before it"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_command("set_aside", arguments)


def land_constant_page(settings: Settings) -> str:
    """Twelve coins at one price, and a malformed field."""
    rows = [
        {
            "id": f"constant-{number}",
            "current_price": 5.0,
            "total_volume": -1 if number == 3 else 2e6,
            "last_updated": AT.isoformat(),
        }
        for number in range(12)
    ]
    run_id = new_run_id(AT)
    with Archive(settings.landing_dir, "simulated", run_id) as archive:
        archive.append(
            Response("coingecko", "markets", "/coins/markets", {}, 200, AT, json.dumps(rows))
        )
    return run_id


def test_rows_at_fault_are_set_aside_and_the_next_refresh_goes_on(built: Settings) -> None:
    before = snapshots.current(built.published_dir)
    runs = [land_quotes_times(built, factor=100), land_constant_page(built)]
    later = settings_for(built.data_dir, as_of=LATER)
    with pytest.raises(JobError) as failure:
        refresh(later)
    assert failure.value.code == ExitCode.CHECK_FAILED
    assert ONE_PRICE in str(failure.value) and PAGE in str(failure.value)
    [offered] = [line for line in str(failure.value).splitlines() if "scripts/set_aside" in line]
    script, *arguments = shlex.split(offered)
    assert script == "scripts/set_aside.py"

    outcome = command(*arguments)
    assert (outcome.returncode, outcome.stderr) == (ExitCode.DONE, "")
    assert "set aside 12 rows: 10 or more coins" in outcome.stdout
    assert "Run the refresh again" in outcome.stdout
    assert snapshots.current(built.published_dir) == before

    refresh(later)
    snapshot = snapshots.current(built.published_dir)
    audit = snapshots.table(snapshot, "fct_load_audit").set_index("run_id")
    assert audit.received_count[runs].tolist() == [len(COINS), 12]
    assert audit.rejected_count[runs].tolist() == [len(COINS), 12]
    rejected = snapshots.table(snapshot, "fct_rejected_rows").set_index("run_id")
    assert rejected.reason[runs].str.startswith("set aside: ").all()
    hours = snapshots.table(snapshot, "fct_hourly_prices")
    assert not hours.coin_id.str.startswith("constant").any()

    again = command(*arguments)
    assert again.returncode == ExitCode.DONE
    assert "nothing was set aside" in again.stdout

    assert remake(built).exit_code == ExitCode.DONE
    snapshots.assert_equal(snapshot, snapshots.current(built.published_dir))


def test_a_load_without_rows_to_blame_is_answered_with_the_quarantine(built: Settings) -> None:
    """Three rows came and none is left: nothing in raw can be set aside."""
    run_id = new_run_id(AT)
    rows = [{"id": f"no-price-{number}", "last_updated": AT.isoformat()} for number in range(3)]
    with Archive(built.landing_dir, "simulated", run_id) as archive:
        archive.append(
            Response("coingecko", "markets", "/coins/markets", {}, 200, AT, json.dumps(rows))
        )
    with pytest.raises(JobError) as failure:
        refresh(settings_for(built.data_dir, as_of=LATER))
    assert "3 of 3 received rows rejected" in str(failure.value)
    assert "scripts/set_aside.py" not in str(failure.value)
    assert "scripts/rebuild.py --quarantine" in str(failure.value)

    outcome = command(run_id, "--data-dir", str(built.data_dir))
    assert outcome.returncode == ExitCode.CHECK_FAILED
    assert f"scripts/rebuild.py --quarantine {run_id}" in outcome.stderr
    assert not built.set_aside_path.exists()

    nowhere = command("20200101T000000000000Z-000000", "--data-dir", str(built.data_dir))
    assert nowhere.returncode == ExitCode.USAGE
    assert "raw holds no load" in nowhere.stderr
