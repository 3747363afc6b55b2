"""Files that the server provides besides the pages, each from where it is stored.

/files/quality/           the results of the quality gates
/files/models             the dbt docs, one page
/files/snapshots/ID/MART.parquet and .csv
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.csv
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from expectations import html_pages
from extract.settings import Settings
from published.reading import BrokenSnapshotError, Snapshot, read

QUALITY = "files/quality/index.html"
MODELS = "files/models"
CSV_ROWS = 20_000
# dbt's page runs scripts of its own; whatever it requests, no other host is contacted.
MODELS_POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"


def parquet_path(snapshot: Snapshot, mart: str) -> str:
    return f"files/snapshots/{snapshot.id}/{mart}.parquet"


def csv_path(snapshot: Snapshot, mart: str) -> str:
    return f"files/snapshots/{snapshot.id}/{mart}.csv"


class Guarded:
    """Adds headers that keep a served page from other hosts and from posing as another type."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", self._policy),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        await self._app(scope, receive, with_headers)


class QualitySite:
    """The folder of the site, which each refresh replaces and the first one makes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        there = (self._folder / "index.html").is_file()
        response = self._files if there else _absent("The quality gates", "make refresh")
        await response(scope, receive, send)


def file_routes(settings: Settings) -> list[Mount]:
    """Everything below /files."""

    def models(request: Request) -> Response:
        page = settings.dbt_dir / "static_index.html"
        return FileResponse(page) if page.is_file() else _absent("The models", "make docs")

    def mart(request: Request) -> Response:
        found = _mart(settings.published_dir, **request.path_params)
        if found is None:
            return _absent("This file", "make refresh")
        path, kind = found
        if kind == "parquet":
            return FileResponse(path, filename=path.name)
        return StreamingResponse(
            csv_lines(path),
            media_type="text/csv",
            headers={"content-disposition": f'attachment; filename="{path.stem}.csv"'},
        )

    return [
        Mount(
            "/files",
            routes=[
                Mount(
                    "/quality",
                    QualitySite(settings.quality_docs_dir / "site"),
                    middleware=[Middleware(Guarded, html_pages.POLICY)],
                ),
                Mount(
                    "",
                    routes=[
                        Route("/models", models),
                        Route("/snapshots/{run_id}/{mart}.{kind}", mart),
                    ],
                    middleware=[Middleware(Guarded, MODELS_POLICY)],
                ),
            ],
        )
    ]


def csv_lines(path: Path) -> Iterator[bytes]:
    """A Parquet file as CSV, in pieces; times are UTC."""
    with duckdb.connect(":memory:") as memory:
        batches = memory.read_parquet(str(path)).to_arrow_reader(CSV_ROWS)
        piece = io.BytesIO()
        with pyarrow.csv.CSVWriter(piece, batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
                yield piece.getvalue()
                piece.seek(0)
                piece.truncate()
        yield piece.getvalue()


def _mart(published: Path, run_id: str, mart: str, kind: str) -> tuple[Path, str] | None:
    """The file of a published mart; nothing that the manifest does not name."""
    folder = published / run_id
    if kind not in ("parquet", "csv") or folder.parent != published or not folder.is_dir():
        return None
    try:
        snapshot = read(folder.resolve())
    except BrokenSnapshotError:
        return None
    return (snapshot.file(mart), kind) if snapshot.has(mart) else None


def _absent(what: str, command: str) -> Response:
    return HTMLResponse(html_pages.render("absent.html", what=what, command=command), 404)
