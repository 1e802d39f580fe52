"""A cache of dream planes for all viewers."""

from __future__ import annotations

from hashlib import sha256

import streamlit as st
import torch

from explorer.dreaming import dreams
from explorer.dreaming.dreams import Adversarial, Recalled
from pad_core.checkpoint.file import PadNetwork


def plane(network: PadNetwork, recalled: Recalled, noise_level: float, seed: int) -> Adversarial:
    """``dreams.plane``, cached: it takes as long as a hundred dreams."""
    pair = torch.cat([recalled.current[:1], recalled.previous[:1]]).numpy().tobytes()
    key = (network.sha256, sha256(pair).hexdigest())
    return _plane(key, noise_level, seed, network, recalled)


@st.cache_resource(max_entries=32, show_spinner=False)
def _plane(
    key: tuple[str, str], noise_level: float, seed: int, _network: PadNetwork, _recalled: Recalled
) -> Adversarial:
    return dreams.plane(_network, _recalled, noise_level, seed)
