"""Storyboard: Wake, NREM and REM for one stimulus, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.memories import images_of
from explorer.library.labels import full_name
from explorer.session.state import chosen, fresh, step_by, take
from explorer.views.storyboard import cache
from explorer.views.storyboard.flow import flow
from explorer.views.storyboard.steps import PHASES, Step, lesson, steps
from explorer.widgets import kept_dreams, look, page, path_bar, sidebar
from explorer.widgets.keys import keys
from explorer.widgets.memory_pair import choose_pair, pictures
from pad_core.errors import PadError


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    sidebar.memories(network)
    choose_pair(network)
    dataset = sidebar.images(network)
    images = images_of(network, chosen().dream.split, dataset)
    try:
        with page.timed("story"):
            recalled = kept_dreams.recall(network, chosen().dream, pictures())
            row = dreams.seen(network, recalled, chosen().dream, images, pictures())
            seen = None if row is None else row[:, :32]
            story = cache.story(network, recalled, chosen().dream, seen, images)
    except PadError as error:
        page.problem(error)
        return
    night = steps(network.condition)
    path_bar.leads_through(len(night))
    place = _place(len(night))
    step = night[place - 1]
    with page.heading(f"{PHASES[step.phase]} · {step.name}", full_name(network.header)):
        if not path_bar.stands_at("storyboard"):  # its bar has the same buttons
            _turn(place, -1, len(night))
            _turn(place, 1, len(night))
    _turn_by_keys(len(night))
    _tint(place, night)
    with st.container(key="steps"):
        _choose_step(place, night)
    st.html(flow(step.parts(story)))
    st.html(lesson(step, story, network))
    page.footer(network, "story")


def _tint(place: int, night: Sequence[Step]) -> None:
    """The steps' buttons and the pictures have the tints of their states (see ``style.css``)."""
    parts = [f'.st-key-steps [role="radio"]:nth-child({i + 1})' for i in range(len(night))]
    tints = zip([*parts, ".pad-flow"], [*night, night[place - 1]], strict=True)
    rules = "".join(f"{part} {{ --tint: var(--{step.phase}) }}" for part, step in tints)
    look.apply("tints", rules)


def _choose_step(place: int, night: Sequence[Step]) -> None:
    widget = fresh(f"step-of-{len(night)}", place)
    st.segmented_control(
        "Step",
        range(1, len(night) + 1),
        default=place,
        format_func=lambda i: f"{PHASES[night[i - 1].phase]} · {night[i - 1].name}",
        key=widget,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        on_change=take,
        args=("step", widget),
        help="The steps of one night; the arrow keys turn them, too.",
    )


def _turn(place: int, by: int, n_steps: int) -> None:
    st.button(
        "Next" if by > 0 else "Back",
        key="turn-Right" if by > 0 else "turn-Left",
        type="tertiary",
        disabled=not 1 <= place + by <= n_steps,
        on_click=step_by,
        args=("step", by, 1, n_steps),
    )


def _turn_by_keys(n_steps: int) -> None:
    def step(pressed: Counter[str]) -> None:
        step_by("step", pressed["ArrowRight"] - pressed["ArrowLeft"], 1, n_steps)

    keys("turn", ("ArrowLeft", "ArrowRight"), step, on_radios=True)


def _place(n_steps: int) -> int:
    """The chosen step; the last one where only other networks' nights are longer."""
    return min(chosen().page.step, n_steps)
