"""Trainings that run, and their recorded histories, cached for some seconds."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.library import networks
from explorer.runs import history, trainings
from explorer.runs.history import Series
from explorer.runs.trainings import Training


@st.cache_data(ttl=10.0, max_entries=100, show_spinner=False)
def live_series(folder: Path, epochs_done: int, _training: Training) -> Series | None:
    """The recorded history of a training with its current epoch, renewed every ten seconds.

    To the browser, a chart with other numbers is a new chart: it would lose the viewer's zoom.
    """
    return history.under_way(_training)


def running() -> dict[str, Training]:
    """What trains now, by the key that its latest network has or will have."""
    found = [t for t in trainings.trainings(networks.ROOT) if t.running]
    return {networks.key_of(t.folder / "latest.safetensors"): t for t in found}
