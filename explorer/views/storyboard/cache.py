"""A cache of stories for all viewers."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import streamlit as st
import torch

from explorer.dreaming.dreams import Recalled
from explorer.session.choices import Dream
from explorer.views.storyboard.story import Story, tell
from pad_core.checkpoint.file import PadNetwork


def story(
    network: PadNetwork,
    recalled: Recalled,
    dream: Dream,
    seen: np.ndarray | None,
    images: torch.Tensor | None,
) -> Story:
    """``story.tell``, cached: each step shows a part of it."""
    pair = torch.cat([recalled.current[:1], recalled.previous[:1]]).numpy().tobytes()
    stimulus = pair + (b"" if seen is None else seen.tobytes())
    found = images is not None
    return _story(
        network.sha256, sha256(stimulus).hexdigest(), dream, found, network, recalled, seen, images
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _story(
    network_sha256: str,
    stimulus_sha256: str,
    dream: Dream,
    found: bool,
    _network: PadNetwork,
    _recalled: Recalled,
    _seen: np.ndarray | None,
    _images: torch.Tensor | None,
) -> Story:
    return tell(_network, _recalled, dream, _seen, _images)
