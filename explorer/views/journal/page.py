"""Journal: the dreams that were kept, to be seen, opened, named and taken along."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from explorer.journal.entry import MAX_NOTE, MAX_TITLE, Kept
from explorer.journal.store import Entry, Page
from explorer.session import classroom
from explorer.session.state import choose, session
from explorer.views.journal import files
from explorer.views.journal.ready import ready
from explorer.widgets import keep_button, page
from explorer.widgets.look import look
from explorer.widgets.memory_pair import pictures
from explorer.widgets.pictures import Row, panel
from explorer.widgets.sidebar import plain
from pad_core.errors import PadError, printable

_AT_FIRST, _MORE = 12, 24
_SHOWN, _UNDO, _PROBLEM = "journal-shown", "journal-undo", "journal-problem"
_FIND = "journal-find"


def show() -> None:
    """The page."""
    look("journal", Path(__file__).parent)
    sought = str(st.session_state.get(_FIND, ""))
    shown = st.session_state.setdefault(_SHOWN, _AT_FIRST)
    try:
        with page.timed("journal"):
            found = keep_button.look(sought, shown)
    except PadError as error:
        page.problem(error)
        return
    visits = classroom.is_visitor()
    where = (
        "yours alone; it ends with the class"
        if visits
        else f"in {printable(str(keep_button.place()))}"
    )
    with page.heading("Journal", where):
        if not visits:
            files.open_file()
        if found.n_dreams:
            files.archive()
    if problem := st.session_state.pop(_PROBLEM, None):
        page.problem(problem)
    _undo()
    if found.n_damaged:
        _damaged(found)
    if not found.n_dreams:
        _empty()
        if not found.n_deleted:
            ready(_keep)
    if found.n_dreams > _AT_FIRST:
        _find(found, sought)
    with page.timed("dreams"):
        for entry in found.entries:
            _entry(entry)
    if found.n_found > shown:
        st.button(f"Show more of {found.n_found}", on_click=_show_more,
                  icon=":material/expand_more:")  # fmt: skip
    if found.n_deleted:
        _deleted(found)
    page.footer(None, "journal", "dreams")


def _empty() -> None:
    st.info(
        "Nothing is kept yet. On the *Dream* page, **Keep this** puts what is seen there into the "
        "journal, with all that it takes to make it again.",
        icon=":material/bookmark_add:",
    )


def _find(found: Page, sought: str) -> None:
    st.text_input(
        "Find",
        placeholder="Words of a title, a note, a network, a class or a date",
        key=_FIND,
        icon=":material/search:",
        label_visibility="collapsed",
    )
    if sought:
        st.caption(f"{found.n_found} of {found.n_dreams} dreams have “{plain(sought)}” in them.")


def _damaged(found: Page) -> None:
    """Lines of an earlier version's file that can't be read."""
    with st.expander(f"{found.n_damaged} damaged", icon=":material/error:"):
        for entry in found.damaged:
            _problem(entry)


def _problem(entry: Entry) -> None:
    """An entry that can't be shown, in a sentence."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(plain(entry.problem), width="content")
        st.button("Delete", key=f"delete-number-{entry.number}", icon=":material/delete:",
                  type="tertiary", on_click=_delete_number, args=(entry.number,))  # fmt: skip


def _entry(entry: Entry) -> None:
    if entry.kept is None:
        _problem(entry)
    else:
        _kept(entry.kept)


def _kept(kept: Kept) -> None:
    with st.container(key=f"kept-{kept.id}"):
        try:
            picture = keep_button.strip(kept)
        except PadError as error:
            here = False
            st.html(
                f'<section class="pad-panel pad-kept"><div class="pad-row"><header>{_texts(kept)}'
                f'</header><p class="pad-missing">{escape(str(error))}</p></div></section>'
            )
        else:
            here = True
            names = [
                f"Dream of {first} and {second}"
                for first, second in zip(kept.classes, kept.previous_classes, strict=True)
            ]
            row = Row(escape(kept.heading), "", _facts(kept), names)
            st.html(panel("kept", picture, [row]))
        with st.container(horizontal=True, key=f"kept-actions-{kept.id}", gap="small"):
            _actions(kept, here)


def _texts(kept: Kept) -> str:
    return f"<h3>{escape(kept.heading)}</h3><p>{_facts(kept)}</p>"


def _facts(kept: Kept) -> str:
    """What a dream was made of, and the viewer's note, as HTML."""
    note = f"<q>{escape(kept.note)}</q>" if kept.note else ""
    return "<br>".join(map(escape, kept.facts)) + note


def _actions(kept: Kept, here: bool) -> None:
    if st.button(
        "Open in Dream", key=f"open-{kept.id}", icon=":material/bedtime:", type="tertiary",
        disabled=not here, help="Shows the Dream page at these choices.",
    ):  # fmt: skip
        pictures().update(kept.uploaded)
        choose(checkpoint=keep_button.find(kept.source), **kept.changes)
        page.go_to("dream")
    if st.button(
        "Files", key=f"files-{kept.id}", icon=":material/download:", type="tertiary",
        disabled=not here, help="Pictures, walks and tables of these dreams.",
    ):  # fmt: skip
        files.files(kept)
    with (
        st.popover("Rename", icon=":material/edit:", type="tertiary"),
        st.form(f"name-{kept.id}", border=False),
    ):
        title = st.text_input("Title", kept.title, max_chars=MAX_TITLE, key=f"title-{kept.id}")
        note = st.text_area("Note", kept.note, max_chars=MAX_NOTE, key=f"note-{kept.id}")
        if st.form_submit_button("Save", type="primary"):
            _write(kept.retitled(title, note))
            st.rerun()
    st.button(
        "Delete", key=f"delete-{kept.id}", icon=":material/delete:", type="tertiary",
        on_click=_delete, args=(kept,), help="It can be brought back.",
    )  # fmt: skip


def _undo() -> None:
    """Bring back what was deleted last, at one click."""
    kept: Kept | None = st.session_state.get(_UNDO)
    if kept is not None:
        with st.container(horizontal=True, vertical_alignment="center", key="journal-undo"):
            st.markdown(f"Deleted **{plain(kept.heading)}**.", width="content")
            st.button("Undo", icon=":material/undo:", on_click=_bring_back, args=(kept,))


def _deleted(found: Page) -> None:
    with st.expander(f"{found.n_deleted} deleted", icon=":material/delete:"):
        for kept in [entry.kept for entry in found.deleted if entry.kept is not None]:
            st.button(
                f"Bring back {plain(kept.heading)}, {kept.date}",
                key=f"back-{kept.id}",
                icon=":material/undo:",
                type="tertiary",
                on_click=_bring_back,
                args=(kept,),
            )


def _delete(kept: Kept) -> None:
    if _write(kept, deleted=True):
        session()[_UNDO] = kept


def _delete_number(number: int) -> None:
    try:
        keep_button.delete(number)
    except PadError as error:
        session()[_PROBLEM] = error


def _bring_back(kept: Kept) -> None:
    if _write(kept):
        session()[_UNDO] = None


def _write(kept: Kept, deleted: bool = False) -> bool:
    try:
        keep_button.write([kept], deleted)
    except PadError as error:
        session()[_PROBLEM] = error
        return False
    return True


def _keep(kept: Kept) -> None:
    _write(kept)


def _show_more() -> None:
    session()[_SHOWN] += _MORE
