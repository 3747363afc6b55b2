"""The pages and their order. Served by `python -m streamlit_app`."""

from pathlib import Path

import streamlit as st

from streamlit_app import frame

st.set_page_config(
    page_title="Crypto market warehouse",
    # A file: symbols by name are fetched from a public host.
    page_icon=Path(__file__).parent / "icon.svg",
    layout="wide",
)
frame.show(
    st.navigation(
        [
            st.Page("pages/market.py", title="Market", icon=":material/monitoring:", default=True),
            st.Page("pages/prices.py", title="Prices", icon=":material/show_chart:"),
            st.Page("pages/volume.py", title="Volume", icon=":material/bar_chart:"),
            st.Page("pages/rankings.py", title="Rankings", icon=":material/leaderboard:"),
        ],
        position="top",
    )
)
