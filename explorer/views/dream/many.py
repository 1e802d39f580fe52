"""Many dreams of the same memories at the same mixture."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import N_NIGHTS, Recalled
from explorer.session.state import chosen
from explorer.views.dream.night import dreams_in_words, read
from explorer.widgets import page
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX

_COUNTED = 4  # classes named in the summary


@st.fragment(key="rem")
def show(network: PadNetwork, recalled: Recalled) -> None:
    """Each column dreams of one pair of memories, each row with other noise."""
    with page.timed("REM"):
        adversarial = dreams.mix(network, recalled, chosen().dream, N_NIGHTS)
    readings, realness = read(network, adversarial), adversarial.realness
    words = dreams_in_words(network, recalled, readings, realness)
    levels = dreams.judged(network, realness)[1]
    n = len(recalled)
    summary = (
        f"{len(realness)} dreams at one mixture: a pair of memories in each column, other noise ε "
        "in each row.<br><br>"
    )
    summary += (
        f"Mean realness <i>d</i> <b>{realness.mean():.2f}</b> (the bars; from "
        f"{realness.min():.2f} to {realness.max():.2f})."
        if levels
        else "<i>d</i>: not trained."
    )
    if readings is not None:
        counts = np.bincount(
            readings.probabilities.argmax(axis=1), minlength=len(network.class_names)
        )
        most = [k for k in counts.argsort()[::-1][:_COUNTED] if counts[k]]
        named = ", ".join(f"{escape(network.class_names[k])} {counts[k]}" for k in most)
        if len(network.class_names) > 1:
            bits = np.log2(len(network.class_names))
            summary += (
                f"<br><br>The probe takes most for: {named}; mean entropy "
                f"<b>{readings.entropy.mean():.1f}</b> of {bits:.1f} bits."
            )
        summary += (
            f"<br><br>Median distance <i>δ</i> to the nearest memory "
            f"<b>{np.median(readings.distance):.2f}</b>."
        )
    rows = [
        Row(
            "REM dreams" if night == 0 else "",
            "",
            summary if night == 0 else "",
            words[night * n : (night + 1) * n],
            levels=levels[night * n : (night + 1) * n],
        )
        for night in range(N_NIGHTS)
    ]
    st.html(panel("nights", adversarial.picture[SIDE_PX:], rows))
