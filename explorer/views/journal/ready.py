"""Three dreams to begin with, where nothing is kept yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def ready(keep: Callable[..., None]) -> None:
    """Draw them as dreams of the chosen network, or of the first that there is.

    keep: what a click on *Keep this* calls.
    """
    listing = networks.list_checkpoints(chosen().networks.folder, upload())
    key = chosen().networks.checkpoint
    if key not in listing.headers:
        key = next(iter(listing.headers), "")
    if not key:
        return
    try:
        network = networks.load(key, upload())
        dreamt = [
            Kept.now(network, chosen().changed(checkpoint=key, **one.changes), one.title)
            for one in READY
        ]
    except PadError:  # a damaged network, or one without memories, has no dreams to offer
        return
    st.caption("Three to begin with:")
    for one, kept in zip(READY, dreamt, strict=True):
        _draw(one, key, kept, keep)


def _draw(one: Ready, key: str, kept: Kept, keep: Callable[..., None]) -> None:
    names = [f"Dream of {a} and {b}"
             for a, b in zip(kept.classes, kept.previous_classes, strict=True)]  # fmt: skip
    picture = keep_button.strip(kept)
    with st.container(key=f"ready-{one.title}"):
        st.html(panel("kept", picture, [Row(escape(one.title), "", escape(one.note), names)]))
        with st.container(horizontal=True, gap="small"):
            if st.button("Open in Dream", key=f"open-ready-{one.title}", type="tertiary",
                         icon=":material/bedtime:"):  # fmt: skip
                choose(checkpoint=key, **one.changes)
                page.go_to("dream")
            st.button("Keep this", key=f"keep-ready-{one.title}", type="tertiary",
                      icon=":material/bookmark_add:", on_click=keep, args=(kept,))  # fmt: skip
