"""What the quality page tells, in figures that come from the marts."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from tests.dashboard.conftest import (
    OpenPage,
    current,
    declare_files,
    healthy,
    republish,
    texts,
)


def test_quality_shows_both_gates_and_every_test(open_page: OpenPage, published: Path) -> None:
    manifest = json.loads((current(published) / "manifest.json").read_text())
    app = open_page("quality")
    told = texts(app)
    for gate in manifest["gates"].values():
        assert f"{gate['expectation_count']} expectations on {gate['table_count']} tables" in told
    labels = [expander.label for expander in app.expander]
    assert any(f"{len(manifest['dbt']['data_tests'])} tests" in label for label in labels)


def test_quality_shows_repaired_fields_and_ids_without_a_coin(
    open_page: OpenPage, published: Path
) -> None:
    def odd(folder: Path) -> None:
        add_row(
            folder,
            "fct_repaired_fields",
            "('a:1:0:total_volume', 'a', 'coingecko', "
            "'coingecko_markets', 'total_volume', '-5', 'below 0', 'a:1', 0, now()::timestamp)",
        )
        add_row(
            folder,
            "fct_unmapped_ids",
            "('stream', 'NEW-USD', 3, now()::timestamp, now()::timestamp)",
        )

    republish(published, "odd", odd)
    app = open_page("quality")
    healthy(app)
    assert "Repaired fields" in texts(app)
    [shown] = [table.value for table in app.dataframe if "For example" in table.value]
    assert shown["For example"].tolist() == ["-5"]
    assert "NEW-USD" in "".join(text.value for text in app.text)


def test_quality_shows_answers_without_data(open_page: OpenPage, published: Path) -> None:
    page = "<h1>Please stand by</h1>"

    def refused(folder: Path) -> None:
        add_row(
            folder,
            "fct_refused_answers",
            "('a:1', 'a', 'coingecko', 'markets', 'coingecko_markets', '/coins/markets', 502, 502, "
            f"'not JSON', now()::timestamp, 24, '{page}')",
        )

    republish(published, "refused", refused)
    app = open_page("quality")
    healthy(app)
    [shown] = [table.value for table in app.dataframe if "It begins" in table.value]
    assert (shown["Bytes"].tolist(), shown["It begins"].tolist()) == ([24], [page])


def test_quality_lists_the_coins_that_a_person_should_decide_on(
    open_page: OpenPage, published: Path
) -> None:
    def undecided(folder: Path) -> None:
        row = "20, date '2026-10-01', date '2026-11-01', 31)"
        for coin, values in {
            "pepe": f"true, 'tracks_dollar', null, 99.5, {row}",
            "dogecoin": f"true, 'tracks_coin', 'pepe', 12.25, {row}",
            "bitcoin": f"false, 'tracks_coin', 'pepe', 12.25, {row}",
        }.items():
            add_row(folder, "fct_suspected_coins", f"('{coin}', {values}")

    republish(published, "undecided", undecided)
    app = open_page("quality")
    healthy(app)
    assert "Coins to decide on" in texts(app)
    [shown] = [table.value for table in app.dataframe if "Follows" in table.value]
    assert dict(zip(shown["Id"], shown["Follows"], strict=True)) == {
        "pepe": "the dollar",
        "dogecoin": "pepe",
    }


def add_row(folder: Path, mart: str, row: str) -> None:
    """A further row, as SQL, in a mart of an unpublished copy."""
    path = str(folder / f"{mart}.parquet")
    with duckdb.connect(":memory:") as memory:
        memory.sql(f"create table {mart} as from read_parquet('{path}')")
        memory.sql(f"insert into {mart} values {row}")  # noqa: S608
        memory.table(mart).write_parquet(path)
    declare_files(folder)


def test_quality_links_to_the_sites_that_the_server_holds(open_page: OpenPage) -> None:
    links = [link.proto.url for link in open_page("quality").get("link_button")]
    assert links == ["files/quality/index.html", "files/models"]
