"""What a reader sees when there is nothing to show: what is the case, and what to do."""

from __future__ import annotations

from pathlib import Path

import streamlit as st


def no_snapshot(published: Path) -> None:
    with st.container(border=True):
        st.subheader("Nothing is published yet", anchor=False)
        st.write(
            "This dashboard shows the snapshot that a refresh publishes. Make the first one with:"
        )
        st.code("make refresh", language="sh")
        st.caption(
            "It fetches, checks, builds and publishes, in about a minute. This page looks again "
            f"every few seconds and opens by itself. The folder it watches is `{published}`."
        )


def broken_snapshot(reason: str) -> None:
    with st.container(border=True):
        st.subheader("The snapshot cannot be read", anchor=False)
        st.error(f"What is wrong: {reason}.", icon=":material/broken_image:")
        st.write("A refresh publishes a new one beside it; nothing else needs mending:")
        st.code("make refresh", language="sh")


def missing_mart(mart: str, what: str) -> None:
    st.info(
        f"{what} come from `{mart}`, which this snapshot does not have: it was published before "
        "there was one. The next `make refresh` adds it.",
        icon=":material/update:",
    )


def nothing(message: str) -> None:
    st.info(message, icon=":material/search_off:")
