"""The path through the pages: from a dream to what sleep is for, and to a network of one's own.

It can be left at any stop, and taken up there again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.session import classroom
from explorer.session.state import choose, chosen, remembered, session, step_by
from explorer.widgets.page import go_to


@dataclass(frozen=True)
class Stop:
    """A page of the path: where, its name on the button that leads there, what to look at."""

    page: str
    name: str
    text: str
    choices: Mapping[str, Any] = field(default_factory=dict)


STOPS = (
    Stop("", "A dream", "What the network saw, what it recalls, and what it dreams."),
    Stop(
        "storyboard",
        "Storyboard: one night",
        "How the network learns: awake, in NREM and in REM.",
        {"step": 1},
    ),
    Stop(
        "dream",
        "Dream: mix one",
        "REM mixes two memories and noise: on this plane, and in as many pairs as you like.",
        {"sight": "plane"},
    ),
    Stop(
        "wall",
        "Wall: take sleep away",
        "PAD had all of sleep, each other network less. What do the same memories become?",
        {"wall": "rem", "compared": (), "lam": 0.5, "lam_prime": 0.5, "noise_level": 1.0},
    ),
    Stop(
        "probe",
        "Probe: what is lost",
        "Can a simple classifier read the class from what each network sees?",
    ),
    Stop(
        "curves",
        "Curves: does it agree with the paper?",
        "Each claim of the paper, and what our networks say to it.",
        {"curves": "paper", "figure": "table1"},
    ),
    Stop(
        "train",
        "Train: make your own",
        "The paper finds that NREM makes latents robust, and REM classes easier to tell apart. "
        "What will yours live through?",
    ),
)


def path_bar(page: str) -> None:
    """At the foot of a page: where the path stands, on, back, and away; nothing beside the path.

    page: the path of the page that is shown.
    """
    at = chosen().page.path
    if at == 0 or chosen().page.present:
        return
    stops = _stops()
    at = min(at, len(stops))
    stop = stops[at - 1]
    here = stands_at(page)
    with st.container(key="path-bar", horizontal=True, vertical_alignment="center"):
        text = stop.text if here else f"The path waits at *{stop.name}*."
        st.markdown(f"**{at} of {len(stops)}** \u2002 {text}")
        if not here:
            _go("Back to the path", at, "return")
        else:
            nights = page == "storyboard"
            if not (nights and _step(-1)) and at > 1:
                _go("Back", at - 1, "back")
            left = take_up()
            if at == 1 and left > 2:
                _go(f"Go on at {left}: {STOPS[left - 1].name}", left, "go-on")
            on = nights and _step(1)
            if at < len(stops):
                _go(stops[at].name, at + 1, "next", primary=not on)
        st.button(
            "",
            key="path-leave",
            icon=":material/close:",
            type="tertiary",
            on_click=_leave,
            help="Leave the path. *Start* takes it up again here.",
        )


def leads_through(n_steps: int) -> None:
    """The storyboard has so many steps: the path goes through them before it goes on."""
    session()["path-steps"] = n_steps


def stands_at(page: str) -> bool:
    """Whether the path's bar is on this page and leads on from here."""
    at = min(chosen().page.path, len(_stops()))
    return at > 0 and not chosen().page.present and _stops()[at - 1].page == page


def _step(by: int) -> bool:
    """The button for the next (1) or former (-1) step of the night; whether there is one."""
    n_steps = int(remembered("path-steps", 0))
    there = 1 <= min(chosen().page.step, n_steps) + by <= n_steps
    if there:
        _button(
            "Next step" if by > 0 else "Back", "step" if by > 0 else "step-back", by > 0,
            on_click=step_by, args=("step", by, 1, n_steps),
        )  # fmt: skip
    return there


def _stops() -> tuple[Stop, ...]:
    """Those there are; nobody trains in a class."""
    return tuple(stop for stop in STOPS if stop.page != "train" or not classroom.is_class())


def take_up() -> int:
    """The stop at which the path was left in this session; the first, if it never was."""
    return int(remembered("path-left", 1))


def _leave() -> None:
    session()["path-left"] = chosen().page.path
    choose(path=0)


def _go(label: str, to: int, name: str, *, primary: bool = False) -> None:
    if _button(label, name, primary):
        stop = STOPS[to - 1]
        choose(path=to, **stop.choices)
        go_to(stop.page)


def _button(label: str, name: str, primary: bool, **called: Any) -> bool:
    return st.button(
        label,
        key=f"path-{name}",
        type="primary" if primary else "secondary",
        icon=":material/arrow_forward:" if primary else None,
        icon_position="right",
        **called,
    )
