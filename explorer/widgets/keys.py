"""Keys of a page, heard wherever the focus is but in a field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from explorer.session.state import remembered, reported, session
from explorer.session.streamlit_internals import RUNNING

_component = st.components.v2.component(
    "pad_keys",
    html="<i></i>",
    js=Path(__file__).with_suffix(".js").read_text("utf-8"),
)


def keys(
    name: str,
    heard: Sequence[str],
    on_press: Callable[[Counter[str]], None],
    on_radios: bool = False,
    turn: Literal["first", "usual", "last"] = "usual",
    leads_elsewhere: bool = False,
) -> None:
    """Listen to some keys.

    A shortcut of a button would lose presses: of several that wait for the server it hears
    once. Here the browser counts, and the server takes what has been added to the count: when it
    is told, or when the keys are drawn anew, if the page was changing when it was told.

    Args:
        name: of these keys on the page.
        heard: the keys, as browsers name them; letters in lower case.
        on_press: called with how often each was pressed since it was last called.
        on_radios: whether arrows are heard on a row of choices too, where they move the focus.
        turn: 'first' to hear them wherever the focus is, before anything else does; 'last' to hear
            only what nothing else on the page took.
        leads_elsewhere: whether a press leads to another page: the next press then waits, a second
            at most, until that page is there.
    """
    key = f"keys-{name}"

    def pressed() -> None:
        if (state := reported(key)) is not None:
            take(state["count"])

    def take(count: dict[str, Any]) -> None:
        before = remembered(f"{key}-before", {})
        known = before["presses"] if before.get("since") == count["since"] else {}
        session()[f"{key}-before"] = count
        on_press(Counter({k: int(n) - int(known.get(k, 0)) for k, n in count["presses"].items()}))

    data = {
        "name": name, "heard": list(heard), "radios": on_radios, "turn": turn,
        "running": RUNNING if leads_elsewhere else None,
    }  # fmt: skip
    with st.container():  # of its own, which the style sheet takes out of sight
        state = _component(key=key, data=data, default={"count": None}, on_count_change=pressed)
    if state.count is not None and state.count != remembered(f"{key}-before", {}):
        take(state.count)
        st.rerun()
