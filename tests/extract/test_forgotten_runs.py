"""A run that raw forgets is taken up again from landing, with the rows refused that were listed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from extract.pipeline import RawStore
from extract.raw_tables import RAW_TABLES
from extract.set_aside import SetAsideRow, add, fingerprint, listed
from extract.settings import Settings
from tests.engines import postgres_settings
from tests.extract.answers import NOW, land, markets, quote


@pytest.fixture(params=["duckdb", "postgres", "spark"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    here = nullcontext(Settings(data_dir=tmp_path / "data", target=request.param))
    with postgres_settings(tmp_path / "data") if request.param == "postgres" else here as found:
        yield found


def load(settings: Settings) -> RawStore:
    store = RawStore(settings)
    list(store.load(store.pending()))
    return store


def counts(store: RawStore) -> dict[str, int]:
    found = {table: store.query(f"select count(*) from {table}") for table in RAW_TABLES}  # noqa: S608
    return {table: rows[0][0] for table, rows in found.items() if rows[0][0]}


def test_a_forgotten_run_comes_again_without_the_refused_rows(settings: Settings) -> None:
    kept = land(settings.landing_dir, markets([quote(), quote("dogecoin", total_volume=-1)]))
    load(settings)
    later = [markets([quote("pepe"), quote("bonk", ath_date="x"), quote(id=None)]), markets([])]
    refused = land(settings.landing_dir, *later, now=NOW + timedelta(hours=1))
    store = load(settings)
    before = counts(store)
    assert before == {"coingecko_markets": 4, "repaired_fields": 2, "rejected_rows": 1,
                      "landed_responses": 3}  # fmt: skip
    [run_id] = {landed.run_id for landed in refused}
    [load_id] = store.loads_of(run_id)
    assert store.runs_of(load_id) == [run_id]

    store.forget([run_id])
    assert counts(store) == {"coingecko_markets": 2, "repaired_fields": 1, "landed_responses": 1}
    assert [landed.response_id for landed in store.pending()] == [
        landed.response_id for landed in refused
    ]

    row_id = f"{refused[0].response_id}:0"
    add(settings.set_aside_path, [SetAsideRow(row_id, "prices differ", run_id)])
    store = load(settings)
    assert counts(store) == before | {"coingecko_markets": 3, "rejected_rows": 2}
    assert store.query("select row_id from rejected_rows where reason = 'set aside: prices differ'")
    assert not list(store.pending())
    assert store.loads_of(kept[0].run_id) != store.loads_of(run_id)


def test_the_list_survives_a_torn_line_and_knows_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "list.ndjson"
    assert (listed(path), fingerprint(path)) == ({}, fingerprint(tmp_path / "none"))
    rows = [SetAsideRow(f"run:1:{n}", 'it\'s "odd"\n', "run") for n in range(3)]
    assert (add(path, rows[:2]), add(path, rows)) == (2, 1)
    assert listed(path) == {row.row_id: row.reason for row in rows}
    held = fingerprint(path)

    with path.open("a") as file:
        file.write('{"row_id": "run:1:')
    assert fingerprint(path) == held
    assert add(path, [SetAsideRow("run:2:0", "late", "run")]) == 1
    assert list(listed(path)) == ["run:1:0", "run:1:1", "run:1:2", "run:2:0"]
    assert fingerprint(path) != held
