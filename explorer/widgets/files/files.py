"""The menu of a chart's or table's files; each carries the caption and says what it is from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

import pad_core
from explorer.session.state import chosen
from explorer.widgets.files.rows import figure_to_csv, to_csv
from pad_core.checkpoint.file import PadNetwork

_HERE = Path(__file__)
_pictures = st.components.v2.component(
    "pad_figure_files",
    html="""<div role="group" aria-label="Pictures">
<button type="button" data-kind="svg">SVG</button>
<button type="button" data-kind="png">PNG</button>
<button type="button" data-kind="pdf">PDF</button>
</div>""",
    css=_HERE.with_suffix(".css").read_text("utf-8"),
    js=_HERE.with_suffix(".js").read_text("utf-8"),
)


@dataclass(frozen=True)
class About:
    """What a figure's files say of it.

    title, caption: what is seen; of: which networks; python: lines that make it again.
    """

    title: str
    caption: str
    of: str
    python: str = ""

    @property
    def source(self) -> str:
        """The program and its version, and the networks."""
        return f"PAD dream explorer {pad_core.__version__}: {self.of}"

    @property
    def file_name(self) -> str:
        """Of its files, without their ending."""
        return "pad-" + re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:60]


def told(networks: Iterable[PadNetwork]) -> str:
    """Networks by name and file, as ``About.of``."""
    return "; ".join(f"{one.name}, sha256 {one.sha256[:12]}" for one in networks)


def figure_files(drawn: go.Figure, about: About, chart: str) -> None:
    """The menu of the chart that was drawn with the key ``chart``; none in a talk."""
    if chosen().page.present:
        return
    with _menu(chart):
        with st.container(horizontal=True):
            _picture_buttons(about, chart)
            _csv(lambda: figure_to_csv(drawn, about.source), about, chart)
        if about.python:
            st.caption("Python that makes it, in the project's folder:")
            st.code(about.python, language="python")


def picture_files(about: About, key: str) -> None:
    """The menu of what ``window.padFigures`` draws under this key; none in a talk."""
    if chosen().page.present:
        return
    with _menu(key):
        _picture_buttons(about, key)


def table_files(
    names: Sequence[str], rows: Sequence[Sequence[str]], about: About, key: str
) -> None:
    """The menu of a table."""
    with _menu(key):
        _csv(lambda: to_csv(names, rows, about.source), about, key)


def _menu(key: str) -> Any:
    return st.popover("Save", icon=":material/download:", type="tertiary", key=f"save-{key}")


def _picture_buttons(about: About, key: str) -> None:
    data = {"chart": key, "name": about.file_name, "title": about.title}
    data |= {"caption": about.caption, "source": about.source}
    _pictures(key=f"pictures-{key}", data=data, width="content")


def _csv(make: Callable[[], str], about: About, key: str) -> None:
    st.download_button(
        "CSV",
        lambda: make().encode("utf-8-sig"),  # the mark tells Excel that it is UTF-8
        f"{about.file_name}.csv",
        "text/csv",
        key=f"csv-{key}",
        on_click="ignore",
    )
