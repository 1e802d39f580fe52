"""The style sheets of the pages, beside this file."""

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent


def look(name: str) -> None:
    """Draw by a style sheet from here on.

    Beside an empty element: a style sheet alone would go where Streamlit puts toasts, and the
    first one of a callback would take its place.
    """
    sheet = (_HERE / f"{name}.css").read_text(encoding="utf-8")
    with st.container(key=f"look-{name}"):
        st.html(f"<i></i><style>{sheet}</style>")
