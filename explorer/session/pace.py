"""How often a page looks for news, where something is awaited."""

from __future__ import annotations

from explorer.session import streamlit_internals

_EACH_S = 0.2  # of one interpreter's time, which all viewers' looks share
_MOST_S = 4.0  # below ``background.LAPSE_S``, after which a viewer counts as gone


def look_every(seconds: float) -> float:
    """Seconds between two looks: as many as given, or more where many viewers look."""
    return max(seconds, min(_EACH_S * streamlit_internals.viewers(), _MOST_S))
