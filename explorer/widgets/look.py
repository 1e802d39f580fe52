"""Load style sheets: those of all pages from this folder, a page's own from its folder."""

from pathlib import Path

import streamlit as st

from explorer.session.streamlit_internals import with_parts

_HERE = Path(__file__).parent


def look(name: str, folder: Path = _HERE) -> None:
    """Apply the style sheet of that name from here on."""
    apply(name, with_parts((folder / f"{name}.css").read_text(encoding="utf-8")))


def apply(name: str, sheet: str) -> None:
    """Apply a style sheet, given as text, from here on.

    Streamlit places HTML with nothing but a style sheet among the toasts, and the next toast would
    replace it. An empty element beside the sheet keeps it in the page.
    """
    with st.container(key=f"look-{name}"):
        st.html(f"<i></i><style>{sheet}</style>")
