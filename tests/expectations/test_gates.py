# ruff: noqa: S608

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.gates import WarehouseUnavailableError, breach_message, build_docs, run_gate
from expectations.results import Breach, GateResult
from tests.expectations.warehouse import NEW_LOAD, OLD_LOAD, url_of

Execute = Callable[[str], None]
NO_SUCH_LOAD = 9


def claims(result: GateResult) -> list[tuple[str, str]]:
    return [(breach.table, breach.expectation) for breach in result.breaches]


def test_good_warehouse_passes_both_gates(good_warehouse: Path, tmp_path: Path) -> None:
    raw = run_gate("raw", url_of(good_warehouse), tmp_path, [NEW_LOAD])
    marts = run_gate("marts", url_of(good_warehouse), tmp_path)

    assert claims(raw) == claims(marts) == []
    assert raw.passed
    assert marts.passed
    assert (raw.table_count, marts.table_count) == (6, 15)
    assert raw.expectation_count > 40
    assert marts.expectation_count > 50
    assert raw.row_counts["coingecko_markets"] == 12
    assert marts.row_counts["fct_hourly_prices"] == 336


def test_one_critical_breach_stops_the_run_and_is_first(
    warehouse: Path, poison: Execute, tmp_path: Path
) -> None:
    poison("update raw.stream_ticks set price = 0 where row_index = 1")
    poison("update raw.coingecko_markets set total_volume = 0 where row_index = 1")

    result = run_gate("raw", url_of(warehouse), tmp_path, [NEW_LOAD])

    assert not result.passed
    assert claims(result) == [
        ("stream_ticks", "price is a positive finite number"),
        ("coingecko_markets", "total_volume is above 0"),
    ]
    manifest = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert manifest["passed"] is False
    assert (manifest["critical_count"], manifest["warning_count"]) == (1, 1)
    assert manifest["breaches"][0]["sample_rows"][0]["price"] == 0


def test_a_warning_alone_does_not_stop_the_run(
    warehouse: Path, poison: Execute, tmp_path: Path
) -> None:
    poison("update marts.fct_coverage_daily set coverage_pct = 50 where hours_seen = 24")

    result = run_gate("marts", url_of(warehouse), tmp_path)

    assert result.passed
    assert [breach.row_count for breach in result.warnings] == [12]
    assert len(result.warnings[0].sample_rows) == 5


def test_poison_in_an_older_load_is_seen_only_without_load_numbers(
    warehouse: Path, poison: Execute, tmp_path: Path
) -> None:
    poison(
        "update raw.coingecko_markets set current_price = -1 "
        f"where row_index = 1 and load_number = {OLD_LOAD}"
    )

    restricted = run_gate("raw", url_of(warehouse), tmp_path, [NEW_LOAD])
    everything = run_gate("raw", url_of(warehouse), tmp_path)

    assert claims(restricted) == []
    assert [breach.row_count for breach in everything.critical] == [1]


@pytest.mark.parametrize("load_numbers", [[NO_SUCH_LOAD], []])
def test_empty_batches_break_nothing(
    good_warehouse: Path, tmp_path: Path, load_numbers: list[int]
) -> None:
    result = run_gate("raw", url_of(good_warehouse), tmp_path, load_numbers)

    assert claims(result) == []
    assert set(result.row_counts.values()) == {0}


def test_tables_that_a_warehouse_need_not_have_are_skipped(
    warehouse: Path, poison: Execute, tmp_path: Path
) -> None:
    for table in ("stream_ticks", "coingecko_market_chart", "rejected_rows", "repaired_fields"):
        poison(f"drop table raw.{table}")

    result = run_gate("raw", url_of(warehouse), tmp_path, [NEW_LOAD])

    assert claims(result) == []
    assert set(result.row_counts) == {"coingecko_markets", "landed_responses"}


