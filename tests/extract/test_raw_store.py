"""Landing goes into raw once, whole, and with the types that are written down."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from dlt.load.load import Load
from dlt.pipeline.pipeline import Pipeline

from extract import pipeline
from extract.landing import CLOSING_BYTES, Landed, archives
from extract.pipeline import RawStore
from extract.raw_tables import INSTANT, INTEGER, LOAD_NUMBER, NUMBER, RAW_TABLES, TEXT
from extract.reading import batches
from tests.extract import answers
from tests.extract.answers import NOW, chart, land, market_chart, markets, ms, quote

DUCKDB_TYPES = {
    TEXT: "VARCHAR",
    NUMBER: "DOUBLE",
    INTEGER: "BIGINT",
    INSTANT: "TIMESTAMP WITH TIME ZONE",
}
LAST_BATCH = ms(NOW) // 5_000 - 1


def load(store: RawStore) -> int:
    return sum(store.load(store.pending()))


def contents(store: RawStore) -> dict[str, list[tuple]]:
    """Every row of raw without the load that brought it."""
    found = {}
    for table, schema in RAW_TABLES.items():
        columns = ", ".join(name for name in schema.names if name != LOAD_NUMBER)
        found[table] = store.query(f"select {columns} from {table} order by all")  # noqa: S608
    return found


def load_numbers(store: RawStore, table: str) -> set[int]:
    return {number for (number,) in store.query(f"select {LOAD_NUMBER} from {table}")}  # noqa: S608


def every_table(store: RawStore) -> list[Landed]:
    """One run that brings rows to every table."""
    return land(
        store._landing_dir,
        markets([quote(), quote("dai"), quote(id=None)]),
        market_chart("bitcoin", chart((NOW - timedelta(hours=1), 1), (NOW, 2))),
        answers.batches(LAST_BATCH - 1, 2),
        markets("Throttled", status=429),
    )


def test_landed_answers_are_loaded_once(store) -> None:
    landed = every_table(store)
    assert load(store) == 3 + 2 + 2 + 4
    first = contents(store)
    assert [len(rows) for rows in first.values()] == [2, 2, 2, 1, 0, 4]

    assert list(store.pending()) == []
    assert load(store) == 0
    assert sum(store.load(landed)) == 11
    assert contents(store) == first
    # An answer tells which load finished it; rows stay with the one that brought them.
    assert load_numbers(store, "landed_responses") == {2}
    for table in set(RAW_TABLES) - {"landed_responses", "repaired_fields"}:
        assert load_numbers(store, table) == {1}, table


def test_only_what_is_behind_the_last_load_is_pending(store) -> None:
    first = land(store._landing_dir, markets([quote("a")]), now=NOW)
    assert list(store.pending()) == first
    load(store)
    later = land(store._landing_dir, markets([quote("b")]), now=NOW + timedelta(hours=2))
    latest = land(store._landing_dir, markets([quote("c")]), now=NOW + timedelta(hours=3))
    late = land(store._landing_dir, markets([quote("d")]), now=NOW + timedelta(hours=1))
    assert list(store.pending()) == [*late, *later, *latest]
    list(store.load(later))
    assert list(store.pending()) == [*late, *latest]


def test_an_archive_that_grew_is_read_on_from_where_it_was_left(store) -> None:
    landed = land(store._landing_dir, *(markets([quote(coin)]) for coin in "abc"))
    list(store.load(landed[:1]))
    assert list(store.pending()) == landed[1:]
    assert load(store) == 4
    assert store.query("select count(*), count(distinct id) from coingecko_markets") == [(3, 3)]


def test_a_torn_tail_keeps_nothing_back_and_is_not_loaded(store) -> None:
    landed = land(store._landing_dir, markets([quote("a")]), markets([quote("b")]))
    [path] = archives(store._landing_dir)
    path.write_bytes(path.read_bytes()[: -CLOSING_BYTES - 9])
    assert list(store.pending()) == landed[:1]
    load(store)
    assert list(store.pending()) == []


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Makes a step of dlt die; it works again when the list is emptied."""
    deadly: list[str] = []

    def kill(owner: type, name: str, after: bool = False) -> None:
        step = getattr(owner, name)

        def dies(*args, **kwargs):
            if name not in deadly:
                return step(*args, **kwargs)
            if after:
                step(*args, **kwargs)
            raise KeyboardInterrupt(name)

        monkeypatch.setattr(owner, name, dies)

    kill(Pipeline, "normalize")
    kill(Pipeline, "load")
    kill(Load, "initialize_package", after=True)
    kill(Load, "complete_package")
    kill(Load, "_maybe_truncate_staging_dataset")
    yield deadly


