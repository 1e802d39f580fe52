"""Planes of dreams, kept for all viewers."""

from __future__ import annotations

from hashlib import sha256

import streamlit as st
import torch

from explorer.dreaming import dreams
from explorer.dreaming.dreams import Adversarial, Recalled
from explorer.session.choices import Choices
from pad_core.checkpoint.file import PadNetwork


def plane(network: PadNetwork, recalled: Recalled, choices: Choices) -> Adversarial:
    """``dreams.plane``, which takes as long as some hundred dreams do."""
    pair = torch.cat([recalled.current[:1], recalled.previous[:1]]).numpy().tobytes()
    sigma, seed = choices.noise_level, choices.seed
    return _plane(network.sha256, sha256(pair).hexdigest(), sigma, seed, network, recalled, choices)


@st.cache_resource(max_entries=32, show_spinner=False)
def _plane(
    network_sha256: str,
    pair_sha256: str,
    noise_level: float,
    seed: int,
    _network: PadNetwork,
    _recalled: Recalled,
    _choices: Choices,
) -> Adversarial:
    return dreams.plane(_network, _recalled, _choices)
