"""The address that the browser shows: read, and written."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.session import streamlit_internals

_SENT = "address"  # in the viewer's session: what the browser was told last
Query = dict[str, str | list[str]]


def read() -> Query:
    """The parameters of the address as the browser has it, with their values."""
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in query.items()}


def write(parameters: Mapping[str, str | list[str]]) -> None:
    """Have the browser show these parameters.

    A late browser sends an earlier address, which may equal the current one, so the address sent
    last counts, too.
    """
    query = {
        name: texts[0] if isinstance(texts, list) and len(texts) == 1 else texts
        for name, texts in parameters.items()
    }
    session = streamlit_internals.session_state()
    told = _SENT in session and session[_SENT] == query
    if not told or read() != query:
        st.query_params.from_dict(query)
        session[_SENT] = query
