"""The PAD dream explorer: ``streamlit run explorer/app.py``."""

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit adds the folder of this file, not its parent
    sys.path.insert(0, str(HERE.parent))

from explorer.state import follow_address  # noqa: E402
from explorer.views import (  # noqa: E402
    about,
    curves,
    dream,
    journal,
    latent_map,
    probe,
    storyboard,
    train,
    wall,
)

st.set_page_config(
    page_title="PAD dream explorer",
    page_icon=str(HERE / "logo.svg"),
    layout="wide",
    initial_sidebar_state=272,
)
st.logo(HERE / "logo.svg", size="large")
st.html(HERE / "style.css")
pages = [
    st.Page(dream.show, title="Dream", icon=":material/bedtime:", default=True),
    st.Page(wall.show, title="Wall", icon=":material/view_module:", url_path="wall"),
    st.Page(latent_map.show, title="Map", icon=":material/scatter_plot:", url_path="map"),
    st.Page(probe.show, title="Probe", icon=":material/linear_scale:", url_path="probe"),
    st.Page(curves.show, title="Curves", icon=":material/show_chart:", url_path="curves"),
    st.Page(train.show, title="Train", icon=":material/model_training:", url_path="train"),
    st.Page(journal.show, title="Journal", icon=":material/book_2:", url_path="journal"),
    st.Page(
        storyboard.show, title="Storyboard", icon=":material/view_carousel:", url_path="storyboard"
    ),
    st.Page(about.show, title="About", icon=":material/menu_book:", url_path="about"),
]
st.session_state["pages"] = {page.url_path: page for page in pages}  # for links among them
page = st.navigation(pages, position="top")
follow_address()
page.run()
