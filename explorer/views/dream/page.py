"""Dream: memories, recalled, replayed in NREM, mixed in REM."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import N_NIGHTS, Recalled
from explorer.dreaming.memories import images_of
from explorer.library.labels import full_name
from explorer.session.choices import SIGHTS
from explorer.session.state import Panels, choose, chosen
from explorer.views.dream import many, night, pairs
from explorer.widgets import keep_button, page, sidebar, sliders
from explorer.widgets.look import look
from explorer.widgets.memory_pair import pictures
from explorer.widgets.pick import pick
from explorer.widgets.plane.component import Layout
from explorer.widgets.plane.pad import pad
from explorer.widgets.recalled import recalled_memories
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.load import DataSet

_TOLD = (
    "One night: Wake, NREM and REM of eight memories. Dream plane: all mixtures of A, B and noise, "
    "to be dragged through. Many dreams: the same mixture with much noise drawn."
)
_NAMES = dict(zip(SIGHTS, ("One night", "Dream plane", "Many dreams"), strict=True))
_COUNTS = ("no", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight")
# What is drawn again when REM's mixture changes, by sight.
_REM_PANELS = {"night": ("rem",), "plane": ("plane", "rem"), "wall": ("rem",)}


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    recalled = recalled_memories(network)
    if recalled is None:
        return
    talk = _presented()
    sight = chosen().page.sight
    alone = talk and sight == "plane"  # the plane, with nothing below
    panels = (*(("plane",) if alone else _REM_PANELS[sight]), "footer")
    if not talk:
        _dials(network, sight, panels)
    images = sidebar.images(network)

    with page.heading(_title(recalled, sight), full_name(network.header)):
        if not talk:
            pick("sight", "Sight", _NAMES, _TOLD)
            keep_button.keep_button(network)
    if talk and not alone:
        _dials(network, sight, panels, talk)
    if sight == "night":
        _night(network, recalled, images)
    elif sight == "wall":
        many.show(network, recalled)
    else:
        layout: Layout = "talk" if talk else "page"
        pad(network, recalled, (sliders.REM_DIALS, *panels), layout)
        if talk:
            if not chosen().page.slide:
                look("plane_talk", Path(__file__).parent)
            _dials(network, sight, panels, talk)
        else:
            pairs.pairs(network, recalled)
    _footer(network)


def _presented() -> bool:
    """Whether the page is shown in a talk; addresses of earlier versions mean the plane then."""
    if chosen().page.present == "1":
        choose(present="sight", sight="plane")
    return bool(chosen().page.present)


def _dials(network: PadNetwork, sight: str, panels: Panels, talk: bool = False) -> None:
    """The sliders of what is seen."""
    in_a_row = talk and sight != "plane"
    if sight == "night":
        with sliders.in_a_row(in_a_row, "-nrem"):
            sliders.perturbation(network.condition, ("nrem", "footer"), talk)
    with sliders.in_a_row(in_a_row, "-rem"):
        sliders.mixture(network.condition.rem_mixture, panels, talk)


def _title(recalled: Recalled, sight: str) -> str:
    count = _COUNTS[len(recalled)]
    if sight == "plane":
        return f"{recalled.classes[0]}, {recalled.previous_classes[0]} and noise"
    several = len(recalled) > 1
    if sight == "wall":
        pairs = "pairs" if several else "pair"
        return f"{N_NIGHTS * len(recalled)} dreams of {count.lower()} {pairs}"
    return f"{count} memor{'ies' if several else 'y'}, asleep"


def _night(network: PadNetwork, recalled: Recalled, images: DataSet | None) -> None:
    there = images_of(network, chosen().dream.split, images)
    seen = dreams.seen(network, recalled, chosen().dream, there, pictures())
    if seen is None and sidebar.images_are_coming(network):
        seen = dreams.blank(len(recalled))
    night.wake(recalled, seen)
    night.nrem(network, recalled)
    night.rem(network, recalled)


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    page.footer(network, "memories", "NREM", "plane", "REM")
