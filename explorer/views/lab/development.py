"""Development: dreams of the same memories at several epochs of one recipe and seed."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from explorer.library import networks
from explorer.session.state import chosen, upload
from explorer.views.lab.export import export
from explorer.views.lab.rows import choice, draw, settings_of
from explorer.views.lab.source import source
from explorer.widgets.watching import growing, watch
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums import development
from pad_core.dreaming.albums.development import Age
from pad_core.dreaming.development import stages
from pad_core.errors import PadError

_ASLEEP = {"rem": "REM dreams", "nrem": "NREM dreams", "recalled": "memories recalled"}
_MOST = 6  # epochs beside the network's own
_SOURCE = (
    "The <b>paper</b> predicts that activity in sleep becomes like Wake’s with learning, NREM’s "
    "more than REM’s (Discussion). The numbers are correlations of the encoder’s activity with "
    "Wake’s, in its first layer and in <i>z</i>, where pictures that the grown network recalls "
    "stand for what was seen. The network before any experience, made anew from its seed, without "
    "memories, is <b>ours</b>; it dreams of those pictures."
)


def show(network: PadNetwork) -> None:
    """The sight."""
    with st.sidebar.container(key="development-controls"):
        choice("asleep", "Asleep", _ASLEEP, "What is shown of each epoch.")
    settings = settings_of("development")
    others = _others(network)

    def begin() -> Iterator[tuple[Age, ...]]:
        return growing(development.ages(network, others, settings))

    def draw_ages(ages: tuple[Age, ...], busy: bool) -> None:
        draw("development", development.bands(network, ages, settings))

    hashes = [one.sha256 for one in others]
    key = ("development", network.sha256, *hashes, settings["split"], settings["seed"])
    watch(key, begin, draw_ages)
    if not others:
        st.caption(
            "No other epoch of this recipe and seed is here. `python -m pad_core train … "
            "--keep-epochs 1,5,20` keeps these three in the run folder."
        )
    export("development", [network], settings)
    source(_SOURCE)


def _others(network: PadNetwork) -> list[PadNetwork]:
    """The network at other epochs, as far as they are listed."""
    headers = networks.list_checkpoints(chosen().networks.folder, upload()).headers
    key = chosen().networks.checkpoint
    found = []
    for other in list(stages(headers, key).values())[-_MOST - 1 :]:
        if other != key:
            try:
                found.append(networks.load(other, upload()))
            except PadError as error:
                st.warning(str(error))
    return development.alike(network, found)
