"""A build of some models, or with other settings, leaves no hole that a later one does not fill."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from extract.settings import Settings
from pipeline.dbt_build import CHANGED_DAYS_ONLY, invoke
from pipeline.exit_codes import ExitCode, JobError
from pipeline.job import Job
from tests import snapshots
from tests.conftest import AS_OF, quiet_stage, refresh, settings_for

LATER = AS_OF + timedelta(minutes=30)
STREAM_ALONE = "stg_stream__ticks+"
# What grows by the days of closes.
OF_CLOSES = ("int_close_neighbours", "int_tracked_coins")


def set_variable(project: Path, name: str, value: object) -> None:
    file = project / "dbt_project.yml"
    content = yaml.safe_load(file.read_text())
    content["vars"][name] = value
    file.write_text(yaml.safe_dump(content))


def built_whole(settings: Settings) -> Path:
    """The marts as a build from scratch makes them now."""
    snapshot = Job(settings, quiet_stage).build_and_publish(full_refresh=True).snapshot
    assert snapshot is not None
    return snapshot


@pytest.fixture(scope="module")
def whole_later(worker_dir: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The marts as a build from scratch makes them after another refresh."""
    data = worker_dir / "data"
    shutil.copytree(template, data, symlinks=True)
    refresh(settings_for(data, as_of=LATER), full_refresh=True)
    kept = data.rename(tmp_path_factory.mktemp("whole") / "data")
    return snapshots.current(kept / "published")


@contextmanager
def query(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        yield warehouse


def test_a_selection_with_news_waiting_is_widened_and_says_so(
    whole_later: Path, built: Settings
) -> None:
    report = refresh(settings_for(built.data_dir, as_of=LATER), select=STREAM_ALONE)

    assert report.widened
    assert report.snapshot is not None
    snapshots.assert_equal(report.snapshot, whole_later, leave_out=snapshots.TABLES_OF_LOADS)


def test_a_selection_with_nothing_waiting_is_kept(built: Settings) -> None:
    report = Job(built, quiet_stage).build_and_publish(select="dim_coin_symbols")
    assert not report.widened
    assert report.dbt is not None
    assert report.dbt.models < 10


def test_models_built_apart_by_hand_take_up_what_they_left(
    whole_later: Path, built: Settings
) -> None:
    """`dbt build --select` with news waiting, then an ordinary refresh."""
    later = settings_for(built.data_dir, as_of=LATER)
    job = Job(later, quiet_stage)
    job.fetch()
    job.load()
    assert not invoke(later, ["run", "--select", STREAM_ALONE]).failures

    report = Job(later, quiet_stage).build_and_publish()
    assert report.snapshot is not None
    snapshots.assert_equal(report.snapshot, whole_later, leave_out=snapshots.TABLES_OF_LOADS)


def test_a_changed_variable_rebuilds_what_it_decides_and_says_so(
    built: Settings, project: Path
) -> None:
    set_variable(project, "as_of_tolerance_minutes", 30)
    report = Job(built, quiet_stage).build_and_publish()

    assert report.dbt is not None
    assert set(report.dbt.rebuilt) == {
        "int_price_changes",
        "int_alert_signals",
        "int_daily_closes",
        *OF_CLOSES,
    }
    assert report.snapshot is not None
    snapshots.assert_equal(report.snapshot, built_whole(built), leave_out=snapshots.TABLES_OF_LOADS)
    assert invoke(built, ["run", *CHANGED_DAYS_ONLY]).rebuilt == []


def test_a_changed_seed_or_macro_rebuilds_what_follows_from_it(
    built: Settings, project: Path
) -> None:
    ids = project / "dbt_project/seeds/coin_source_ids.csv"
    lines = [line for line in ids.read_text().splitlines() if "PEPE" not in line]
    ids.write_text("\n".join(lines) + "\nstream,PEPE-USD,dogecoin\n")
    rebuilt = invoke(built, ["run"]).rebuilt
    assert set(rebuilt) == {
        "int_price_observations",
        "int_price_changes",
        "int_alert_signals",
        "int_daily_closes",
        *OF_CLOSES,
        "fct_hourly_prices",
    }

    macro = project / "dbt_project/macros/time.sql"
    macro.write_text(macro.read_text().replace("interval '1 day'", "interval '24 hours'"))
    assert set(invoke(built, ["run"]).rebuilt) == {"int_daily_closes", *OF_CLOSES}


def test_a_model_whose_code_changed_is_rebuilt_with_what_follows(
    built: Settings, project: Path
) -> None:
    model = project / "dbt_project/models/staging/stream/stg_stream__ticks.sql"
    text = model.read_text()
    assert text.count('in_usd("price")') == 1
    model.write_text(text.replace('in_usd("price")', 'in_usd("2 * price")'))
    result = invoke(built, ["run"])
    assert "stg_stream__ticks" in result.rebuilt
    assert "stg_coingecko__markets" not in result.rebuilt
    with query(built) as warehouse:
        [(share,)] = warehouse.execute(
            "select avg(observations.price_usd / ticks.price)"
            " from intermediate.int_price_observations as observations"
            " inner join raw.stream_ticks as ticks"
            " on observations.observed_at = timezone('UTC', ticks.event_at)"
            " where observations.source = 'stream' and observations.coin_id = 'bitcoin'"
            " and ticks.product_id = 'BTC-USD'"
        ).fetchall()
    assert share == pytest.approx(2)


def test_news_too_large_for_its_memory_is_built_without_the_limit(
    whole_later: Path, built: Settings, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    set_variable(project, "duckdb_memory", "1MB")
    report = refresh(settings_for(built.data_dir, as_of=LATER))

    assert "building again without that limit" in caplog.text
    assert report.snapshot is not None
    snapshots.assert_equal(report.snapshot, whole_later, leave_out=snapshots.TABLES_OF_LOADS)


def test_what_no_model_owns_is_dropped_named_and_not_published(built: Settings) -> None:
    with query(built) as warehouse:
        warehouse.execute("create table marts.fct_retired as select 1 as coin_id")
        warehouse.execute('create view marts."odd name" as select 1 as coin_id')
    report = Job(built, quiet_stage).build_and_publish()

    assert report.dbt is not None
    assert set(report.dbt.dropped) == {"marts.fct_retired", "marts.odd name"}
    assert report.snapshot is not None
    assert not list(report.snapshot.glob("*retired*"))
    with query(built) as warehouse:
        assert not warehouse.execute(
            "select 1 from information_schema.tables where table_name = 'fct_retired'"
        ).fetchall()


def test_kinds_never_mix_where_only_the_warehouse_remembers(built: Settings) -> None:
    shutil.rmtree(built.landing_dir)
    with pytest.raises(JobError, match="holds a simulated market") as failure:
        refresh(
            settings_for(
                built.data_dir, source_kind="replay", recordings=built.data_dir, as_of=None
            )
        )
    assert failure.value.code == ExitCode.USAGE
