"""What holds for all pages: they open, and say politely what they lack."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from streamlit_app import frame, snapshot
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


DAMAGES = {
    "torn manifest": (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "manifest.json"),
    "missing file": (lambda folder: (folder / "dim_coins.parquet").unlink(), "dim_coins.parquet"),
    "damaged file": (
        lambda folder: (folder / "dim_coins.parquet").write_bytes(b"PAR1" * 9),
        "dim_coins",
    ),
}


@pytest.mark.parametrize(
    ("page", "damage"),
    [(page, "damaged file") for page in PAGES] + [("market", damage) for damage in DAMAGES],
)
def test_a_broken_snapshot_is_named_with_a_way_out(
    page: str, damage: str, open_page: OpenPage, published: Path
) -> None:
    do_damage, told = DAMAGES[damage]
    republish(published, "broken", do_damage)
    app = open_page(page)
    healthy(app)
    assert len(app.error) == 1
    assert told in app.error[0].value
    assert [code.value for code in app.code] == ["make refresh"]


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
        frame, "current", lambda folder: next(answers, None) or snapshot.current(folder)
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
