"""Many dreams of the same memories at the same mixture."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import N_NIGHTS, Recalled
from explorer.library.networks import read
from explorer.session.state import chosen
from explorer.views.dream.night import dreams_in_words
from explorer.widgets import kept_dreams, page
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX
from pad_core.dreaming.reader import Readings


@st.fragment(key="rem")
def show(network: PadNetwork, recalled: Recalled) -> None:
    """Each column dreams of one pair of memories, each row with other noise."""
    with page.timed("REM"):
        adversarial = kept_dreams.mix(network, recalled, chosen().dream, N_NIGHTS)
    readings, realness = read(network, adversarial), adversarial.realness
    words = dreams_in_words(network, recalled, readings, realness)
    levels = dreams.judged(network, realness)[1]
    n = len(recalled)
    st.html(f'<p class="pad-numbers">{_numbers(network, readings, realness, bool(levels))}</p>')
    rows = [
        Row(
            "",
            "",
            "",
            words[night * n : (night + 1) * n],
            levels=levels[night * n : (night + 1) * n],
        )
        for night in range(N_NIGHTS)
    ]
    st.html(panel("nights", adversarial.picture[SIDE_PX:], rows))


def _numbers(
    network: PadNetwork, readings: Readings | None, realness: np.ndarray, judged: bool
) -> str:
    """How real the dreams look, what they are taken for, how far from memory; as HTML."""
    numbers = []
    if judged:
        spread = f"d, from {realness.min():.2f} to {realness.max():.2f}; the bars"
        numbers.append(f'<abbr title="{spread}">looks real</abbr> <b>{realness.mean():.2f}</b>')
    if readings is not None:
        if len(network.class_names) > 1:
            classes = readings.probabilities.argmax(axis=1)
            counts = np.bincount(classes, minlength=len(network.class_names))
            order = [k for k in counts.argsort()[::-1] if counts[k]]
            named = ", ".join(f"{escape(network.class_names[k])} {counts[k]}" for k in order)
            bits = f"mean entropy {readings.entropy.mean():.1f} bits"
            best = escape(network.class_names[order[0]])
            share = counts[order[0]] / len(classes)
            numbers.append(f'<abbr title="{named}; {bits}">{best}</abbr> <b>{share:.0%}</b>')
        hint = "δ, the median distance to the nearest memory; 1 is how far memories lie apart"
        numbers.append(
            f'<abbr title="{hint}">from memory</abbr> <b>{np.median(readings.distance):.2f}</b>'
        )
    return "".join(f"<span>{number}</span>" for number in numbers)
