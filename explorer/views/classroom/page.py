"""Class: the address that visitors open, as a QR code to be shown."""

from __future__ import annotations

from html import escape
from pathlib import Path

import segno
import streamlit as st

from explorer.session import classroom
from explorer.session.admission import most
from explorer.widgets import page
from explorer.widgets.door import n_inside
from explorer.widgets.look import look

_COUNT_S = 5.0
_FOR_VISITORS = (
    "What you choose here is yours: nobody else sees it. What you keep in the journal lies on the "
    "speaker's computer until the class ends, and a random secret in your browser opens it. "
    "*Follow the speaker*, below, makes your page the speaker's."
)
_FOR_THE_SPEAKER = (
    "*Let the class follow* shows what you show to those who wish. Visitors can neither "
    "train, nor send files, nor name a folder; each has a journal that only they see, and that "
    "ends with the class."
)


def show() -> None:
    """The page."""
    look("classroom", Path(__file__).parent)
    page.heading("Open this address", "")
    address = classroom.address()
    code = segno.make(address, error="m", micro=False)
    drawing = code.svg_data_uri(omitsize=True, border=4, dark="#000", light="#fff")
    st.html(
        f'<div class="pad-invitation"><img alt="QR code of {escape(address)}" src="{drawing}">'
        f"<p>{escape(address)}</p></div>"
    )
    _count()
    st.caption(_FOR_THE_SPEAKER if classroom.is_speaker() else _FOR_VISITORS)
    page.footer(None)


@st.fragment(run_every=_COUNT_S)
def _count() -> None:
    n = n_inside()
    full = " That is all that this computer serves well." if n >= most() else ""
    st.html(f'<p class="pad-present">{n} of {most()} are here.{full}</p>')
