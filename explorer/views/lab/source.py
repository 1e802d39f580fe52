"""How to read a sight, and whose idea it is, in its last line."""

import streamlit as st


def source(html: str) -> None:
    """A note under a sight, folded: what is the paper's, what another source's, what is ours."""
    st.html(
        '<details class="pad-source"><summary>How to read this, and whose idea it is</summary>'
        f"<p>{html}</p></details>"
    )
