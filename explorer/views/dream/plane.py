"""The dream plane of A and B, on the page and in a talk."""

from __future__ import annotations

import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import PLANE_STEPS, Adversarial, Recalled
from explorer.session.state import Panels, choose, chosen
from explorer.views.dream import cache, plane_component
from explorer.views.dream.night import dream_row, read
from explorer.views.dream.plane_component import Dream, Grid, Memory
from explorer.widgets import page
from explorer.widgets.pictures import panel, source
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX

_SCORES = 3  # classes whose probabilities are shown


@st.fragment(key="plane")
def pad(network: PadNetwork, recalled: Recalled, redraw: Panels, talk: bool = False) -> None:
    """Draw the plane; a move of its point redraws ``redraw``."""
    dream, trained = chosen().dream, network.condition.rem_mixture
    with page.timed("plane"):
        everywhere = cache.plane(network, recalled, dream.noise_level, dream.seed)
        grid = Grid(PLANE_STEPS, source(everywhere.picture), _dreams(network, everywhere))
        here = dreams.mix(network, recalled, dream)

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
        grid,
        (first, second),
        (dream.lam, dream.lam_prime),
        (trained.lam, trained.lam_prime),
        source(here.picture[SIDE_PX:, :SIDE_PX]),
        _dreams(network, here)[0],
        move,
        talk,
    )


@st.fragment(key="rem")
def pairs(network: PadNetwork, recalled: Recalled) -> None:
    """Draw the REM dreams of all pairs at the plane's point."""
    with page.timed("REM"):
        adversarial = dreams.mix(network, recalled, chosen().dream)
    readings = read(network, adversarial)
    row = dream_row(network, recalled, readings, adversarial.realness)
    st.html(panel("rem", adversarial.picture[SIDE_PX:], [row]))


def _dreams(network: PadNetwork, adversarial: Adversarial) -> list[Dream]:
    readings = read(network, adversarial)
    trained = network.condition.trains_discriminator
    judged = [round(float(d), 4) if trained else None for d in adversarial.realness]
    if readings is None:
        return [Dream(d) for d in judged]
    scores = _SCORES if len(network.class_names) > 1 else 0
    order = (-readings.probabilities).argsort(axis=1)[:, :scores]
    return [
        Dream(
            d,
            [(network.class_names[k], round(float(p[k]), 4)) for k in best],
            round(float(distance), 4),
        )
        for d, p, best, distance in zip(
            judged, readings.probabilities, order, readings.distance, strict=True
        )
    ]
