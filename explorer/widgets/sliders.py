"""Sliders with fields: numbers that a viewer sets by moving or by typing."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.session.choices import LIMITS
from explorer.session.state import (
    Panels,
    choose,
    chosen,
    fresh,
    register_panels,
    speak,
    step_by,
    take,
)
from explorer.widgets.keys import keys
from pad_core.model.condition import Condition, Mixture
from pad_core.model.dreams import SQUARES
from pad_core.report.conditions_in_words import perturbations

NREM_DIALS, REM_DIALS = "nrem-dials", "rem-dials"
_ARROW_STEP = 0.1  # of the arrow keys, if a value's own steps are finer
_SIGMA_SHOWN = 2.0  # the slider's end, unless more was trained or typed


def occlusion(panels: Panels, talk: bool = False) -> None:
    """NREM's sliders; moving one redraws ``panels``.

    In a talk they stand side by side where they are called, else below one another in the
    sidebar.
    """

    @st.fragment(key=NREM_DIALS)
    def dials() -> None:
        redraw = (NREM_DIALS, *panels)
        st.markdown("**NREM** · occlusion")
        places = _places(2, talk)
        with places[0]:
            dial(
                "intensity",
                "Intensity",
                "Ω in the paper: the share of patches that turn grey, 0 to 1. In training it is "
                "drawn anew for each mini-batch, uniformly from 0 to 1.",
                redraw,
            )
        with places[1]:
            dial(
                "size_px",
                "Patch size, px",
                "s in the paper: the side of a grey patch, 1 to 8 pixels. In training it is drawn "
                "anew for each mini-batch, uniformly from 1 to 8.",
                redraw,
            )

    with stand("nrem-controls", talk):
        dials()


def perturbation(condition: Condition, panels: Panels, talk: bool = False) -> None:
    """NREM's dials of a network whose dreams may be perturbed otherwise than by squares."""
    if condition.perturbation == SQUARES:
        occlusion(panels, talk)
        return

    @st.fragment(key=NREM_DIALS)
    def strength() -> None:
        st.markdown(f"**NREM** · {perturbations(condition)}")
        dial(
            "intensity",
            "Strength",
            "The share of each one's full range from which an amount is drawn for each dream, 0 to "
            f"1. This network was trained at {condition.perturbation_strength:g}.",
            (NREM_DIALS, *panels),
        )

    with stand("nrem-controls", talk):
        strength()


def mixture(trained: Mixture, panels: Panels, talk: bool = False) -> None:
    """REM's sliders, and a button back to the trained point, likewise."""
    lam, lam_prime, sigma = trained.lam, trained.lam_prime, trained.noise_level

    @st.fragment(key=REM_DIALS)
    def dials() -> None:
        redraw = (REM_DIALS, *panels)
        dream = chosen().dream
        here = (dream.lam, dream.lam_prime, dream.noise_level)
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown("**REM** · mixture", width="content")
            st.button(
                "as trained",
                key="reset",
                help=f"Back to where this network was trained: λ = {lam:g}, λ′ = {lam_prime:g}, "
                f"σ = {sigma:g}.",
                type="tertiary",
                icon=":material/restart_alt:",
                disabled=here == (lam, lam_prime, sigma),
                on_click=_reset,
                args=(trained, redraw),
            )
        places = _places(3, talk)
        with places[0]:
            dial(
                "lam",
                "λ  second → first",
                f"λ, 0 to 1: the share of memory z against the second memory z_old. "
                f"At 1 only z is dreamt of. This network was trained at {lam:g}.",
                redraw,
            )
        with places[1]:
            dial(
                "lam_prime",
                "λ′  noise → memory",
                f"λ′, 0 to 1: the share of memories against spontaneous activity. At 0 the dream "
                f"is noise alone. This network was trained at {lam_prime:g}.",
                redraw,
            )
        with places[2]:
            dial(
                "noise_level",
                "σ  noise level",
                f"σ, standard deviation of the spontaneous activity ε, in units of the latents' "
                f"prior. This network was trained at {sigma:g}.",
                redraw,
                shown_to=max(_SIGMA_SHOWN, sigma, chosen().dream.noise_level),
            )

    with stand("rem-controls", talk):
        dials()


