"""The plane of A and B: its dreams, computed once, and the dream at its point."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import PLANE_STEPS, Adversarial, Recalled
from explorer.library.networks import read
from explorer.session.state import Panels, choose, chosen
from explorer.widgets import page
from explorer.widgets.pictures import source
from explorer.widgets.plane import cache, component
from explorer.widgets.plane.component import Dream, Grid, Layout, Memory
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX

_SCORES = 3  # classes whose probabilities are shown


@st.fragment(key="plane")
def pad(
    network: PadNetwork,
    recalled: Recalled,
    redraw: Panels,
    layout: Layout = "page",
    seen: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """The plane; a move of its point draws ``redraw`` again.

    Args:
        seen: the images of A and B, uint8 (32, 32, 3), where they are here and shown.
    """
    dream, trained = chosen().dream, network.condition.rem_mixture
    with page.timed("plane"):
        everywhere = cache.plane(network, recalled, dream.noise_level, dream.seed)
        grid = Grid(PLANE_STEPS, source(everywhere.picture), _dreams(network, everywhere))
        here = dreams.mix(network, recalled, dream)

    def move(lam: float, lam_prime: float) -> None:
        choose(redraw, lam=lam, lam_prime=lam_prime)

    first = Memory(recalled.classes[0], source(recalled.picture[:, :SIDE_PX]))
    second = Memory(recalled.previous_classes[0], source(recalled.previous_picture[:, :SIDE_PX]))
    component.plane(
        grid,
        (first, second),
        (dream.lam, dream.lam_prime),
        (trained.lam, trained.lam_prime),
        source(here.picture[SIDE_PX:, :SIDE_PX]),
        _dreams(network, here)[0],
        move,
        layout,
        None if seen is None else (source(seen[0]), source(seen[1])),
    )


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
