"""What the server hands out beside the pages."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import uvicorn
from starlette.applications import Starlette

from streamlit_app.documents import document_routes
from streamlit_app.navigation import PATHS
from streamlit_app.served_files import file_routes
from tests.conftest import settings_for
from tests.dashboard.conftest import current


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: Message
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


class Client:
    """Sends paths as they are written, which others tidy up first."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


@pytest.fixture
def client(data_dir: Path) -> Iterator[Client]:
    settings = settings_for(data_dir)
    routes = [*document_routes(settings, PATHS), *file_routes(settings)]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        listening.listen()
        thread.start()
        yield Client(listening.getsockname()[1])
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("mart", ["dim_coins", "fct_hourly_prices", "fct_rejected_rows"])
def test_a_mart_is_handed_out_whole(mart: str, client: Client, published: Path) -> None:
    folder = current(published)
    file = folder / f"{mart}.parquet"
    parquet = client.get(f"/files/snapshots/{folder.name}/{mart}.parquet")
    assert parquet.content == file.read_bytes()
    csv = client.get(f"/files/snapshots/{folder.name}/{mart}.csv")
    assert csv.headers["content-disposition"] == f'attachment; filename="{mart}.csv"'
    with duckdb.connect(":memory:") as memory:
        rows = memory.read_parquet(str(file)).df()
    read = pd.read_csv(io.StringIO(csv.text), keep_default_na=False)
    assert (list(read.columns), len(read)) == (list(rows.columns), len(rows))


@pytest.mark.parametrize(
    "path",
    [
        "{run}/manifest.json",
        "{run}/nothing.csv",
        "{run}/..%2f{run}%2fdim_coins.csv",
        "current%2f..%2f{run}/dim_coins.csv",
        "../published/{run}/dim_coins.csv",
        "..%2f..%2f..%2fetc/passwd.csv",
        ".unfinished-x/dim_coins.csv",
        "no-such-run/dim_coins.parquet",
    ],
)
def test_nothing_else_is_handed_out(path: str, client: Client, published: Path) -> None:
    answer = client.get("/files/snapshots/" + path.format(run=current(published).name))
    assert answer.status_code == 404


def test_sites_that_were_not_made_yet_say_how(client: Client) -> None:
    models = client.get("/files/models")
    assert models.status_code == 404 and "make docs" in models.text
    quality = client.get("/files/quality/index.html")
    assert quality.status_code == 404 and "make refresh" in quality.text


def test_served_pages_may_load_nothing_from_other_hosts(client: Client, data_dir: Path) -> None:
    site = data_dir / "quality_docs" / "site"
    site.mkdir(parents=True)
    (site / "index.html").write_text("<title>site</title>")
    answer = client.get("/files/quality/index.html")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    answer = client.get("/files/models")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", PATHS)
def test_each_page_has_its_document(path: str, client: Client) -> None:
    answer = client.get(f"/{path}")
    assert answer.status_code == 200
    assert "<title>Crypto market warehouse</title>" in answer.text
    assert "window.__streamlit" in answer.text
    assert "visits=" in answer.headers["set-cookie"]


def test_a_document_opens_without_any_snapshot(client: Client, published: Path) -> None:
    (published / "current").unlink()
    answer = client.get("/")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
