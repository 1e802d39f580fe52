"""The REM dreams of all pairs at the plane's point."""

from __future__ import annotations

import streamlit as st

from explorer.dreaming.dreams import Recalled
from explorer.library.networks import read
from explorer.session.state import chosen
from explorer.views.dream.night import dream_row
from explorer.widgets import kept_dreams, page
from explorer.widgets.pictures import panel
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import SIDE_PX


@st.fragment(key="rem")
def pairs(network: PadNetwork, recalled: Recalled) -> None:
    """Draw them."""
    with page.timed("REM"):
        adversarial = kept_dreams.mix(network, recalled, chosen().dream)
    readings = read(network, adversarial)
    row = dream_row(network, recalled, readings, adversarial.realness)
    st.html(panel("rem", adversarial.picture[SIDE_PX:], [row]))