@pytest.mark.parametrize(
    "harmless",
    [
        # The price of the hour before held for most of the hour.
        "update marts.fct_hourly_prices set time_weighted_price_usd = 140 "
        "where coin_id = 'coin-1' and price_hour = timestamp '2026-01-01 05:00:00';"
        "update marts.fct_hourly_prices set close_price_usd = 149, high_price_usd = 149 "
        "where coin_id = 'coin-1' and price_hour = timestamp '2026-01-01 04:00:00'",
        "update marts.fct_coverage_daily set coverage_pct = null, hours_expected = 0 "
        "where hours_seen = 3",
        "update marts.dim_coins set peg_currency = 'eur';"
        "update marts.fct_hourly_prices set close_price_usd = 1.08, high_price_usd = 1.09 "
        "where coin_id = 'coin-12'",
        "update marts.fct_daily_rankings set performance_rank = null, change_24h_pct = null, "
        "exclusion_reason = 'no_change' where coin_id = 'coin-10';"
        "update marts.fct_market_breadth_daily set declining_count = declining_count - 1, "
        "ranked_count = ranked_count - 1",
    ],
    ids=["price held from the hour before", "no hour expected", "euro peg", "no change"],
)
def test_odd_but_right_marts_pass(
    warehouse: Path, poison: Execute, tmp_path: Path, harmless: str
) -> None:
    poison(harmless)
    assert claims(run_gate("marts", url_of(warehouse), tmp_path)) == []


def test_an_expectation_that_cannot_be_evaluated_is_a_breach(
    warehouse: Path, poison: Execute, tmp_path: Path
) -> None:
    poison("alter table marts.fct_hourly_prices alter sample_count type varchar using 'many'")

    result = run_gate("marts", url_of(warehouse), tmp_path)

    assert claims(result) == [("fct_hourly_prices", "sample_count is at least 1")]
    assert result.critical[0].row_count is None
    message = breach_message(result.critical[0])
    assert "could not be evaluated" in message
    assert "Cannot compare values" in message
    assert "select" not in message.lower()


def test_the_warehouse_can_be_opened_by_anyone_afterwards(warehouse: Path, tmp_path: Path) -> None:
    run_gate("raw", url_of(warehouse), tmp_path / "docs", [NEW_LOAD])

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table public_note as select 1 as n")
    other_process = (
        "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('drop table public_note')"
    )
    subprocess.run([sys.executable, "-c", other_process, str(warehouse)], check=True)


def test_a_breach_leaves_no_connection_either(
    warehouse: Path, poison: Execute, tmp_path: Path
) -> None:
    poison("update raw.coingecko_markets set current_price = -1")
    run_gate("raw", url_of(warehouse), tmp_path)
    poison("update raw.coingecko_markets set current_price = 1")


def test_a_held_warehouse_is_named(warehouse: Path, tmp_path: Path) -> None:
    with (
        duckdb.connect(str(warehouse)),
        pytest.raises(WarehouseUnavailableError, match=r"warehouse\.duckdb could not be opened"),
    ):
        run_gate("raw", url_of(warehouse), tmp_path)


@pytest.mark.parametrize("load_number", ["1; drop table x; --", "", "12", 1.5, True, None])
def test_only_whole_numbers_reach_a_query(load_number: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no load numbers"):
        run_gate("raw", "duckdb:////nowhere.duckdb", tmp_path, [load_number])


def test_unknown_gate(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown gate 'staging'"):
        run_gate("staging", "duckdb:////nowhere.duckdb", tmp_path)


def test_a_missing_file_is_not_created(tmp_path: Path) -> None:
    path = tmp_path / "absent.duckdb"
    with pytest.raises(FileNotFoundError, match=r"absent\.duckdb"):
        run_gate("raw", url_of(path), tmp_path)
    assert not path.exists()


def test_a_gate_is_silent_and_writes_only_under_the_docs_folder(
    warehouse: Path,
    poison: Execute,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    docs = tmp_path / "docs"
    for folder in ("home", "here"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")

    poison("update raw.coingecko_markets set current_price = -1")

    with caplog.at_level(logging.WARNING):
        run_gate("raw", url_of(warehouse), docs, [NEW_LOAD])
        build_docs(docs)

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert list(recwarn) == []
    written = {
        path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()
    }
    assert written == {"docs", "warehouse.duckdb"}


def test_importing_the_gates_does_not_import_the_library() -> None:
    probe = (
        "import sys, expectations.gates, expectations.results; "
        "assert not {'great_expectations', 'sqlalchemy', 'duckdb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", probe], check=True)


def test_breach_message_is_one_line() -> None:
    breach = Breach(
        gate="raw",
        table="coingecko_markets",
        expectation="current_price is a positive finite number",
        severity="critical",
        row_count=1200,
        sample_rows=[{"id": f"coin-{n}", "current_price": -1.0} for n in range(5)],
        observed="two\nlines",
    )
    assert breach_message(breach, max_rows=2) == (
        'critical: raw.coingecko_markets: "current_price is a positive finite number" '
        "does not hold for 1,200 rows; two lines; for example "
        '{"id": "coin-0", "current_price": -1.0}, {"id": "coin-1", "current_price": -1.0}'
    )
