"""Each failure has its exit code and one message, and leaves the last good snapshot."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

import extract.fetch
from extract.settings import Settings
from extract.simulated.faults import Fault
from extract.visit import FetchReport
from pipeline.dbt_build import CHANGED_DAYS_ONLY, invoke
from pipeline.exit_codes import ExitCode, JobError
from pipeline.job import Job
from tests import snapshots
from tests.conftest import AS_OF, quiet_stage, refresh, settings_for
from tests.faults.whole_commands import run_command


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_command("refresh", arguments, os.environ | environment)


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch):
    """Makes the simulated API misbehave in the next visit."""
    import extract.simulated.api as simulated

    faults: list[Fault] = []
    original = simulated.SimulatedApi.__enter__

    def enter(self):
        api = original(self)
        for fault in faults:
            api.faults.add(fault)
        return api

    monkeypatch.setattr(simulated.SimulatedApi, "__enter__", enter)
    monkeypatch.setattr(
        extract.fetch,
        "SIMULATED_POLICY",
        extract.fetch.HttpPolicy(throttle_backoff_seconds=0.01, backoff_seconds=0.01),
    )
    return faults


def test_sources_that_all_refuse_end_with_3_and_keep_what_arrived(built: Settings, faulty) -> None:
    before = snapshots.current(built.published_dir)
    faulty.append(Fault("unauthorized", path="/coins/markets", times=10))
    faulty.append(Fault("500", path="/stream", times=10))
    with pytest.raises(JobError) as failure:
        refresh(built)
    assert failure.value.code == ExitCode.SOURCE
    assert "coingecko /coins/markets: 10012" in str(failure.value)
    assert "stream /batches: 500" in str(failure.value)
    assert "kept for the next refresh" in str(failure.value)
    assert snapshots.current(built.published_dir) == before

    faulty.clear()
    assert refresh(built).left_undone is None
    audit = snapshots.table(snapshots.current(built.published_dir), "fct_load_audit")
    assert audit.error_response_count.sum() == 5


def fetched(settings: Settings) -> FetchReport:
    """What the next refresh would ask for."""
    job = Job(settings, quiet_stage)
    job.fetch()
    assert job.report.fetch is not None
    return job.report.fetch


LATER = {"as_of": AS_OF + timedelta(minutes=30)}


@pytest.mark.parametrize(
    ("path", "kind", "said", "other"),
    [
        ("/coins/markets", "unauthorized", "coingecko /coins/markets: 10012", "stream_ticks"),
        ("/stream", "500", "stream /batches: 500", "coingecko_markets"),
    ],
)
def test_a_source_that_fails_does_not_keep_the_others_from_being_published(
    built: Settings, faulty, path: str, kind: str, said: str, other: str
) -> None:
    before = snapshots.current(built.published_dir)
    faulty.append(Fault(kind, path=path, times=10))
    settings = replace(built, **LATER)
    report = refresh(settings)
    assert report.left_undone is not None
    assert report.left_undone.code == ExitCode.SOURCE
    assert said in str(report.left_undone)
    assert "What had arrived is published" in str(report.left_undone)
    [failure] = snapshots.manifest(report.snapshot)["failures"]
    assert said in failure
    after = snapshots.current(built.published_dir)
    assert after != before
    audit = snapshots.table(after, "fct_load_audit")
    news = audit[audit.run_id == report.run_id].set_index("table_name")
    assert news.accepted_count[other] > 0

    faulty.clear()
    assert fetched(settings).failed == {}


def test_a_first_refresh_without_quotes_publishes_the_trades(empty: Settings, faulty) -> None:
    faulty.append(Fault("unauthorized", path="/coins/markets", times=10))
    report = refresh(empty)
    assert report.left_undone is not None
    hours = snapshots.table(snapshots.current(empty.published_dir), "fct_hourly_prices")
    assert set(hours.source) == {"stream"}


def test_coin_whose_history_fails_is_named_and_asked_again(empty: Settings, faulty) -> None:
    faulty.append(Fault("500", path="/coins/bitcoin/market_chart", times=10))
    settings = settings_for(empty.data_dir, coins=("bitcoin", "ethereum"))
    report = refresh(settings)
    assert report.fetch is not None
    assert len(report.fetch.failures) == 1
    assert "/coins/bitcoin/market_chart" in report.fetch.failures[0]
    assert report.fetch.calls["market_chart"] == 1

    faulty.clear()
    visit = fetched(settings)
    assert (visit.calls["market_chart"], visit.failures) == (1, [])


def test_malformed_rows_are_rejected_with_reason_and_payload(empty: Settings, faulty) -> None:
    faulty.append(Fault("malformed_rows", path="/coins/markets"))
    refresh(empty)
    snapshot = snapshots.current(empty.published_dir)
    rejected = snapshots.table(snapshot, "fct_rejected_rows")
    audit = snapshots.table(snapshot, "fct_load_audit").set_index("table_name")

    assert len(rejected) == audit.rejected_count["coingecko_markets"] == 7
    assert {"no id", "no time", "time in the future", "not an object"} <= set(rejected.reason)
    assert rejected.payload.str.len().gt(0).all()


def forget_tested(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Have the next job test every day, and not those alone that it changes."""
    warehouse.sql("drop table builds.tested")


