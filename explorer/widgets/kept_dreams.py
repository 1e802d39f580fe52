"""Dreams that are kept for all viewers: who asks for what another one sees need not wait for it.

Streamlit computes a value once, also when several ask for it at the same time.
"""

from __future__ import annotations

from hashlib import sha256

import streamlit as st
import torch

from explorer.dreaming import dreams
from explorer.dreaming.dreams import Adversarial, Perturbed, Pictures, Recalled
from explorer.session.choices import PICTURE, Dream
from pad_core.checkpoint.file import PadNetwork

_KEPT = 32  # of each; 64 dreams take 1 MB


def recall(network: PadNetwork, dream: Dream, pictures: Pictures) -> Recalled:
    """``dreams.recall``; of a viewer's own picture it is not kept."""
    chosen = (dream.split, dream.seed, dream.first, dream.second)
    if PICTURE in chosen[2:]:
        return dreams.recall(network, dream, pictures)
    return _recall(network.sha256, chosen, network, dream)


def perturb(network: PadNetwork, recalled: Recalled, dream: Dream) -> Perturbed:
    """``dreams.perturb``."""
    dials = (dream.intensity, dream.size_px, dream.seed)
    return _perturb(network.sha256, identity(recalled), dials, network, recalled, dream)


def mix(network: PadNetwork, recalled: Recalled, dream: Dream, nights: int = 1) -> Adversarial:
    """``dreams.mix``."""
    dials = (dream.lam, dream.lam_prime, dream.noise_level, dream.seed, nights)
    return _mix(network.sha256, identity(recalled), dials, network, recalled, dream)


def identity(recalled: Recalled) -> str:
    """What tells the latents of memories from those of others."""
    latents = torch.cat([recalled.current, recalled.previous])
    return sha256(latents.numpy().tobytes()).hexdigest()


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _recall(
    network: str, chosen: tuple[str, int, int, int], _network: PadNetwork, _dream: Dream
) -> Recalled:
    return dreams.recall(_network, _dream)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _perturb(
    network: str,
    recalled: str,
    dials: tuple[float, int, int],
    _network: PadNetwork,
    _recalled: Recalled,
    _dream: Dream,
) -> Perturbed:
    return dreams.perturb(_network, _recalled, _dream)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _mix(
    network: str,
    recalled: str,
    dials: tuple[float, float, float, int, int],
    _network: PadNetwork,
    _recalled: Recalled,
    _dream: Dream,
) -> Adversarial:
    return dreams.mix(_network, _recalled, _dream, dials[-1])
