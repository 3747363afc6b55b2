"""What holds for all pages: they open, and say politely what they lack."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from published import reading as snapshot
from streamlit_app import frame
from tests.dashboard.conftest import (
    PAGES,
    OpenPage,
    current,
    edit_manifest,
    healthy,
    republish,
    texts,
    without_mart,
    without_rows,
)

# Marts that came after the first snapshots were published.
YOUNGER_MARTS = {
    "fct_market_breadth_daily": "market",
    "fct_threshold_episodes": "alerts",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_on_the_snapshot(page: str, open_page: OpenPage) -> None:
    app = open_page(page)
    healthy(app)
    assert not app.error
    assert [title.value for title in app.title] == [page.capitalize()]
    told = texts(app)
    assert "2026-11-01 12:05 UTC" in told
    assert "Simulated market" in told
    assert "https://www.coingecko.com" in told


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_any_row_says_what_to_do(
    page: str, open_page: OpenPage, published: Path
) -> None:
    republish(published, "empty", without_rows)
    app = open_page(page)
    healthy(app)
    assert not app.error
    assert app.info or app.success


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def overwrite_the_middle(path: Path) -> None:
    """As many bytes as before, so that only reading them shows the damage."""
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * (len(content) - 8) + content[-4:])


DAMAGES = {
    "torn manifest": (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "manifest.json"),
    "manifest of a wrong shape": (
        lambda folder: edit_manifest(folder, lambda manifest: manifest.update(tables=[])),
        "tables is [] and not an object",
    ),
    "manifest with a wrong type": (
        lambda folder: edit_manifest(
            folder, lambda manifest: manifest["tables"]["dim_coins"].update(rows="6")
        ),
        "tables.dim_coins.rows is '6'",
    ),
    "manifest without a key": (
        lambda folder: edit_manifest(
            folder, lambda manifest: manifest["tables"]["dim_coins"].pop("sha256")
        ),
        "tables.dim_coins.sha256 is missing",
    ),
    "torn catalog": (lambda folder: (folder / "catalog.json").write_text("["), "catalog.json"),
    "missing file": (lambda folder: (folder / "dim_coins.parquet").unlink(), "dim_coins.parquet"),
    "cut file": (
        lambda folder: (folder / "dim_coins.parquet").write_bytes(b"PAR1" * 9),
        "dim_coins.parquet",
    ),
    "damaged file": (
        lambda folder: overwrite_the_middle(folder / "dim_coins.parquet"),
        "dim_coins.parquet",
    ),
    "missing folder": (shutil.rmtree, "the folder broken"),
}


@pytest.mark.parametrize(
    ("page", "damage"),
    [(page, "damaged file") for page in PAGES] + [("market", damage) for damage in DAMAGES],
)
def test_a_broken_snapshot_gives_way_to_the_newest_whole_one(
    page: str, damage: str, open_page: OpenPage, published: Path
) -> None:
    whole = current(published)
    do_damage, told = DAMAGES[damage]
    republish(published, "broken", do_damage)
    app = open_page(page)
    healthy(app)
    assert not app.error
    [banner] = [warning.value for warning in app.warning if "cannot be read" in warning.value]
    assert told in banner and f"`{whole.name}`" in banner and "make refresh" in banner
    assert [title.value for title in app.title] == [page.capitalize()]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_snapshot_that_is_the_only_one_is_named_with_a_way_out(
    damage: str, open_page: OpenPage, published: Path
) -> None:
    whole = current(published)
    do_damage, told = DAMAGES[damage]
    republish(published, "broken", do_damage)
    shutil.rmtree(whole)
    app = open_page("market")
    healthy(app)
    assert len(app.error) == 1
    assert told in app.error[0].value
    assert [code.value for code in app.code] == ["make refresh"]


def test_every_damaged_file_of_a_snapshot_is_named(published: Path) -> None:
    folder = current(published)
    assert snapshot.verify(folder) == []
    for name in ("dim_coins", "fct_daily_volumes"):
        flip_a_byte(folder / f"{name}.parquet")
    (folder / "fct_coverage_daily.parquet").unlink()
    assert [line.split()[0] for line in snapshot.verify(folder)] == [
        "dim_coins.parquet",
        "fct_coverage_daily.parquet",
        "fct_daily_volumes.parquet",
    ]


def test_without_a_snapshot_the_command_that_makes_one_is_shown(
    open_page: OpenPage, published: Path
) -> None:
    (published / "current").unlink()
    app = open_page("market")
    healthy(app)
    assert [code.value for code in app.code] == ["make refresh"]
    assert str(published) in texts(app)


@pytest.mark.parametrize(("mart", "page"), YOUNGER_MARTS.items())
def test_a_mart_that_an_older_snapshot_lacks_is_named(
    mart: str, page: str, open_page: OpenPage, published: Path
) -> None:
    republish(published, "older", without_mart(mart))
    app = open_page(page)
    healthy(app)
    assert any(mart in info.value and "make refresh" in info.value for info in app.info)


def test_a_snapshot_from_before_the_catalog_and_the_history_opens(
    open_page: OpenPage, published: Path
) -> None:
    def older(folder: Path) -> None:
        (folder / "catalog.json").unlink()
        edit_manifest(folder, lambda manifest: manifest.pop("runs"))
        edit_manifest(folder, lambda manifest: manifest["dbt"].pop("data_tests"))

    republish(published, "older", older)
    for page in ("quality", "data"):
        healthy(open_page(page))


def test_quality_opens_on_a_snapshot_from_before_what_it_lists_was_kept(
    open_page: OpenPage, published: Path
) -> None:
    def older(folder: Path) -> None:
        for mart in (
            "fct_repaired_fields",
            "fct_unmapped_ids",
            "fct_suspected_coins",
            "fct_refused_answers",
        ):
            without_mart(mart)(folder)

    republish(published, "older", older)
    healthy(open_page("quality"))


@pytest.mark.parametrize(
    ("kind", "banner"), [("live", None), ("replay", "Replay"), ("simulated", "Simulated market")]
)
def test_the_kind_of_the_source_is_said(
    kind: str, banner: str | None, open_page: OpenPage, published: Path
) -> None:
    def as_kind(folder: Path) -> None:
        edit_manifest(folder, lambda manifest: manifest.update(source_kind=kind))

    republish(published, kind, as_kind)
    told = texts(open_page("market"))
    assert [word for word in ("Simulated market", "Replay") if word in told] == (
        [banner] if banner else []
    )


def test_a_snapshot_that_is_dropped_while_it_is_read_gives_way_to_the_current_one(
    open_page: OpenPage, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = snapshot.read(current(published))
    republish(published, "next", lambda folder: None)
    shutil.rmtree(old.folder)
    answers = iter([old])
    monkeypatch.setattr(
        frame, "current", lambda *where: next(answers, None) or snapshot.current(*where)
    )
    app = open_page("market")
    healthy(app)
    assert not app.error
    assert any("`next`" in caption.value for caption in app.caption)


def test_an_old_snapshot_is_warned_of(open_page: OpenPage, published: Path) -> None:
    assert not open_page("market").warning

    def old(folder: Path) -> None:
        edit_manifest(
            folder, lambda manifest: manifest.update(built_at="2026-10-30T12:00:00+00:00")
        )

    republish(published, "old", old)
    [warning] = open_page("market").warning
    assert "old" in warning.value and "make refresh" in warning.value


def test_a_page_moves_to_the_snapshot_that_was_published_meanwhile(
    open_page: OpenPage, published: Path
) -> None:
    app = open_page("market")
    first = current(published).name
    assert any(first in caption.value for caption in app.caption)
    republish(published, "next", lambda folder: None)
    app.run()
    healthy(app)
    assert any("`next`" in caption.value for caption in app.caption)
    assert not any(first in caption.value for caption in app.caption)
