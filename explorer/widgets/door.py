"""At the door: who comes when the server is full is told so, and gets in when one leaves."""

from __future__ import annotations

import streamlit as st

from explorer.session import classroom, streamlit_internals
from explorer.session.admission import Admission, most

_LOOK_S = 5.0  # between two looks whether there is room


@st.cache_resource(show_spinner=False)
def _admission() -> Admission:
    """The one of this server."""
    return Admission(streamlit_internals.is_connected)


def let_in() -> bool:
    """Whether this viewer is in; else the page says why, and opens as soon as there is room."""
    viewer = streamlit_internals.session_id()
    if viewer is None or classroom.is_speaker() or _admission().admit(viewer):
        return True
    st.html(
        f'<p class="pad-full">{most()} viewers are here, which is as many as this computer serves '
        "well. This page opens by itself as soon as one leaves; or try again in a minute.</p>"
    )
    _wait()
    return False


def n_inside() -> int:
    """How many viewers are in."""
    return _admission().inside()


@st.fragment(run_every=_LOOK_S)
def _wait() -> None:
    if _admission().room():
        st.rerun()
