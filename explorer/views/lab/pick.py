"""One choice of a few in the sidebar."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.widgets.pick import pick as row


def pick(name: str, label: str, options: Mapping[str, str], help: str) -> str:
    """Draw the row and return what is chosen; see the widget."""
    with st.sidebar:
        return row(name, label, options, help, label_visibility="visible", width="stretch")
