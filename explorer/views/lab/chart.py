"""A sight's chart and its files."""

from __future__ import annotations

from collections.abc import Iterable

import plotly.graph_objects as go
import streamlit as st

from explorer.widgets import page
from explorer.widgets.files.files import About, figure_files, told
from pad_core.checkpoint.file import PadNetwork


def chart(
    figure: go.Figure, key: str, title: str, caption: str, networks: Iterable[PadNetwork]
) -> None:
    """Draw it; its files name the networks that it is of."""
    shown = page.chart(figure)
    st.plotly_chart(shown, key=key, theme=None, config={"displayModeBar": False}, alt=title)
    figure_files(figure, About(title, caption, told(networks)), key)
