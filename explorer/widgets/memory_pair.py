"""Which memories A and B are: by seed, of a class, by place, or a picture of the viewer's own."""

from __future__ import annotations

from typing import Any

import streamlit as st
import torch

from explorer.dreaming.memories import memories_of, name_of, names_of
from explorer.session import classroom
from explorer.session.choices import BY_SEED, PICTURE
from explorer.session.state import choose, chosen, fresh, remembered, reported, session, take
from explorer.widgets.sidebar import plain
from explorer.widgets.sliders import seed_keys, step_seed
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.imagesets import read_picture
from pad_core.errors import PadError
from pad_core.model.dreams import pick_memories

_BY_SEED = "by seed"
_LETTERS = {"first": "A", "second": "B"}


def pictures() -> dict[str, torch.Tensor]:
    """What this viewer uploaded as memory 'first' or 'second': uint8 (3, 32, 32)."""
    return remembered("pictures", {})  # type: ignore[no-any-return]


def say_what_lacks(where: str = "on the *Dream* page") -> None:
    """In the sidebar, which pictures of the address aren't here, and where to upload them."""
    for name, letter in _LETTERS.items():
        if chosen().value(name) == PICTURE and name not in pictures():
            st.sidebar.info(
                f"This address shows an uploaded picture as {letter}, which an address can't "
                f"carry. Upload it under *{letter}* {where}; until then {letter} is chosen by "
                "seed.",
                icon=":material/upload_file:",
            )


def choose_pair(network: PadNetwork) -> None:
    """The sidebar's menus for A and B between the steps to other memories.

    What can't be had is put right, and says so. Of a split of fewer than two memories there is
    nothing to choose: a file may hold none.
    """
    if len(memories_of(network, chosen().dream.split)) < 2:
        return
    say_what_lacks("below")
    with st.sidebar.container(horizontal=True, key="pair"):
        step_seed(-1)
        for name, letter in _LETTERS.items():
            _put_right(network, name, letter)
            place = chosen().value(name)
            with st.popover(f"{letter}: {_label(network, place)}", width="stretch"):
                _menu(network, name, letter)
        step_seed(1)
        seed_keys()


def _put_right(network: PadNetwork, name: str, letter: str) -> None:
    place, n = chosen().value(name), len(memories_of(network, chosen().dream.split))
    if place >= n:
        st.toast(
            f"{letter}: there is no memory {place} among {n} {chosen().dream.split} memories. "
            "It is chosen by seed now.",
            icon=":material/info:",
        )
        _set(name, BY_SEED)


def _label(network: PadNetwork, place: int) -> str:
    """What A or B is, in a word."""
    if place == BY_SEED:
        return "seed"
    if place == PICTURE:
        return "picture"
    return plain(name_of(network, chosen().dream.split, place)[:24])


def _menu(network: PadNetwork, name: str, letter: str) -> None:
    split, place = chosen().dream.split, chosen().value(name)
    memories, class_names = memories_of(network, split), names_of(network, split)
    by_class = [k for k in range(len(class_names)) if bool((memories.labels == k).any())]
    options = [_BY_SEED, *by_class]
    current = int(memories.labels[place]) if place >= 0 else _BY_SEED
    widget = fresh(f"{name}-class", current)
    st.selectbox(
        f"Memory {letter} of class",
        options,
        options.index(current),
        format_func=lambda k: k if isinstance(k, str) else class_names[k],
        key=widget,
        on_change=_take_class,
        args=(network, name, widget),
        help="*By seed*: whatever the seed draws. A class: the memory of it that the seed draws.",
    )
    widget = fresh(f"{name}-place", place if place >= 0 else None)
    st.number_input(
        f"Or its place among {len(memories)}",
        0,
        len(memories) - 1,
        place if place >= 0 else None,
        key=widget,
        placeholder=_BY_SEED,
        on_change=take,
        args=(name, widget),
        help="Counts the stored memories of the split from 0. A click on a point of the map "
        "sets it, too.",
    )
    if classroom.is_visitor():
        return
    st.file_uploader(
        "Or a picture of yours",
        key=f"{name}-picture",
        on_change=_take_picture,
        args=(name,),
        help="Of any size: its central square, at 32×32 pixels, is encoded by this network. "
        "An address can't carry it.",
    )
    if problem := st.session_state.get(f"{name}-problem"):
        st.error(plain(problem), icon=":material/error:")


def _take_class(network: PadNetwork, name: str, widget: str) -> None:
    label = reported(widget)
    if label == _BY_SEED:
        _set(name, BY_SEED)
    elif label is not None:
        members = (memories_of(network, chosen().dream.split).labels == label).nonzero()[:, 0]
        member = pick_memories(len(members), 1, chosen().dream.seed, name)
        _set(name, int(members[member]))


def _take_picture(name: str) -> None:
    file = reported(f"{name}-picture")
    session()[f"{name}-problem"] = ""
    if file is None:
        pictures().pop(name, None)
        if chosen().value(name) == PICTURE:
            _set(name, BY_SEED)
        return
    try:
        pictures()[name] = read_picture(file.name, file.getvalue())
        _set(name, PICTURE)
    except PadError as error:
        session()[f"{name}-problem"] = str(error)


def _set(name: str, place: int) -> None:
    changes: dict[str, Any] = {name: place}
    choose(**changes)
