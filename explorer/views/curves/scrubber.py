"""A slider over panels that the browser already has: it follows a drag, and can play."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from explorer.session.state import reported

_HTML = """<div class="pad-scrubber">
<div class="pad-scrub">
<button type="button" aria-label="Play" title="Play">▶</button>
<div class="pad-rail"><input type="range" min="0" step="1"><div class="pad-ticks"></div></div>
<output></output>
</div>
<div class="pad-stages"></div>
</div>"""
_HERE = Path(__file__).with_name("scrubber")
_component = st.components.v2.component(
    "pad_scrubber",
    html=_HTML,
    css=_HERE.with_suffix(".css").read_text("utf-8"),
    js=_HERE.with_suffix(".js").read_text("utf-8"),
    isolate_styles=False,  # panels have the page's looks
)


def scrubber(
    key: str,
    name: str,
    labels: Sequence[str],
    notes: Sequence[str],
    panels: Sequence[str],
    place: int,
    on_change: Callable[[int], None],
) -> None:
    """Show one of several panels; a drag, an arrow key or *Play* shows the others.

    Args:
        name: of the slider; labels: below its places; notes: beside it, one for each place.
        panels: HTML; texts of users must be escaped.
        place: of the panel to show at first, and whenever this changes.
        on_change: called with the place at which the viewer stops.
    """

    def moved() -> None:
        if (state := reported(key)) is not None:
            on_change(int(state["place"]))

    _component(
        key=key,
        data={
            "name": name,
            "labels": list(labels),
            "notes": list(notes),
            "panels": list(panels),
            "place": place,
        },
        default={"place": place},
        on_place_change=moved,
    )
