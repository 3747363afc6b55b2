"""The dashboard as a reader meets it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from expectations import html_pages
from extract.settings import PROJECT_ROOT
from published.writing import CURRENT, point_to
from streamlit_app.navigation import PAGES
from tests.browser.conftest import OpenWindow, Window
from tests.browser.readers import Seen, read

WIDTHS = (390, 820, 1440)
PATHS = {name: "/" if not place else f"/{name}" for place, (name, _, _) in enumerate(PAGES)}
CHARTS = {"market": 2, "prices": 1, "volume": 1, "rankings": 1, "alerts": 2, "quality": 2}
SCREENSHOTS = PROJECT_ROOT / "screenshots"
READERS = 20
RUNS = 4


def republish(data: Path, name: str) -> str:
    """The current snapshot again under another name."""
    published = data / "published"
    copy = published / name
    shutil.copytree((published / CURRENT).resolve(), copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"run_id": name}))
    point_to(published, copy)
    return name


def shown_snapshot(window: Window) -> str:
    """The id behind the button `Refresh`."""
    window.page.get_by_role("button", name="Refresh").click()
    text = window.page.get_by_text("published 2").last.inner_text()
    window.page.keyboard.press("Escape")
    [snapshot] = re.findall(r"Snapshot (\S+),", text)
    return snapshot


@pytest.mark.parametrize("page", PATHS)
def test_a_page_is_whole_at_every_width(page: str, open_window: OpenWindow) -> None:
    window = open_window(WIDTHS[0], dark=PATHS[page] < "/p")
    window.open(PATHS[page])
    assert window.page.locator("h1").inner_text() == page.capitalize()
    SCREENSHOTS.mkdir(exist_ok=True)
    for width in WIDTHS:
        window.page.set_viewport_size({"width": width, "height": 900})
        for place in range(CHARTS.get(page, 0)):
            window.page.locator(".js-plotly-plot .main-svg").nth(place).wait_for()
        too_wide = window.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not too_wide, f"{page} scrolls sideways at {width}"
        window.assert_healthy()
        window.page.screenshot(path=SCREENSHOTS / f"{page}_{width}.png")


def test_the_address_restores_the_view(open_window: OpenWindow) -> None:
    window = open_window()
    window.open("/prices?coins=dogecoin,pepe&view=Candles&period=24+h")
    page = window.page
    page.locator(".js-plotly-plot").first.wait_for()
    assert page.locator('[data-testid="stMultiSelect"]').get_by_text("Dogecoin").count() == 1
    assert page.locator(".trace.boxes").count() == 2
    page.get_by_role("radio", name="Per cent").click()
    page.wait_for_url(re.compile("view=Per"))
    window.settle()
    restored = open_window()
    restored.open(page.url.removeprefix(window.address))
    assert (
        restored.page.get_by_role("radio", name="Per cent").get_attribute("aria-checked") == "true"
    )
    restored.page.get_by_text("% from the first point").wait_for()
    assert "period=24" in restored.page.url and "coins=dogecoin" in restored.page.url
    restored.assert_healthy()


def test_an_open_page_takes_up_a_new_snapshot(
    open_window: OpenWindow, dashboard_data: Path
) -> None:
    window = open_window()
    window.open("/volume?refresh=5+s&coins=pepe")
    name = republish(dashboard_data, f"{shown_snapshot(window)}-next")
    window.page.get_by_role("button", name="Refresh").click()
    window.page.get_by_text(f"Snapshot {name},").wait_for()
    window.settle()
    assert "coins=pepe" in window.page.url
    window.assert_healthy()


def test_a_page_without_automatic_refresh_stays_until_it_is_told(
    open_window: OpenWindow, dashboard_data: Path
) -> None:
    window = open_window()
    window.open("/rankings")
    before = shown_snapshot(window)
    name = republish(dashboard_data, f"{before}-later")
    assert shown_snapshot(window) == before
    window.page.get_by_role("button", name="Refresh").click()
    window.page.get_by_role("button", name="Look now").click()
    window.page.get_by_text(f"Snapshot {name},").wait_for()
    window.assert_healthy()


def test_a_second_visit_is_told_what_is_new_since_the_first(open_window: OpenWindow) -> None:
    window = open_window()
    window.open("/alerts")
    assert window.page.get_by_role("radio", name="your last visit").count() == 0
    context = window.page.context
    [visits] = [cookie for cookie in context.cookies() if cookie["name"] == "visits"]
    # The first visit was three days ago, on the data of then.
    visits["value"] = "|2026-10-29T12:00:00|2026-10-29T12:00:00+00:00"
    context.add_cookies([visits])
    window.open("/alerts")
    window.page.get_by_role("radio", name="your last visit").wait_for()
    window.page.get_by_text("since 2026-10-29 12:00 UTC").wait_for()
    window.assert_healthy()


def test_the_quality_site_is_served_and_asks_no_other_host(open_window: OpenWindow) -> None:
    window = open_window()
    window.open("/quality")
    with window.page.context.expect_page() as opened:
        window.page.get_by_role("link", name="Quality gates in full").click()
    site = opened.value
    site.get_by_role("heading", name="Data quality gates").wait_for()
    assert site.url == f"{window.address}/files/quality/index.html"
    response = site.goto(f"{window.address}/files/quality/index.html")
    assert response.headers["content-security-policy"] == html_pages.POLICY
    window.assert_healthy()


def test_sql_is_answered_and_refused(open_window: OpenWindow) -> None:
    window = open_window()
    window.open("/data?mart=dim_coins")
    box = window.page.get_by_role("textbox", name="SQL")
    box.fill("select count(*) from dim_coins")
    window.page.get_by_role("button", name="Run").click()
    window.page.get_by_text(re.compile("^1 rows in")).wait_for()
    box.fill("copy dim_coins to 'x.csv'")
    window.page.get_by_role("button", name="Run").click()
    window.page.get_by_text("Only SELECT can be run").wait_for()
    assert window.errors == [] and window.foreign == []


def test_menus_and_filters_are_reached_by_keyboard(open_window: OpenWindow) -> None:
    window = open_window()
    window.open("/")
    reached = set()
    for _ in range(25):
        window.page.keyboard.press("Tab")
        reached.update(window.page.evaluate("document.activeElement.innerText").split())
    assert {"Prices", "Alerts", "Data", "Refresh"} <= reached


def test_twenty_readers_while_snapshots_are_published(
    open_window: OpenWindow, dashboard: str, dashboard_data: Path
) -> None:
    window = open_window()
    window.open("/quality?refresh=5+s")
    stop = threading.Event()
    published = []

    def publish() -> None:
        while not stop.wait(0.5):
            published.append(republish(dashboard_data, f"z-{len(published):03}"))

    async def all_readers() -> list[list[Seen]]:
        pages = [name for name in PATHS if name != "market"] + [""]
        return await asyncio.gather(
            *(read(dashboard, pages[place % len(pages)], "", RUNS) for place in range(READERS))
        )

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        # Playwright has a loop of its own on this thread.
        with ThreadPoolExecutor(1) as pool:
            readers = pool.submit(asyncio.run, all_readers()).result()
    finally:
        stop.set()
        publisher.join()

    runs = [seen for reader in readers for seen in reader]
    assert len(runs) == READERS * RUNS
    assert [seen.errors for seen in runs if seen.errors] == []
    # No run shows two snapshots, and readers went along with those that were published.
    assert {len(seen.snapshots) for seen in runs} == {1}
    assert len(set.union(*(seen.snapshots for seen in runs))) > 2
    window.page.get_by_role("button", name="Refresh").click()
    window.page.get_by_text(f"Snapshot {published[-1]},").wait_for()
    window.assert_healthy()
