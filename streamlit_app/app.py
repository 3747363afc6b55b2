"""What runs for each reader: the frame around the page that the URL names."""

import streamlit as st

from streamlit_app import frame, navigation

st.set_page_config(
    page_title="Crypto market warehouse",
    # A file: symbols by name are fetched from a public host.
    page_icon=navigation.FOLDER / "icon.svg",
    layout="wide",
)
frame.show(st.navigation(navigation.pages(), position="top"))
