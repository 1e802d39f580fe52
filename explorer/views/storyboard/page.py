"""Storyboard: Wake, NREM and REM for one stimulus, step by step."""

from __future__ import annotations

import streamlit as st

from explorer.dreaming import dreams
from explorer.session.choices import N_STEPS
from explorer.session.state import chosen, fresh, step_by, take
from explorer.views.storyboard import cache
from explorer.views.storyboard.flow import flow
from explorer.views.storyboard.steps import PHASES, STEPS, lesson
from explorer.widgets import page, sidebar
from explorer.widgets.memory_pair import choose_pair, pictures
from pad_core.errors import PadError


def show() -> None:
    """The page."""
    network = page.network()
    if network is None:
        return
    sidebar.memories()
    choose_pair(network)
    dataset = sidebar.images(network)
    images = None if dataset is None else getattr(dataset, chosen().dream.split).images
    try:
        with page.timed("story"):
            recalled = dreams.recall(network, chosen().dream, pictures())
            row = dreams.seen(network, recalled, chosen().dream, images, pictures())
            seen = None if row is None else row[:, :32]
            story = cache.story(network, recalled, chosen().dream, seen, images)
    except PadError as error:
        page.problem(error)
        return
    step = STEPS[chosen().page.step - 1]
    with page.heading(f"{PHASES[step.phase]} · {step.name}", network.name):
        _turn(-1)
        _turn(1)
    _choose_step()
    st.html(flow(step.parts(story)))
    st.html(lesson(step, story, network))
    page.footer(network, "story")


def _choose_step() -> None:
    widget = fresh("step", chosen().page.step)
    st.segmented_control(
        "Step",
        range(1, N_STEPS + 1),
        default=chosen().page.step,
        format_func=lambda i: f"{PHASES[STEPS[i - 1].phase]} · {STEPS[i - 1].name}",
        key=widget,
        required=True,
        label_visibility="collapsed",
        width="stretch",
        on_change=take,
        args=("step", widget),
        help="The steps of one night; the arrow keys turn them, too.",
    )


def _turn(by: int) -> None:
    word, side = ("Next", "Right") if by > 0 else ("Back", "Left")
    st.button(
        word,
        key=f"turn-{side}",
        shortcut=side,
        type="tertiary",
        disabled=not 1 <= chosen().page.step + by <= N_STEPS,
        on_click=step_by,
        args=("step", by, 1, N_STEPS),
    )
