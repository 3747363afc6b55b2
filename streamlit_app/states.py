"""What a reader sees when there is nothing to show: why, and what to do."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from published.reading import Snapshot


def no_snapshot(published: Path) -> None:
    with st.container(border=True):
        st.subheader("Nothing is published yet", anchor=False)
        st.write(
            "This dashboard shows the snapshot that a refresh publishes. Create the first one with:"
        )
        st.code("make refresh", language="sh")
        st.caption(
            "It fetches, checks, builds and publishes in about a minute. This page checks again "
            f"every few seconds and opens on its own. The folder it watches is `{published}`."
        )


def older_snapshot(snapshot: Snapshot) -> None:
    st.warning(
        f"The newest snapshot cannot be read: {snapshot.instead_of}. Showing the newest intact "
        f"one, `{snapshot.id}`. `make refresh` publishes a new one; nothing else needs fixing.",
        icon=":material/broken_image:",
    )


def broken_snapshot(reason: str) -> None:
    with st.container(border=True):
        st.subheader("The snapshot cannot be read", anchor=False)
        st.error(f"What is wrong: {reason}.", icon=":material/broken_image:")
        st.write("A refresh publishes a new one beside it; nothing else needs fixing:")
        st.code("make refresh", language="sh")


def missing_mart(mart: str, what: str) -> None:
    st.info(
        f"{what} come from `{mart}`, which this snapshot does not have: it was published before "
        "there was one. The next `make refresh` adds it.",
        icon=":material/update:",
    )


def nothing(message: str) -> None:
    st.info(message, icon=":material/search_off:")
