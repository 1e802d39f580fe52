"""What trainings at hand record, kept for some seconds."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.runs import history
from explorer.runs.history import Series
from explorer.runs.trainings import Training


@st.cache_data(ttl=10.0, max_entries=100, show_spinner=False)
def live_series(folder: Path, epochs_done: int, _training: Training) -> Series | None:
    """What a training has recorded, the epoch at hand included, anew every ten seconds at most.

    (A chart whose numbers changed is a new one to the browser: it would lose the viewer's zoom.)
    """
    return history.under_way(_training)
