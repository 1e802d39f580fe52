"""The dream plane of A and B, on the page and in a talk."""

from __future__ import annotations

import streamlit as st

from explorer.dreaming.dreams import Recalled
from explorer.session.state import Panels, choose, chosen
from explorer.views.dream import cache, plane_component
from explorer.views.dream.grid import grid, written
from explorer.views.dream.night import dream_row, read
from explorer.views.dream.plane_component import Memory
from explorer.widgets import page
from explorer.widgets.pictures import panel, source
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX


@st.fragment(key="plane")
def pad(network: PadNetwork, recalled: Recalled, redraw: Panels, talk: bool = False) -> None:
    """Draw the plane; a move of its point redraws ``redraw``."""
    dream, trained = chosen().dream, network.condition.rem_mixture
    with page.timed("plane"):
        everywhere = grid(network, recalled, dream.noise_level, dream.seed)
        here = cache.mix(network, recalled, dream)

    def move(lam: float, lam_prime: float) -> None:
        choose(redraw, lam=lam, lam_prime=lam_prime)

    first, second = (
        Memory(names[0], source(picture[:, :SIDE_PX]))
        for names, picture in (
            (recalled.classes, recalled.picture),
            (recalled.previous_classes, recalled.previous_picture),
        )
    )
    plane_component.plane(
        everywhere,
        (first, second),
        (dream.lam, dream.lam_prime),
        (trained.lam, trained.lam_prime),
        source(here.picture[SIDE_PX:, :SIDE_PX]),
        written(network, here)[0],
        move,
        talk,
    )


@st.fragment(key="rem")
def pairs(network: PadNetwork, recalled: Recalled) -> None:
    """Draw the REM dreams of all pairs at the plane's point."""
    with page.timed("REM"):
        adversarial = cache.mix(network, recalled, chosen().dream)
    readings = read(network, adversarial)
    row = dream_row(network, recalled, readings, adversarial.realness)
    st.html(panel("rem", adversarial.picture[SIDE_PX:], [row]))
