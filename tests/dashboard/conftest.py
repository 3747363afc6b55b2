"""Pages driven without a browser, over copies of one built snapshot."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from extract.settings import PROJECT_ROOT
from published import reading as snapshot
from published.writing import CURRENT, point_to
from streamlit_app import navigation

APP = PROJECT_ROOT / "streamlit_app" / "app.py"
PAGES = [name for name, _, _ in navigation.PAGES]
SECONDS = 30

OpenPage = Callable[..., AppTest]


@pytest.fixture
def data_dir(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder with the template's snapshot, to be damaged at will."""
    data = tmp_path / "data"
    shutil.copytree(template / "published", data / "published", symlinks=True)
    monkeypatch.setenv("CRYPTO_DATA_DIR", str(data))
    yield data
    st.cache_data.clear()
    st.cache_resource.clear()
    snapshot.read.cache_clear()


@pytest.fixture
def published(data_dir: Path) -> Path:
    return data_dir / "published"


@pytest.fixture
def open_page(data_dir: Path) -> OpenPage:
    """Open a page as the address names it, with its parameters."""

    def open_it(name: str, **parameters: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=SECONDS)
        app.run()
        if name != PAGES[0]:
            app.switch_page(f"views/{name}.py")
        app.query_params.update(parameters)
        app.run()
        return app

    return open_it


def texts(app: AppTest) -> str:
    """Everything a reader can read outside charts and tables."""
    kinds = ("markdown", "caption", "info", "warning", "error", "success", "subheader")
    elements: list[Any] = [element for kind in kinds for element in app.get(kind)]
    return "\n".join(str(element.value) for element in elements)


def healthy(app: AppTest) -> None:
    assert not app.exception, [error.message for error in app.exception]


def current(published: Path) -> Path:
    return (published / CURRENT).resolve()


def republish(published: Path, name: str, change: Callable[[Path], None]) -> Path:
    """A changed copy of the current snapshot, which `current` then names."""
    copy = published / name
    shutil.copytree(current(published), copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"run_id": name}))
    change(copy)
    point_to(published, copy)
    return copy


def without_rows(folder: Path) -> None:
    """Every mart loses its rows and keeps its columns."""
    with duckdb.connect(":memory:") as memory:
        for path in folder.glob("*.parquet"):
            rows = memory.read_parquet(str(path)).limit(0).to_arrow_table()
            memory.from_arrow(rows).write_parquet(str(path))
    edit_manifest(
        folder,
        lambda manifest: [table.update(rows=0) for table in manifest["tables"].values()],
    )
    declare_files(folder)


def edit_manifest(folder: Path, change: Callable[[dict], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def keep_rows(mart: str, condition: str) -> Callable[[Path], None]:
    def keep(folder: Path) -> None:
        path = folder / f"{mart}.parquet"
        with duckdb.connect(":memory:") as memory:
            rows = memory.read_parquet(str(path)).filter(condition).to_arrow_table()
            memory.from_arrow(rows).write_parquet(str(path))
        declare_files(folder)

    return keep


def declare_files(folder: Path) -> None:
    """Put sizes and checksums of changed files into the manifest, as if they were so published."""

    def declare(manifest: dict) -> None:
        for table in manifest["tables"].values():
            content = (folder / table["file"]).read_bytes()
            table.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    edit_manifest(folder, declare)


def without_mart(mart: str) -> Callable[[Path], None]:
    def drop(folder: Path) -> None:
        (folder / f"{mart}.parquet").unlink()
        edit_manifest(folder, lambda manifest: manifest["tables"].pop(mart))

    return drop


def rows(published: Path, sql: str, *values: object) -> list[tuple]:
    """Of a query over the marts of the current snapshot."""
    with duckdb.connect(":memory:") as memory:
        for path in current(published).glob("*.parquet"):
            memory.read_parquet(str(path)).create_view(path.stem)
        return memory.execute(sql, values).fetchall()
