"""Ids that are made to break out of a page are shown as text, in a real browser."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import uvicorn
from starlette.applications import Starlette

from expectations.gates import build_docs, run_gate
from expectations.html_pages import visible
from streamlit_app.served_files import QUALITY, file_routes
from tests.conftest import settings_for
from tests.expectations.warehouse import NEW_LOAD, create_warehouse, url_of

SURROGATE = "half-of-a-surrogate"
PAYLOADS = [
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<img src=x onerror=alert(1)>",
    "<img src=https://example.org/seen.png>",
    '"><script>alert(1)</script>',
    "</style><script>alert(1)</script>",
    "</title></head><body onload=alert(1)>",
    "</td></tr></table><h1>Not ours</h1>",
    '<a href="javascript:alert(1)">press</a>',
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
    '<link rel=stylesheet href="//example.org/x.css"><base href="//example.org">',
    '<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
    "<form action=//example.org><button autofocus onfocus=alert(1)>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "${alert(1)} #{7*7} <%= 7*7 %>",
    "&lt;svg onload=alert(1)&gt;&#60;script&#62;",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "gnp.\u202eexe\u2066\u200f turned",
    "nothing\u200b\u0000seen\u0007",
    "<!--[if IE]><script>alert(1)</script><![endif]--><![CDATA[",
    "]]><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "`onmouseover=alert(1) style=position:fixed;inset:0 x='\"",
    "x" * 10_000,
    "\u0300" * 150,
    SURROGATE,
]
# Where samples show text of a source: table, columns of text, what breaks its row.
SHOWN_IN = [
    ("coingecko_markets", ("row_id", "id"), "current_price = -1"),
    ("coingecko_market_chart", ("row_id", "coin_id"), "price = -1"),
    ("stream_ticks", ("row_id", "product_id"), "price = -1"),
]
ROWS = 5
OURS = {
    *("HTML", "HEAD", "META", "TITLE", "STYLE", "BODY", "P", "A", "H1", "H2", "TABLE", "THEAD"),
    *("TBODY", "TR", "TH", "TD", "DIV", "BDI"),
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "href"}


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data Docs of a gate over raw whose text is the payloads; returns the data folder."""
    data = tmp_path_factory.mktemp("docs")
    create_warehouse(data / "warehouse.duckdb")
    left = iter(PAYLOADS)
    with duckdb.connect(str(data / "warehouse.duckdb")) as warehouse:
        for table, columns, breaking in SHOWN_IN:
            rows = warehouse.execute(
                f"select rowid from raw.{table} where load_number = ? limit {ROWS}",  # noqa: S608
                [NEW_LOAD],
            ).fetchall()
            for (row,) in rows:
                for column in columns:
                    warehouse.execute(
                        f"update raw.{table} set {column} = ?, {breaking} where rowid = ?",  # noqa: S608
                        [next(left, "plain"), row],
                    )
    assert next(left, None) is None
    quality = data / "quality_docs"
    run_gate("raw", url_of(data / "warehouse.duckdb"), quality, [NEW_LOAD])
    # No database takes half a surrogate; a result that was kept by something else might hold it.
    for result in quality.rglob("validations/**/*.json"):
        result.write_text(result.read_text().replace(SURROGATE, f"{SURROGATE} \\ud800"))
    build_docs(quality)
    return data


@pytest.fixture(scope="module")
def served(docs: Path) -> Iterator[str]:
    """The address of the pages as the dashboard's server hands them out."""
    app = Starlette(routes=file_routes(settings_for(docs)))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        listening.listen()
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/{QUALITY}"
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("place", ["disk", "server"])
def test_payloads_are_text(
    place: str, chromium, docs: Path, request: pytest.FixtureRequest
) -> None:
    site = docs / "quality_docs" / "site"
    start = (site / "index.html").as_uri()
    if place == "server":
        start = request.getfixturevalue("served")
    base = start.removesuffix("index.html")
    page = chromium.new_page()
    happened: list[str] = []

    def dialog(opened) -> None:
        happened.append(f"dialog {opened.message}")
        opened.dismiss()

    page.on("dialog", dialog)
    page.on("popup", lambda popup: happened.append(f"popup {popup.url}"))
    page.on("request", lambda asked: happened.append(f"request {asked.url}"))
    text = ""
    for path in sorted(site.rglob("*.html")):
        address = base + path.relative_to(site).as_posix()
        happened.clear()
        page.goto(address, wait_until="networkidle")
        page.mouse.move(400, 300)
        page.keyboard.press("Tab")
        assert happened == [f"request {address}"]
        seen = page.evaluate(
            "[...document.querySelectorAll('*')].map(e => [e.tagName, e.getAttributeNames()])"
        )
        assert {tag for tag, _ in seen} <= OURS
        assert {name for _, names in seen for name in names} <= ATTRIBUTES
        links = page.evaluate("[...document.links].map(link => link.href)")
        assert all(link.startswith((base, "https://greatexpectations.io")) for link in links)
        text += page.evaluate("document.body.textContent")
    page.close()
    for payload in PAYLOADS:
        shown = payload if len(payload) <= 200 else payload[:200] + "..."
        assert visible(shown) in text, json.dumps(payload)
    assert f"{SURROGATE} \\ud800" in text
    assert "\\u202e" in text and "\\u0000" in text
