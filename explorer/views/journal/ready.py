"""Three dreams to begin with, where nothing is kept yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from explorer.journal.entry import Kept
from explorer.library import networks
from explorer.session.state import choose, chosen, upload
from explorer.widgets import keep_button, page
from explorer.widgets.pictures import Row, panel
from pad_core.errors import PadError


@dataclass(frozen=True)
class Ready:
    """A dream that can be kept or opened: its title, what is seen, and what makes it."""

    title: str
    note: str
    changes: Mapping[str, Any]


READY = (
    Ready("As it was trained", "Half memories, half noise.", {"seed": 0}),
    Ready("Memories alone", "Two memories, no noise: λ′ = 1.", {"seed": 0, "lam_prime": 1.0}),
    Ready("Noise alone", "No memory at all: λ′ = 0.", {"seed": 0, "lam_prime": 0.0}),
)


def ready() -> None:
    """Draw them as dreams of the chosen network, or of the first that there is."""
    listing = networks.list_checkpoints(chosen().networks.folder, upload())
    key = chosen().networks.checkpoint
    if key not in listing.headers:
        key = next(iter(listing.headers), "")
    if not key:
        return
    st.caption("Three to begin with:")
    for one in READY:
        _draw(one, key)


def _draw(one: Ready, key: str) -> None:
    try:
        network = networks.load(key, upload())
        kept = Kept.now(network, chosen().changed(checkpoint=key, **one.changes), one.title)
        picture = keep_button.strip(kept)
    except PadError:  # a network without memories has no dreams to offer
        return
    names = [f"Dream of {a} and {b}"
             for a, b in zip(kept.classes, kept.previous_classes, strict=True)]  # fmt: skip
    with st.container(key=f"ready-{one.title}"):
        st.html(panel("kept", picture, [Row(escape(one.title), "", escape(one.note), names)]))
        with st.container(horizontal=True, gap="small"):
            if st.button("Open in Dream", key=f"open-ready-{one.title}", type="tertiary",
                         icon=":material/bedtime:"):  # fmt: skip
                choose(checkpoint=key, **one.changes)
                page.go_to("dream")
            st.button("Keep this", key=f"keep-ready-{one.title}", type="tertiary",
                      icon=":material/bookmark_add:", on_click=_keep, args=(kept,))  # fmt: skip


def _keep(kept: Kept) -> None:
    try:
        keep_button.write([kept])
    except PadError as error:
        st.session_state["journal-problem"] = error
