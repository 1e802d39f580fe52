"""The dreams of the plane with what is written beside them, kept for all viewers.

A move of the plane's point changes none of them: to read and encode them anew took most of it.
"""

from __future__ import annotations

import base64

import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import PLANE_STEPS, Adversarial, Recalled
from explorer.library.networks import read
from explorer.widgets.kept_dreams import identity
from explorer.widgets.plane.component import Dream, Grid
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import png_bytes

_SCORES = 3  # classes whose probabilities are shown


def grid(network: PadNetwork, recalled: Recalled, noise_level: float, seed: int) -> Grid:
    """All dreams of the plane, as the page shows them; they take as long as a hundred others."""
    return _grid(network.sha256, identity(recalled), noise_level, seed, network, recalled)


@st.cache_resource(max_entries=32, show_spinner=False)  # 0.3 MB each
def _grid(
    network: str,
    recalled: str,
    noise_level: float,
    seed: int,
    _network: PadNetwork,
    _recalled: Recalled,
) -> Grid:
    everywhere = dreams.plane(_network, _recalled, noise_level, seed)
    atlas = base64.b64encode(png_bytes(everywhere.picture)).decode()
    return Grid(PLANE_STEPS, f"data:image/png;base64,{atlas}", written(_network, everywhere))


def written(network: PadNetwork, adversarial: Adversarial) -> list[Dream]:
    """What is written beside each dream."""
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