@pytest.mark.parametrize(
    ("is_first", "step"),
    [
        (True, "normalize"),
        (True, "load"),
        (True, "initialize_package"),
        (True, "complete_package"),
        (False, "complete_package"),
        (False, "_maybe_truncate_staging_dataset"),
    ],
)
def test_an_interrupted_load_is_made_again_without_loss_or_doubling(
    store, settings, killed_at, step, is_first
) -> None:
    if not is_first:
        land(store._landing_dir, markets([quote("eos")]), now=NOW - timedelta(days=1))
        load(store)
    every_table(store)
    killed_at.append(step)
    with pytest.raises(BaseException, match=step):
        load(store)
    killed_at.clear()
    land(store._landing_dir, markets([quote("iota")]), now=NOW + timedelta(hours=1))

    again = RawStore(settings)
    load(again)
    found = [len(rows) for rows in contents(again).values()]
    assert found == ([3, 2, 2, 1, 0, 5] if is_first else [4, 2, 2, 1, 0, 6])
    for table, schema in RAW_TABLES.items():
        key = schema.names[0]
        assert again.query(f"select count(*) - count(distinct {key}) from {table}") == [(0,)]  # noqa: S608
    assert list(again.pending()) == []
    assert load(again) == 0


def columns_of(store: RawStore) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in store.query(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = 'raw' and table_name not like '\\_dlt%' escape '\\'"
    ):
        found.setdefault(table, {})[column] = kind
    return found


def test_columns_have_their_written_types_whatever_comes_first(store) -> None:
    """Whole before broken numbers, nulls alone, and tables without a row."""
    expected = {
        table: {field.name: DUCKDB_TYPES[field.type] for field in schema}
        | {"_dlt_load_id": "VARCHAR"}
        for table, schema in RAW_TABLES.items()
    }
    land(store._landing_dir, markets([quote(current_price=62000, market_cap_rank=None)]))
    load(store)
    assert columns_of(store) == expected

    land(
        store._landing_dir,
        markets([quote(current_price=62000.5, total_volume=1.2e-5, roi={"times": 1})]),
        answers.batches(LAST_BATCH, 1),
    )
    load(store)
    assert columns_of(store) == expected
    prices = store.query("select current_price, total_volume from coingecko_markets order by all")
    assert prices == [(62000.0, None), (62000.5, 1.2e-5)]


def test_loads_are_of_bounded_size_and_lose_nothing(store, settings, monkeypatch) -> None:
    monkeypatch.setattr(pipeline, "batches", partial(batches, rows_a_load=3))
    land(store._landing_dir, *(markets([quote(coin)]) for coin in "abc"))
    # A quote and the response's own row make two.
    assert list(store.load(store.pending())) == [4, 2]
    assert store.query("select count(*) from _dlt_loads where status = 0") == [(2,)]
    assert store.query("select count(distinct id) from coingecko_markets") == [(3,)]


def test_what_was_loaded_before_an_interruption_is_not_pending(
    store, settings, monkeypatch, killed_at
) -> None:
    monkeypatch.setattr(pipeline, "batches", partial(batches, rows_a_load=1))
    landed = land(store._landing_dir, *(markets([quote(coin)]) for coin in "ab"))
    loads = store.load(store.pending())
    next(loads)
    killed_at.append("complete_package")
    with pytest.raises(BaseException, match="complete_package"):
        next(loads)
    killed_at.clear()
    again = RawStore(settings)
    assert list(again.pending()) == landed[1:]
    load(again)
    assert list(again.pending()) == []


def test_the_number_of_rows_of_a_batch_is_bounded_by_responses() -> None:
    landed = [Landed(markets([quote("a"), quote("b")]), f"s/d/{n}.ndjson.gz", 9) for n in range(4)]
    assert [batch.row_count for batch in batches(landed, rows_a_load=6)] == [6, 6]
    assert [batch.row_count for batch in batches(landed, rows_a_load=1)] == [3, 3, 3, 3]
    assert [batch.row_count for batch in batches(landed)] == [12]
    assert list(batches([])) == []


def test_without_dlts_own_folder_raw_is_carried_on(store, settings) -> None:
    every_table(store)
    load(store)
    before = contents(store)
    shutil.rmtree(settings.dlt_dir)
    again = RawStore(settings)
    assert list(again.pending()) == []
    land(settings.landing_dir, markets([quote("eos")]), now=NOW + timedelta(hours=1))
    load(again)
    after = contents(again)
    assert len(after["coingecko_markets"]) == len(before["coingecko_markets"]) + 1
    assert after["stream_ticks"] == before["stream_ticks"]


def test_a_warehouse_made_anew_from_landing_is_the_same_row_for_row(store, settings) -> None:
    every_table(store)
    land(settings.landing_dir, markets([quote("eos")]), now=NOW + timedelta(hours=1))
    load(store)
    before = contents(store)
    settings.warehouse_path.unlink()
    shutil.rmtree(settings.dlt_dir)
    anew = RawStore(settings)
    load(anew)
    assert contents(anew) == before


def test_before_the_first_load_raw_answers_with_nothing(store) -> None:
    assert store.query("select * from landed_responses") == []
    assert list(store.pending()) == []


def test_loads_leave_no_files_behind(store, settings, killed_at) -> None:
    """dlt would keep every package, finished or aborted."""
    counts = []
    for number in range(6):
        land(
            store._landing_dir,
            markets([quote(f"coin-{number}")]),
            now=NOW + timedelta(hours=number),
        )
        if number == 3:
            killed_at.append("load")
            with pytest.raises(BaseException, match="load"):
                load(store)
            killed_at.clear()
        load(store)
        counts.append(sum(path.is_file() for path in settings.dlt_dir.rglob("*")))
    assert len(set(counts)) == 1
    assert counts[0] < 10
