"""The viewer's talk: views are added on each page, and page keys turn them while presenting."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import streamlit as st

from explorer.journal import store
from explorer.journal import talk as talks
from explorer.journal.talk import MAX_NOTE, MAX_TITLE, View, Views
from explorer.session import classroom
from explorer.session.choices import Choices
from explorer.session.state import chosen, open_view, remembered, reported, say, session, speak
from explorer.widgets.keys import keys
from explorer.widgets.sidebar import plain
from pad_core.errors import PadError

_OPEN, _PROBLEM = "talk-open", "talk-problem"
_ON, _BACK = ("PageDown", "ArrowRight"), ("PageUp", "ArrowLeft")


def place() -> Path:
    """Where the talk lies: beside the journal."""
    return store.place().with_suffix(".talk.json")


def read() -> Views:
    """The views of the talk; PadError where it can't be read."""
    return talks.read(place())


def add_button(heading: str) -> None:
    """A button that adds what the page shows to the talk; its title is ``heading`` at first.

    The talk is the speaker's: visitors of a class have none.
    """
    if not classroom.is_visitor():
        _add(heading)


@st.fragment
def _add(heading: str) -> None:
    speak()
    with st.popover(
        "", key=_OPEN, icon=":material/playlist_add:", type="tertiary", on_change="rerun",
        help="Add this view to the talk",
    ):  # fmt: skip
        with st.form("talk", clear_on_submit=True, border=False):
            st.text_input("Title", placeholder=heading, max_chars=MAX_TITLE, key="talk-title")
            st.text_input("Caption", max_chars=MAX_NOTE, key="talk-note")
            st.form_submit_button(
                "Add this view to the talk", type="primary", width="stretch",
                on_click=_add_now, args=(heading,),
            )  # fmt: skip
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(plain(problem), icon=":material/error:")


def _add_now(heading: str) -> None:
    state, title = session(), reported("talk-title")
    if title is None:
        return
    view = View.of(
        remembered("page", ""), chosen().to_query(), title or heading, reported("talk-note") or ""
    )
    try:
        views = talks.change(place(), lambda views: (*views, view))
    except PadError as error:
        state[_PROBLEM] = str(error)
    else:
        state[_OPEN] = False
        say(f"This is view {len(views)} of the talk now.", "playlist_add_check")


def slide() -> tuple[int, int, View] | None:
    """The view that is presented: its number, how many there are, and itself."""
    page = chosen().page
    if not (page.present and page.slide) or classroom.is_visitor():
        return None
    try:
        views = read()
    except PadError:  # the Talk page says why
        return None
    return (page.slide, len(views), views[page.slide - 1]) if page.slide <= len(views) else None


def present(number: int) -> None:
    """For callbacks: present the view of this number, or the nearest there is."""
    try:
        views = read()
    except PadError as error:
        say(str(error), "error")
        return
    if not views:
        return
    number = min(max(number, 1), len(views))
    show(views[number - 1], number)


def show(view: View, slide: int = 0) -> None:
    """For callbacks: go to a view; presented as a talk's ``slide``, if that is not 0."""
    choices = Choices.from_query(view.query)
    open_view(view.page, choices.changed(present="sight" if slide else "", slide=slide))


def turn_by_keys() -> None:
    """The keys that turn the views: page keys, or a remote's; arrows where nothing else takes them.

    The script draws it for all pages in one place, so that no press is lost between two of them.
    """

    def turn(pressed: Counter[str]) -> None:
        by = sum(pressed[key] for key in _ON) - sum(pressed[key] for key in _BACK)
        present(chosen().page.slide + by)

    page = chosen().page
    if page.present and page.slide and not classroom.is_visitor():
        keys("views", (_ON[0], _BACK[0]), turn, turn="first", leads_elsewhere=True)
        keys("views-arrows", (_ON[1], _BACK[1]), turn, turn="last", leads_elsewhere=True)
