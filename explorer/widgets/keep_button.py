"""The viewer's journal: the button that keeps a dream, what is kept, and its networks.

The journal is a database of this computer's user (see ``journal.store``): it outlives the page, and
all viewers of this server share it. In a class each visitor has one, which ends with the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.dreaming import dreams
from explorer.journal import store
from explorer.journal.entry import MAX_NOTE, MAX_TITLE, Kept, Source
from explorer.journal.store import Journal, Page
from explorer.library import networks
from explorer.session import classroom
from explorer.session.state import chosen, reported, say, session, speak, upload
from explorer.widgets.memory_pair import pictures
from explorer.widgets.sidebar import plain
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX
from pad_core.errors import PadError

_OPEN, _PROBLEM = "keep-open", "keep-problem"
MOST_DREAMS, MOST_JOURNALS = 100, 500  # of a visitor, and of a class: half a gigabyte at most


def keep_button(network: PadNetwork) -> None:
    """A button that keeps the dreams which the viewer's choices make with a network."""
    _keep(network)


@st.fragment
def _keep(network: PadNetwork) -> None:
    speak()
    with st.popover(
        "Keep this", key=_OPEN, icon=":material/bookmark_add:", type="tertiary", on_change="rerun"
    ):
        with st.form("keep", clear_on_submit=True, border=False):
            st.text_input("Title", placeholder=network.name, max_chars=MAX_TITLE, key="keep-title")
            st.text_area("Note", max_chars=MAX_NOTE, height=68, key="keep-note")
            st.form_submit_button(
                "Keep these dreams", type="primary", width="stretch",
                on_click=_keep_now, args=(network,),
            )  # fmt: skip
        st.caption("The journal keeps all that it takes to make them again.")
        if problem := st.session_state.pop(_PROBLEM, None):
            st.error(plain(str(problem)))


def _keep_now(network: PadNetwork) -> None:
    state, title = session(), reported("keep-title")
    if title is None:
        return
    try:
        write([Kept.now(network, chosen(), title, reported("keep-note") or "", pictures())])
    except PadError as error:
        state[_PROBLEM] = error
    else:
        state[_OPEN] = False
        say("Kept. It stands in the Journal now.", "bookmark_added")


def place() -> Path:
    """Where this viewer's journal lies."""
    return classroom.journal() or store.place()


def look(sought: str, most: int) -> Page:
    """The newest dreams that have these words in them; PadError where it can't be read."""
    return store.look(place(), sought, most)


def read() -> Journal:
    """All that the journal holds at this moment; PadError where it can't be read."""
    return store.read(place())


def write(kept: Sequence[Kept], deleted: bool = False) -> None:
    """Say how dreams are from now on; PadError where the journal can't be written, or is full."""
    if classroom.is_visitor():
        _ask_for_room(kept)
    store.write(place(), kept, deleted)


def _ask_for_room(kept: Sequence[Kept]) -> None:
    """PadError where visitors would fill this computer: their journals are of a limited size."""
    journal = place()
    known = store.read(journal)
    new = {one.id for one in kept} - known.dreams.keys() - known.deleted.keys()
    if new and len(known.dreams) + len(known.deleted) + len(new) > MOST_DREAMS:
        raise PadError(
            f"A journal of this class has room for {MOST_DREAMS} dreams, also deleted ones."
        )
    if not journal.exists() and len([*journal.parent.glob("*.sqlite3")]) >= MOST_JOURNALS:
        raise PadError(f"This class has {MOST_JOURNALS} journals, which is all that it keeps.")


def delete(number: int) -> None:
    """Delete an entry that can't be shown; PadError where the journal can't be written."""
    store.delete(place(), number)


def find(source: Source) -> str | None:
    """The key of the checkpoint at hand that a dream came from; None where it is not here."""
    for key in _alike(source):
        try:
            if source.is_in(networks.load(key, upload())):
                return key
        except PadError:  # damaged beyond its header; the sidebar of other pages says so
            continue
    return None


def load(source: Source) -> PadNetwork:
    """The network that a dream came from; PadError where it is not here."""
    key = find(source)
    if key is None:
        raise _lost(source)
    return networks.load(key, upload())


def strip(kept: Kept) -> np.ndarray:
    """A dream's REM dreams side by side, made again: uint8 (32, 32·N, 3).

    Raises:
        PadError: its network is not here.
    """
    if not _alike(kept.source):  # what was dreamt once stays in the cache
        raise _lost(kept.source)
    source, shown = kept.source, (*kept.choices.items(), *kept.pictures.items())
    parts = (source.weights_sha256, source.memories_sha256, *shown)
    return _strip(str(parts), kept)


def _alike(source: Source) -> list[str]:
    """Keys of checkpoints whose headers name the same weights, the likeliest first."""
    headers = networks.list_checkpoints(chosen().networks.folder, upload()).headers
    alike = [k for k, header in headers.items() if header.weights_sha256 == source.weights_sha256]
    return sorted(alike, key=lambda key: key != source.checkpoint)


def _lost(source: Source) -> PadError:
    return PadError(
        f"The network {source.name} (file sha256 {source.sha256[:12]}) is not here, or its weights "
        "are others now."
    )


@st.cache_data(max_entries=500, show_spinner=False)
def _strip(dream: str, _kept: Kept) -> np.ndarray:
    network = load(_kept.source)
    return dreams.mix(network, _kept.recall(network), _kept.dream).picture[-SIDE_PX:]
