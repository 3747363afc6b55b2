"""The pages, in the order of the menu.

Their folder is not called `pages`, because Streamlit would treat files there as pages of its own
and run them without the frame.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).resolve().parent
# File, which is also the URL path, title and symbol. The first is home.
PAGES = (
    ("market", "Market", ":material/monitoring:"),
    ("prices", "Prices", ":material/show_chart:"),
    ("volume", "Volume", ":material/bar_chart:"),
    ("rankings", "Rankings", ":material/leaderboard:"),
    ("alerts", "Alerts", ":material/notifications:"),
    ("quality", "Quality", ":material/verified:"),
    ("data", "Data", ":material/database:"),
)
PATHS = ("", *(name for name, _, _ in PAGES[1:]))


def pages() -> list[st.Page]:
    return [
        st.Page(f"views/{name}.py", title=title, icon=icon, default=not place)
        for place, (name, title, icon) in enumerate(PAGES)
    ]
