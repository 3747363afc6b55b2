"""A real Chromium, and the dashboard's own server over a copy of the template's data."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from extract.settings import PROJECT_ROOT

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
START_SECONDS = 60
PAGE_MILLISECONDS = 30_000


def _absent(reason: str) -> None:
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(f"REQUIRE_BROWSER is set, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium():
    """The browser, or a skip that says what is missing."""
    if CHROMIUM is None:
        _absent("there is no chromium on this machine: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _absent("playwright is not installed: make test installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """The dashboard's address, from when it answers until the block ends."""
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit_app",
                *("--data-dir", str(data), "--address", "127.0.0.1", "--port", str(port)),
            ],
            cwd=PROJECT_ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(process, f"{address}/_stcore/health", log)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_it_answers(process: subprocess.Popen, address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the dashboard did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def dashboard_data(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("dashboard") / "data"
    for part in ("published", "quality_docs"):
        shutil.copytree(template / part, data / part, symlinks=True)
    return data


@pytest.fixture(scope="session")
def dashboard(chromium, dashboard_data: Path) -> Iterator[str]:
    with serving(dashboard_data, dashboard_data.parent / "server.log") as address:
        yield address


@dataclass
class Window:
    """A page of the browser and everything that went wrong in it."""

    page: object
    address: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._on_request)

    def _on_console(self, message) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _on_request(self, request) -> None:
        own = (self.address, self.address.replace("http", "ws"), "data:", "blob:")
        if not request.url.startswith(own):
            self.foreign.append(request.url)

    def open(self, path: str = "/") -> None:
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Until the page has run to its end and nothing stale is left."""
        self.page.wait_for_selector("h1")
        self.page.wait_for_function(
            """() => document.querySelector('[data-test-script-state="notRunning"]')
                && !document.querySelector('[data-stale="true"]')"""
        )

    def beside(self) -> Window:
        """Another tab of the same browser."""
        return Window(self.page.context.new_page(), self.address)

    def assert_healthy(self) -> None:
        assert self.page.locator('[data-testid="stException"]').count() == 0
        assert self.page.locator('[data-testid="stAlertContentError"]').count() == 0
        assert self.errors == []
        assert self.foreign == []


OpenWindow = Callable[..., Window]


@pytest.fixture
def open_window(chromium, dashboard: str) -> Iterator[OpenWindow]:
    """A fresh window, as of a reader who was never here; `width` in pixels."""
    contexts = []

    def open_it(width: int = 1440, *, dark: bool = False) -> Window:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(PAGE_MILLISECONDS)
        contexts.append(context)
        return Window(context.new_page(), dashboard)

    yield open_it
    for context in contexts:
        context.close()
