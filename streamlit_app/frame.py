"""What surrounds every page: the snapshot of this run, how old it is, and when to look again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import streamlit as st

from streamlit_app import data, states
from streamlit_app.formatting import age, duration, instant
from streamlit_app.snapshot import (
    BrokenSnapshotError,
    NoSnapshotError,
    Snapshot,
    current,
    current_folder,
    published_dir,
)

SHOWN = "_snapshot"
REFRESH_SECONDS = {"off": None, "5 s": 5, "30 s": 30, "60 s": 60}
# Without a snapshot there is nothing to disturb, and somebody waits for the first.
SECONDS_WITHOUT_SNAPSHOT = 3
# Live data is refreshed twice an hour; four misses are no accident. Others are made by hand.
EXPECTED_AGE = {"live": timedelta(hours=2)}
EXPECTED_AGE_BY_HAND = timedelta(days=1)

STYLE = """
<style>
[data-testid="stMetricValue"], [data-testid="stMetricDelta"], [data-testid="stTable"] td,
[data-testid="stMarkdownContainer"] td { font-variant-numeric: tabular-nums; }
[data-testid="stTextArea"] textarea { font: .9rem/1.5 "Source Code Pro", monospace; }
[data-testid="stMetricValue"] > div { overflow: visible; text-overflow: clip; }
</style>
"""


def shown_snapshot() -> Snapshot:
    """The snapshot that this run of the page shows from beginning to end."""
    return st.session_state[SHOWN]


def show(page: Any) -> None:
    """Run a page of `st.navigation` on the snapshot of this moment."""
    st.html(STYLE)
    published = published_dir()
    snapshot = None
    try:
        snapshot = current(published)
        st.session_state[SHOWN] = snapshot
        _header(snapshot, published, page.title)
        page.run()
        _footer(snapshot)
    except NoSnapshotError:
        states.no_snapshot(published)
        _watch(published, None, SECONDS_WITHOUT_SNAPSHOT)
    except BrokenSnapshotError as error:
        # Old snapshots are dropped: the one that was being read may be gone, and another current.
        if snapshot is not None and current_folder(published) != snapshot.folder:
            st.rerun()
        states.broken_snapshot(str(error))
        _watch(published, current_folder(published), SECONDS_WITHOUT_SNAPSHOT)


def _header(snapshot: Snapshot, published: Path, title: str) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title(title, anchor=False, width="content")
        with st.popover("Refresh", icon=":material/sync:", width="content"):
            every = st.segmented_control(
                "Look for a newer snapshot every",
                list(REFRESH_SECONDS),
                default="off",
                required=True,
                key="refresh",
                bind="query-params",
                help="The page is read anew only when a refresh has published one.",
            )
            if st.button("Look now", icon=":material/refresh:", width="stretch"):
                st.toast(f"Shown is the newest snapshot, {snapshot.id}.", icon=":material/check:")
            st.caption(f"Snapshot `{snapshot.id}`, published {instant(snapshot.built_at)}.")
    # Read here: what fails inside of a fragment never leaves it.
    until = data.observed_until(snapshot)
    _watch(published, snapshot.folder, REFRESH_SECONDS[every], lambda: _tell_age(snapshot, until))
    if snapshot.source_kind == "simulated":
        st.info(
            "**Simulated market.** These prices are made up by a model on this machine. "
            "`make live` fetches real ones.",
            icon=":material/science:",
        )
    elif snapshot.source_kind == "replay":
        st.info(
            "**Replay.** These prices are real and recorded earlier; they are not the present.",
            icon=":material/history:",
        )


def _watch(
    published: Path,
    shown: Path | None,
    seconds: int | None,
    tell: Callable[[], None] = lambda: None,
) -> None:
    """Run the page again when the pointer has moved; else only `tell` how things are."""

    looks = count()

    @st.fragment(run_every=seconds)
    def look() -> None:
        # The first look is within the run that resolved the pointer just before.
        if next(looks) and current_folder(published) != shown:
            st.rerun(scope="app")
        tell()

    look()


def _tell_age(snapshot: Snapshot, until: datetime | None) -> None:
    now = datetime.now(UTC)
    told = [f"published {age(snapshot.built_at, now)}"]
    if snapshot.source_kind == "live" and until is not None:
        told.insert(0, age(until.replace(tzinfo=UTC), now))
    st.caption(f"Data as of **{instant(until)}** · {' · '.join(told)} · all times in UTC")
    expected = EXPECTED_AGE.get(snapshot.source_kind, EXPECTED_AGE_BY_HAND)
    if now - snapshot.built_at > expected:
        st.warning(
            f"This snapshot is {duration(now - snapshot.built_at)} old; one is expected every "
            f"{duration(expected)}. `make refresh` makes a new one, or says why it cannot.",
            icon=":material/schedule:",
        )


def _footer(snapshot: Snapshot) -> None:
    st.space("small")
    st.caption(
        "Data provided by [CoinGecko](https://www.coingecko.com)"
        if snapshot.source_kind != "simulated"
        else "Simulated in the form of CoinGecko's data. Real data is provided by "
        "[CoinGecko](https://www.coingecko.com)"
    )
