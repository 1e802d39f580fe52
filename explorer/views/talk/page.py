"""Talk: the views that were added, to be put in order, named, presented and taken along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from explorer.journal import talk as talks
from explorer.journal.talk import MAX_NOTE, MAX_TITLE, View, Views
from explorer.session.state import reported, session
from explorer.widgets import page, talk
from explorer.widgets.sidebar import plain
from pad_core.errors import PadError

_UNDO, _PROBLEM, _OPENED = "talk-undo", "talk-page-problem", "talk-opened"
_FILE = "talk.json"


def show() -> None:
    """The page."""
    try:
        views = talk.read()
    except PadError as error:
        page.problem(error)
        return
    with page.plain_heading("Talk", "Page keys, or a remote, turn the views; Esc leaves."):
        _import()
        if views:
            _export(views)
        st.button(
            "Begin the talk", key="talk-begin", type="primary", icon=":material/slideshow:",
            disabled=not views, on_click=talk.present, args=(1,),
        )  # fmt: skip
    if problem := st.session_state.pop(_PROBLEM, None):
        page.problem(problem)
    _undo()
    if not views:
        st.info(
            "No view yet. :material/playlist_add: at the top of each page adds what is seen there.",
            icon=":material/playlist_add:",
        )
    for i, view in enumerate(views):
        _view(views, i, view)
    page.footer(None)


def _view(views: Views, i: int, view: View) -> None:
    name = f"{i}-{hash(view):x}"
    with st.container(
        key=f"view-{name}", horizontal=True, vertical_alignment="center", gap="small"
    ):
        where = (view.page or "start").capitalize()
        note = f"  \n{plain(view.note)}" if view.note else ""
        st.markdown(f"**{i + 1}** \u2002 **{plain(view.title)}** \u2002 {where}{note}", width=420)
        _button("Present", "play_arrow", f"present-{name}", talk.present, i + 1)
        _button("Open", "open_in_new", f"open-{name}", talk.show, view)
        _button("", "arrow_upward", f"up-{name}", _change, talks.moved(i, view, -1),
                disabled=i == 0, help="Earlier")  # fmt: skip
        _button("", "arrow_downward", f"down-{name}", _change, talks.moved(i, view, 1),
                disabled=i == len(views) - 1, help="Later")  # fmt: skip
        with (
            st.popover("Rename", icon=":material/edit:", type="tertiary"),
            st.form(f"name-{name}", border=False),
        ):
            title = st.text_input("Title", view.title, max_chars=MAX_TITLE, key=f"title-{name}")
            note = st.text_input("Caption", view.note, max_chars=MAX_NOTE, key=f"note-{name}")
            if st.form_submit_button("Save", type="primary"):
                _change(talks.replaced(i, view, view.retitled(title, note)))
                st.rerun()
        _button("Delete", "delete", f"delete-{name}", _delete, i, view)


def _button(
    label: str,
    icon: str,
    key: str,
    on_click: Callable[..., Any],
    *arguments: object,
    disabled: bool = False,
    help: str | None = None,
) -> None:
    st.button(label, key=key, icon=f":material/{icon}:", type="tertiary", on_click=on_click,
              args=arguments, disabled=disabled, help=help)  # fmt: skip


def _change(made: Callable[[Views], Sequence[View]]) -> bool:
    try:
        talks.change(talk.place(), made)
    except PadError as error:
        session()[_PROBLEM] = error
        return False
    return True


def _delete(i: int, view: View) -> None:
    if _change(talks.replaced(i, view)):
        session()[_UNDO] = (i, view)


def _undo() -> None:
    """Bring back what was deleted last, at one click."""
    i, view = st.session_state.get(_UNDO) or (0, None)
    if view is not None:
        with st.container(horizontal=True, vertical_alignment="center", key="undo-view"):
            st.markdown(f"Deleted **{plain(view.title)}**.", width="content")
            st.button("Undo", icon=":material/undo:", on_click=_bring_back, args=(i, view))


def _bring_back(i: int, view: View) -> None:
    if _change(lambda views: (*views[:i], view, *views[i:])):
        session()[_UNDO] = None


def _export(views: Views) -> None:
    st.download_button(
        "Export", talks.to_bytes(views), _FILE, "application/json", icon=":material/download:",
        type="tertiary", on_click="ignore", key="talk-export",
        help="The views as a file, for another computer with the same networks.",
    )  # fmt: skip


def _import() -> None:
    with st.popover("Import", icon=":material/folder_open:", type="tertiary"):
        st.file_uploader("An exported talk, to join the end of this one", type=["json"],
                         key="talk-upload", on_change=_take_file)  # fmt: skip
        if said := st.session_state.get(_OPENED):
            ok, sentence = said
            (st.success if ok else st.error)(plain(sentence))


def _take_file() -> None:
    file = reported("talk-upload")
    session()[_OPENED] = None
    if file is None:
        return
    try:
        new = talks.parse(file.getvalue())
        talks.change(talk.place(), lambda views: (*views, *new))
    except PadError as error:
        session()[_OPENED] = (False, f"{file.name}: {error}")
    else:
        sentence = "1 view joined" if len(new) == 1 else f"{len(new)} views joined"
        session()[_OPENED] = (True, f"{sentence} the talk.")
