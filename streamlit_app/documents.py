"""The HTML document of each page.

Streamlit's own, with three changes: the browser is told where the server is, which it would
otherwise find by asking at wrong addresses first; the title is the dashboard's; and the cookie
with what the reader saw last is renewed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from extract.settings import Settings
from published.reading import BrokenSnapshotError, NoSnapshotError, current
from streamlit_app import data, visits

TITLE = "Crypto market warehouse"
WHERE_THE_SERVER_IS = (
    "<script>window.__streamlit = {BACKEND_BASE_URL: window.location.origin + '/'};</script>"
)


@cache
def document() -> str:
    page = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    page = page.replace("<title>Streamlit</title>", f"<title>{TITLE}</title>", 1)
    return page.replace("<head>", f"<head>{WHERE_THE_SERVER_IS}", 1)


def document_routes(settings: Settings, paths: Iterable[str]) -> list[Route]:
    """One for each page's path, the home page's being empty."""

    def open_page(request: Request) -> Response:
        response = HTMLResponse(document(), headers={"cache-control": "no-cache"})
        try:
            until = data.observed_until(current(settings.published_dir))
        except (NoSnapshotError, BrokenSnapshotError):
            until = None
        if until is not None:
            seen = visits.opened(request.cookies.get(visits.COOKIE), until)
            response.set_cookie(
                visits.COOKIE,
                seen.to_cookie(),
                max_age=visits.COOKIE_SECONDS,
                httponly=True,
                samesite="lax",
            )
        return response

    return [Route(f"/{path}", open_page) for path in paths]
