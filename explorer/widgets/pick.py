"""A row of choices of the page."""

from __future__ import annotations

import streamlit as st

from explorer.session.state import Panels, chosen, fresh, take


def pick(
    name: str, options: list[str], labels: dict[str, str], label: str, redraw: Panels = ()
) -> None:
    """A row of choices for one parameter of ``Choices``."""
    value = chosen().value(name)
    key = fresh(name, value)
    st.segmented_control(label, options, default=value, format_func=labels.__getitem__, key=key,
                         required=True, label_visibility="collapsed", on_change=take,
                         args=(name, key, redraw))  # fmt: skip
