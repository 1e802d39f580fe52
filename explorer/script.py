"""The script that Streamlit runs for each viewer: set-up and navigation."""

import gc
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

HERE = Path(__file__).resolve().parent


def imported(name: str) -> Any:
    """Import a module of this project, and exempt it and its imports from garbage collection.

    Streamlit collects garbage after each run, and a slider's move makes two. Searching all imported
    objects took 200 ms each time, and 0.5 s during imports.
    """
    if name in sys.modules:
        return import_module(name)  # waits if another viewer's page is importing it
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def make_page(view: str, title: str, icon: str) -> StreamlitPage:
    """A page of ``explorer/views``, imported when it is opened: some imports take a second.

    Its title in lower case is its path in the address; Start opens without any.
    """

    def show() -> None:
        imported(f"explorer.views.{view}.page").show()

    icon = f":material/{icon}:"
    return st.Page(show, title=title, icon=icon, url_path=title.lower(), default=title == "Start")


st.set_page_config(
    page_title="PAD dream explorer",
    page_icon=str(HERE / "logo.svg"),
    layout="wide",
    initial_sidebar_state=272,
)
st.logo(HERE / "logo.svg", size="large")
imported("explorer.widgets.look").look("style")
classroom = imported("explorer.session.classroom")
start, about = make_page("start", "Start", "home"), make_page("about", "About", "menu_book")
beside = [make_page("classroom", "Class", "groups")] if classroom.is_class() else []
groups = {
    "": [start, about, *beside],
    "Understand": [
        make_page("storyboard", "Storyboard", "view_carousel"),
        make_page("dream", "Dream", "bedtime"),
        make_page("wall", "Wall", "view_module"),
        make_page("lab", "Lab", "science"),
    ],
    "Measure": [
        make_page("map", "Map", "scatter_plot"),
        make_page("probe", "Probe", "linear_scale"),
        make_page("curves", "Curves", "show_chart"),
    ],
    "Make": [
        *([] if classroom.is_class() else [make_page("train", "Train", "model_training")]),
        make_page("journal", "Journal", "book_2"),
        *([] if classroom.is_visitor() else [make_page("talk", "Talk", "slideshow")]),
    ],
}
pages = {page.url_path: page for group in groups.values() for page in group}
st.session_state["pages"] = pages  # for links among them
inside = imported("explorer.widgets.door").let_in()
page = st.navigation(groups, position="top" if inside else "hidden")
if inside:
    state = imported("explorer.session.state")
    st.session_state["page"] = page.url_path
    bound_for = pages.get(state.bound_for(page.url_path))
    if bound_for is not None:
        st.switch_page(bound_for)
    if state.follow_address() and page is start and not state.chosen().page.path:
        imported("explorer.widgets.page").go_to("dream")  # without a path in earlier versions
    imported("explorer.session.process").set_up()
    shared = imported("explorer.widgets.page")
    shared.say_misread()
    imported("explorer.widgets.talk").turn_by_keys()
    state.forget_panels()
    with shared.leaving_the_former_network():
        page.run()
    imported("explorer.widgets.path_bar").path_bar(page.url_path)
    imported("explorer.widgets.class_bar").class_bar(page.url_path)
