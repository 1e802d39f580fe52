"""Load style sheets: those of all pages from this folder, a page's own from its folder."""

from pathlib import Path

import streamlit as st

from explorer.session.streamlit_internals import with_parts

_HERE = Path(__file__).parent


def look(name: str, folder: Path = _HERE) -> None:
    """Apply a style sheet from here on.

    Streamlit places HTML with nothing but a style sheet among the toasts, and the next toast would
    replace it. An empty element beside the sheet keeps it in the page.
    """
    sheet = (folder / f"{name}.css").read_text(encoding="utf-8")
    with st.container(key=f"look-{name}"):
        st.html(f"<i></i><style>{with_parts(sheet)}</style>")
