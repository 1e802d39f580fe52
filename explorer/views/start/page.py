"""Start: what a network sees, recalls and dreams, on one screen."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import Recalled
from explorer.dreaming.memories import images_of, names_of
from explorer.session.choices import BY_SEED, PHOTOGRAPHS
from explorer.session.state import choose, chosen
from explorer.widgets import page, sidebar
from explorer.widgets.memory_pair import pictures
from explorer.widgets.plane.pad import pad
from explorer.widgets.recalled import recalled_memories
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX

_PAIR = ("flower", "windmill")  # of the photographs that ship


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    if not chosen().page.path:
        _begin(network)
    recalled = recalled_memories(network)
    if recalled is None:
        return
    page.heading("A network that dreams", "")
    first, second = recalled.classes[0], recalled.previous_classes[0]
    st.markdown(
        f"It saw {sidebar.plain(_named(first))} and {sidebar.plain(_named(second))}, as one sees "
        "awake. Asleep, it mixes its memories of both with noise: **drag the point** to choose "
        "how much of each. The white dot is where it was trained."
    )
    pad(network, recalled, ("plane", "footer"), "start", _seen(network, recalled))
    page.footer(network, "memories", "plane")


def _begin(network: PadNetwork) -> None:
    """Set out on the path; with a pair that networks recall well, unless the viewer chose one."""
    choose(path=1)
    dream, names = chosen().dream, names_of(network, PHOTOGRAPHS)
    by_seed = (dream.first, dream.second) == (BY_SEED, BY_SEED)
    if by_seed and dream.split == PHOTOGRAPHS and set(_PAIR) <= set(names):
        choose(first=names.index(_PAIR[0]), second=names.index(_PAIR[1]))


def _named(thing: str) -> str:
    """A thing with its article, where it is a word."""
    if not thing[:1].islower():
        return thing
    return f"an {thing}" if thing[0] in "aeiou" else f"a {thing}"


def _seen(network: PadNetwork, recalled: Recalled) -> tuple[np.ndarray, np.ndarray] | None:
    """The images of A and B, where they are here."""
    dream = chosen().dream
    images = images_of(network, dream.split, None)  # the data set is not awaited where some ship
    if images is None:
        images = images_of(network, dream.split, sidebar.images(network))
    both = dreams.seen_pair(network, recalled, dream, images, pictures())
    return None if both is None else (both[:, :SIDE_PX], both[:, SIDE_PX:])
