"""Whose idea a sight is, in its last line."""

import streamlit as st


def source(html: str) -> None:
    """A note under a sight: what is the paper's, what another source's, what is ours."""
    st.html(f'<p class="pad-source">{html}</p>')