def test_failing_dbt_test_stops_with_its_name_count_and_rows(built: Settings) -> None:
    before = snapshots.current(built.published_dir)
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        # An observation in a table that no longer knows its source.
        warehouse.sql(
            "update intermediate.int_price_observations set coin_id = 'bitcoin',"
            " observed_at = timestamp '2026-10-30 00:00:00.5', source = 'coingecko'"
            " where coin_id in ('dogecoin', 'pepe') and observed_date = date '2026-10-30'"
        )
        forget_tested(warehouse)
    with pytest.raises(JobError) as failure:
        refresh(built)
    assert failure.value.code == ExitCode.CHECK_FAILED
    assert "unique_grain_int_price_observations" in str(failure.value)
    assert "rows, for example source=coingecko, coin_id=bitcoin" in str(failure.value)
    assert snapshots.current(built.published_dir) == before


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("price_usd = -1", "price_usd = price"),
        ("price_usd = null", "(price_usd is not null) = (currency = 'usd')"),
        ("price = null, price_usd = null", "price is not null"),
    ],
)
def test_failing_claim_is_named_among_those_of_its_model(
    built: Settings, change: str, broken: str
) -> None:
    with duckdb.connect(str(built.warehouse_path)) as warehouse:
        warehouse.sql(
            f"update staging.stg_coingecko__market_chart_points set {change}"  # noqa: S608
            " where coin_id = 'bitcoin' and observed_at = (select min(observed_at)"
            " from staging.stg_coingecko__market_chart_points where coin_id = 'bitcoin')"
        )
        forget_tested(warehouse)
    model = "stg_coingecko__market_chart_points"
    tests = ["test", "--exclude-resource-type", "unit_test", "--select", model]
    failures = " ".join(invoke(built, [*tests, *CHANGED_DAYS_ONLY]).failures)
    assert f"holds_{model}" in failures
    assert f"1 rows, for example broken_claim={broken}, " in failures
    assert "coin_id=bitcoin" in failures


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("--source", "nowhere"), {}, "simulated"),
        (("--source", "replay"), {}, "--recordings"),
        (("--recordings", "x.ndjson"), {}, "--source replay"),
        (("--source", "replay", "--recordings", "/nonexistent.ndjson"), {}, "no recording"),
        (("--coins", "0"), {}, "1 to 1000"),
        (("--coins", ","), {}, "CoinGecko ids"),
        (("--as-of", "yesterday"), {}, "ISO 8601"),
        (("--source", "live", "--as-of", "2026-01-01"), {}, "simulated"),
        (("--history-days", "0"), {}, "1<=x<=365"),
        ((), {"COINGECKO_PLAN": "gold"}, "COINGECKO_PLAN"),
        ((), {"COINGECKO_PLAN": "pro"}, "COINGECKO_API_KEY"),
        ((), {"COINGECKO_CALLS_PER_MINUTE": "many"}, "COINGECKO_CALLS_PER_MINUTE"),
        ((), {"CRYPTO_CA_BUNDLE": "/nonexistent.pem"}, "CRYPTO_CA_BUNDLE"),
    ],
)
def test_usage_and_configuration_end_with_2(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    outcome = command("--data-dir", str(tmp_path / "data"), *arguments, **environment)
    assert outcome.returncode == ExitCode.USAGE
    assert said in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_unreachable_source_ends_with_3(tmp_path: Path) -> None:
    """No proxy listens on port 9, so that CoinGecko cannot be reached from here."""
    outcome = command(
        "--source", "live", "--data-dir", str(tmp_path), HTTPS_PROXY="http://127.0.0.1:9"
    )
    assert outcome.returncode == ExitCode.SOURCE
    assert "coingecko cannot be reached" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_folder_that_cannot_be_written_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = command("--data-dir", str(tmp_path / "file" / "data"))
    assert outcome.returncode == ExitCode.USAGE
    assert "cannot be used" in outcome.stderr


def test_dry_run_changes_nothing(tmp_path: Path) -> None:
    outcome = command("--data-dir", str(tmp_path / "data"), "--dry-run")
    assert outcome.returncode == ExitCode.DONE
    assert "90 days of history" in outcome.stdout
    assert not (tmp_path / "data").exists()


def test_help_says_every_option_and_exit_code() -> None:
    outcome = command("--help")
    assert outcome.returncode == ExitCode.DONE
    for option in ("source", "recordings", "data-dir", "coins", "history-days", "as-of",
                   "full-refresh", "select", "dry-run"):  # fmt: skip
        assert f"--{option}" in outcome.stdout
    said = " ".join(outcome.stdout.split())
    assert "4 another refresh is running" in said
    assert "5 the disk or the warehouse on it cannot be used" in said
    assert "130 or 143 stopped" in said
