"""Lesions: dreams, and what is taken for real, when *d* or the hippocampus is damaged."""

from __future__ import annotations

import streamlit as st

from explorer.session.state import chosen
from explorer.views.lab.chart import chart
from explorer.views.lab.export import export
from explorer.views.lab.lesion_figures import hallucinations
from explorer.views.lab.rows import choice, choose_class, draw, settings_of
from explorer.views.lab.source import source
from explorer.widgets import page, sliders
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.albums import lesions
from pad_core.dreaming.albums.album import Settings
from pad_core.dreaming.lesions import Point

_LESIONS = {
    "silence": "synapses are cut",
    "scale": "all are weakened",
    "invert": "signs are turned",
}
_DAMAGES = {
    "noise": "noise in memories",
    "pairings": "wrong pairings",
    "one_class": "one class too often",
    "few": "few memories left",
}
_HEIGHT = 260
_SOURCE = (
    "Above ½, a dream is taken for real. The <b>paper</b> names a failure of reality monitoring by "
    "<i>d</i> as a possible cause of delusions (after Gershman 2019); corrupted replay is what a "
    "popular essay calls a machine’s <b>nightmare</b>. Which damage, and how much, is <b>ours</b>, "
    "and speculative: nothing here was fitted to a patient. Dotted: recalled memories."
)


def show(network: PadNetwork) -> None:
    """The sight."""
    with st.sidebar.container(key="lesion-controls"):
        choice("lesion", "Lesion of d", _LESIONS, "What is done to the last layer of *d*.")
        sliders.dial("hurt", "Share of synapses", "0, healthy, to 1.", ())
        choice("damage", "Hippocampus", _DAMAGES, "What is wrong with the replayed memories.")
        sliders.dial("harm", "Damage", "0, healthy, to 1.", ())
        if chosen().sleep.damage == "one_class":
            over = choose_class(network, "over", "Class too often", "Takes the place of others.")
        else:
            over = 0
    settings = settings_of("lesions", over=over)
    with page.timed("lesions"):
        bands = lesions.bands(network, settings)
    draw("lesions", bands)
    if network.condition.trains_discriminator:
        curves = _curves(network.sha256, settings["split"], settings["seed"], network, settings)
        figure = hallucinations(
            {_LESIONS[kind]: points for kind, points in curves.items()},
            settings["hurt"],
            page.is_dark(),
            _HEIGHT,
        )
        chart(figure, "lesion-curves", "Dreams taken for real as d is damaged",
              "REM dreams with d > 0.5, in percent, by the share of its synapses that are hurt.",
              [network])  # fmt: skip
    else:
        st.caption("This network never trained *d*: whether it hallucinates can't be asked.")
    export("lesions", [network], settings)
    source(_SOURCE)


@st.cache_data(max_entries=32, show_spinner=False)
def _curves(
    sha256: str, split: str, seed: int, _network: PadNetwork, _settings: Settings
) -> dict[str, list[Point]]:
    return lesions.curve(_network, _settings)
