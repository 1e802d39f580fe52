"""The plane of A and B: its dreams, computed once, and the dream at its point."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.dreaming.dreams import Recalled
from explorer.session.state import Panels, choose, chosen
from explorer.widgets import kept_dreams, page
from explorer.widgets.pictures import source
from explorer.widgets.plane import cache, component
from explorer.widgets.plane.component import Layout, Memory
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX


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
        everywhere = cache.grid(network, recalled, dream.noise_level, dream.seed)
        here = kept_dreams.mix(network, recalled, dream)

    def move(lam: float, lam_prime: float) -> None:
        choose(redraw, lam=lam, lam_prime=lam_prime)

    first = Memory(recalled.classes[0], source(recalled.picture[:, :SIDE_PX]))
    second = Memory(recalled.previous_classes[0], source(recalled.previous_picture[:, :SIDE_PX]))
    component.plane(
        everywhere,
        (first, second),
        (dream.lam, dream.lam_prime),
        (trained.lam, trained.lam_prime),
        source(here.picture[SIDE_PX:, :SIDE_PX]),
        cache.written(network, here)[0],
        move,
        layout,
        None if seen is None else (source(seen[0]), source(seen[1])),
    )
