"""Lab: what a trained network can be made to show, without training it further."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explorer.library.labels import full_name
from explorer.session.state import chosen, fresh, take
from explorer.views.lab.sights import SIGHTS
from explorer.widgets import page, sidebar
from explorer.widgets.look import look
from pad_core.errors import PadError


def show() -> None:
    """The page: one of its sights, which the viewer chooses beside the title."""
    look("lab", Path(__file__).parent)
    network = page.network()
    if network is None:
        return
    sidebar.memories(network, stored=True)
    name = chosen().lab.lab if chosen().lab.lab in SIGHTS else next(iter(SIGHTS))
    sight = SIGHTS[name]
    with page.heading(sight.title, full_name(network.header)):
        _choose(name)
    try:
        sight.show(network)
    except PadError as error:
        page.problem(error)
    page.footer(network, name)


def _choose(name: str) -> None:
    widget = fresh("lab", name)
    names = list(SIGHTS)
    st.selectbox(  # nine names abreast would leave the title no room
        "Sight",
        names,
        names.index(name),
        format_func=lambda name: SIGHTS[name].label,
        key=widget,
        label_visibility="collapsed",
        width=170,
        on_change=take,
        args=("lab", widget),
    )
