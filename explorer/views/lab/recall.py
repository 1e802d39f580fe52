"""Recall: what a cue reminds the network of, when its hippocampus works by association."""

from __future__ import annotations

import streamlit as st

from explorer.views.lab.export import export
from explorer.views.lab.rows import choice, draw, settings_of
from explorer.views.lab.source import source
from explorer.widgets import page, sliders
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums import recall

_CUES = {
    "noisy": "the memory and noise",
    "partial": "a part of its numbers",
    "occluded": "a look at it, partly hidden",
    "noise": "noise alone",
}
_SOURCE = (
    "Each update is a mean of all stored memories, weighted by how much they are like the cue: "
    "softmax of <i>β</i> times the cosine. High <i>β</i> finds one memory, low <i>β</i> blends "
    "many. This is a modern Hopfield network (<b>Ramsauer and others 2021</b>); recalls from noise "
    "that teach a cortex are <b>Spens and Burgess 2024</b>. The <b>paper</b> keeps exact memories; "
    "PAD’s dreams of recalls are <b>ours</b>."
)


def show(network: PadNetwork) -> None:
    """The sight."""
    with st.sidebar.container(key="recall-controls"):
        choice("cue", "Cue", _CUES, "What is left of a memory, by which it is recalled.")
        sliders.dial("lost", "Lost of it", "Share of the memory that the cue lacks, 0 to 1.", ())
        sliders.dial(
            "beta", "β", "Inverse temperature, 1 to 200: how sharply the likest memory wins.", ()
        )
    settings = settings_of("recall")
    with page.timed("recall"):
        bands = recall.bands(network, settings)
    draw("recall", bands)
    export("recall", [network], settings)
    source(_SOURCE)
