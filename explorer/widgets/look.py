"""The style sheets: those of all pages beside this file, a page's own in its folder."""

from pathlib import Path

import streamlit as st

from explorer.session.streamlit_internals import with_parts

_HERE = Path(__file__).parent


def look(name: str, folder: Path = _HERE) -> None:
    """Draw by a style sheet of this folder from here on.

    Streamlit puts HTML that holds nothing but a style sheet where it puts toasts, and the first
    toast of a callback would replace it. An empty element beside the sheet keeps it in the page.
    """
    sheet = (folder / f"{name}.css").read_text(encoding="utf-8")
    with st.container(key=f"look-{name}"):
        st.html(f"<i></i><style>{with_parts(sheet)}</style>")
