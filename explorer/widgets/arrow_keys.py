"""The arrow keys of a talk, wherever the focus is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from explorer.session.state import remembered, session

_KEY = "arrow-keys"
_component = st.components.v2.component(
    "pad_arrow_keys",
    html="<i></i>",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
)


def arrow_keys(on_press: Callable[[int, int], None]) -> None:
    """Listen to the arrow keys.

    A shortcut of a button would lose presses: of several that wait for the server it hears
    once. Here the browser counts, and the server takes what has been added to the count.

    Args:
        on_press: called with how many steps → was pressed more often than ←, and ↑ than ↓.
    """

    def pressed() -> None:
        count = session()[_KEY]["count"]
        before = remembered(_KEY + "-before", {})
        known = before if before.get("since") == count["since"] else {"right": 0, "up": 0}
        session()[_KEY + "-before"] = count
        on_press(int(count["right"] - known["right"]), int(count["up"] - known["up"]))

    _component(key=_KEY, default={"count": None}, on_count_change=pressed)
