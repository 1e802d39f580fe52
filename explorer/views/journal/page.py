"""Journal: the dreams that were kept, to be seen, opened, named and taken along."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape, unescape
from pathlib import Path

import streamlit as st

from explorer.journal import store as journal_file
from explorer.journal.entry import MAX_NOTE, MAX_TITLE, Kept
from explorer.session.state import choose, session
from explorer.views.journal import files as journal_files
from explorer.widgets import keep_button as journal
from explorer.widgets import page as frame
from explorer.widgets.look import look
from explorer.widgets.memory_pair import pictures
from explorer.widgets.pictures import Row, panel
from explorer.widgets.sidebar import plain
from pad_core.errors import PadError
from pad_core.report.palette import style

_AT_FIRST, _MORE = 12, 24
_SHOWN, _UNDO, _PROBLEM = "journal-shown", "journal-undo", "journal-problem"


def show() -> None:
    """The page."""
    look("journal", Path(__file__).parent)
    try:
        with frame.timed("journal"):
            kept = journal.read()
    except PadError as error:
        frame.problem(error)
        return
    dreams = list(kept.dreams.values())
    with frame.heading("Journal", f"in {journal_file.place()}"):
        journal_files.open_file()
        if dreams:
            journal_files.archive(dreams)
    if problem := st.session_state.pop(_PROBLEM, None):
        frame.problem(problem)
    _undo()
    if kept.problems:
        with st.expander(f"{len(kept.problems)} damaged", icon=":material/error:"):
            st.markdown("\n".join(f"- {plain(problem)}" for problem in kept.problems[:50]))
    if not dreams:
        _empty()
    if len(dreams) > _AT_FIRST:
        dreams = _find(dreams)
    shown = st.session_state.setdefault(_SHOWN, _AT_FIRST)
    with frame.timed("dreams"):
        for one in dreams[:shown]:
            _entry(one)
    if len(dreams) > shown:
        st.button(f"Show more of {len(dreams)}", on_click=_show_more, icon=":material/expand_more:")
    if kept.deleted:
        _deleted(list(kept.deleted.values()))
    frame.footer(None, "journal", "dreams")


def _empty() -> None:
    st.info(
        "Nothing is kept yet. On the *Dream* page, **Keep this** puts what is seen there into the "
        "journal, with all that it takes to make it again.",
        icon=":material/bookmark_add:",
    )


def _find(dreams: list[Kept]) -> list[Kept]:
    """Those in which the viewer's words occur, in a title, a note or what a dream was made of."""
    sought = st.text_input(
        "Find",
        placeholder="Words of a title, a note, a network, a class or a date",
        key="journal-find",
        icon=":material/search:",
        label_visibility="collapsed",
    )
    words = sought.casefold().split()
    found = [kept for kept in dreams if _has(kept, words)]
    if sought:
        st.caption(f"{len(found)} of {len(dreams)} dreams have “{plain(sought)}” in them.")
    return found


def _has(kept: Kept, words: list[str]) -> bool:
    classes = " ".join((*kept.classes, *kept.previous_classes))
    facts = unescape(re.sub("<[^>]*>", " ", _facts(kept)))
    text = f"{kept.heading} {facts} {classes}".casefold()
    return all(word in text for word in words)


def _entry(kept: Kept) -> None:
    with st.container(key=f"kept-{kept.id}"):
        try:
            picture = journal.strip(kept)
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
    choices, source = kept.chosen, kept.source
    network = (
        f"{style(source.condition).label} · {source.dataset} · seed {source.seed} · "
        f"epoch {source.epoch}"
    )
    dials = (
        f"λ {choices.lam:g} · λ′ {choices.lam_prime:g} · σ {choices.noise_level:g} · "
        f"Ω {choices.intensity:g} of {choices.size_px} px · {choices.split} memories, "
        f"seed {choices.seed}"
    )
    note = f"<q>{escape(kept.note)}</q>" if kept.note else ""
    return f"{escape(network)}<br>{escape(dials)}<br>{escape(_date(kept.time))}{note}"


def _date(time: str) -> str:
    try:
        when = datetime.fromisoformat(time).astimezone()
    except (ValueError, OverflowError):
        return time[:40]
    return f"{when.day} {when:%B %Y, %H:%M}"  # strftime's own '%-d' is not known on Windows


def _actions(kept: Kept, here: bool) -> None:
    if st.button(
        "Open in Dream", key=f"open-{kept.id}", icon=":material/bedtime:", type="tertiary",
        disabled=not here, help="Shows the Dream page at these choices.",
    ):  # fmt: skip
        pictures().update(kept.uploaded)
        choose(checkpoint=journal.find(kept.source), **kept.changes)
        frame.go_to("")
    if st.button(
        "Files", key=f"files-{kept.id}", icon=":material/download:", type="tertiary",
        disabled=not here, help="Pictures, walks and tables of these dreams.",
    ):  # fmt: skip
        journal_files.files(kept)
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


def _deleted(gone: list[Kept]) -> None:
    with st.expander(f"{len(gone)} deleted", icon=":material/delete:"):
        for kept in gone[:-51:-1]:
            st.button(
                f"Bring back {plain(kept.heading)}, {_date(kept.time)}",
                key=f"back-{kept.id}",
                icon=":material/undo:",
                type="tertiary",
                on_click=_bring_back,
                args=(kept,),
            )


def _delete(kept: Kept) -> None:
    if _write(kept, deleted=True):
        session()[_UNDO] = kept


def _bring_back(kept: Kept) -> None:
    if _write(kept):
        session()[_UNDO] = None


def _write(kept: Kept, deleted: bool = False) -> bool:
    try:
        journal.write([kept], deleted)
    except PadError as error:
        session()[_PROBLEM] = error
        return False
    return True


def _show_more() -> None:
    session()[_SHOWN] += _MORE