def dial(name: str, label: str, help: str, redraw: Panels, shown_to: float | None = None) -> None:
    """A slider with a field for exact values beside it; a move redraws ``redraw``.

    Args:
        name: the parameter of ``Choices``; label, help: texts for people.
        shown_to: the slider's upper end, if below the highest value.
    """
    register_panels(name, redraw)
    low, high, step = LIMITS[name]
    value = chosen().value(name)
    kind = type(value)
    slider, typed = fresh(f"{name}-slider", value), fresh(f"{name}-typed", value)
    with st.container(key=f"dial-{name}"):
        left, right = st.columns([5, 2], vertical_alignment="bottom", gap="small")
        with left:
            st.slider(
                label,
                kind(low),
                kind(shown_to or high),
                value,
                step=kind(step),
                key=slider,
                help=help,
                on_change=take,
                args=(name, slider, redraw),
            )
        with right:
            _field(name, f"{label}, typed", typed, redraw, labelled=False)


@st.fragment(key="talk-keys")
def arrows(across: str, up: str, redraw: Panels) -> None:
    """In a talk, ← and → step through one number of ``Choices``, ↓ and ↑ through another."""

    def step(pressed: Counter[str]) -> None:
        changes = {}
        for name, more, less in ((across, "Right", "Left"), (up, "Up", "Down")):
            n = pressed[f"Arrow{more}"] - pressed[f"Arrow{less}"]
            limits = LIMITS[name]
            changes[name] = limits.nearest(chosen().value(name) + n * max(limits.step, _ARROW_STEP))
        choose(redraw, **changes)

    keys("arrows", ("ArrowLeft", "ArrowRight", "ArrowDown", "ArrowUp"), step)


def seed(help: str) -> None:
    """Choose the seed; ``help`` says what it draws on the page."""
    _field("seed", "Seed", fresh("seed", chosen().dream.seed), help=help)


def step_seed(step: int) -> None:
    """A button to the previous (−1) or the next (1) seed's memories."""
    word, icon = ("next", "right") if step > 0 else ("previous", "left")
    low, high, _ = LIMITS["seed"]
    st.button(
        "",
        key=f"seed-{word}",
        icon=f":material/chevron_{icon}:",
        disabled=not low <= chosen().dream.seed + step <= high,
        on_click=step_by,
        args=("seed", step, low, high),
        help=f"The memories of the {word} seed. Key: {_seed_keys()[step > 0].upper()}.",
    )


def seed_keys() -> None:
    """Keys that do what the buttons of ``step_seed`` do; in a talk a remote's."""
    previous, following = _seed_keys()
    low, high, _ = LIMITS["seed"]

    def step(pressed: Counter[str]) -> None:
        step_by("seed", pressed[following] - pressed[previous], int(low), int(high))

    keys("seed", (previous, following), step)


def _seed_keys() -> tuple[str, str]:
    """J and K; in a talk a remote's keys, unless they turn the views of a saved one."""
    page = chosen().page
    return ("PageUp", "PageDown") if page.present and not page.slide else ("j", "k")


def _field(
    name: str,
    label: str,
    key: str,
    redraw: Panels = (),
    help: str | None = None,
    labelled: bool = True,
) -> None:
    """A field for a typed number.

    It has no limits: the browser would silently drop what lies outside, and cut 3.7 to 3. ``take``
    corrects the number and says so.
    """
    step = LIMITS[name].step
    st.number_input(
        label,
        value=float(chosen().value(name)),
        step=float(step),
        format="%.0f" if isinstance(step, int) else "%.2f",
        key=key,
        label_visibility="visible" if labelled else "collapsed",
        on_change=take,
        args=(name, key, redraw),
        help=help,
    )
    speak()


def in_a_row(talk: bool, name: str = "") -> AbstractContextManager[object]:
    """Put sliders into one line in a talk, with little more than the numbers.

    A page with several such lines gives each a ``name``.
    """
    return st.container(horizontal=True, key=f"talk-dials{name}") if talk else nullcontext()


def stand(key: str, talk: bool) -> DeltaGenerator:
    """The place for sliders: the sidebar, or right here in a talk, which hides the sidebar."""
    return (st if talk else st.sidebar).container(key=key)


def _places(n: int, talk: bool) -> list[DeltaGenerator]:
    """Places for ``n`` sliders: side by side in a talk, else below one another."""
    return st.columns(n, gap="large") if talk else [st.container() for _ in range(n)]


def _reset(trained: Mixture, redraw: Panels) -> None:
    choose(redraw, lam=trained.lam, lam_prime=trained.lam_prime, noise_level=trained.noise_level)
