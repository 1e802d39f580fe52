"""The part of the form that says what a network lives through: a condition and changes to it."""

from __future__ import annotations

import re

import streamlit as st

from explorer.runs import orders
from explorer.session.state import fresh, session
from explorer.views.train.draft import (
    change,
    changed,
    choice,
    count,
    number,
    take_change,
    text,
    the_draft,
    value,
)
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS
from pad_core.report.conditions_in_words import CONTRASTS, PERTURBATIONS, TOLD, cycle
from pad_core.report.palette import style

_SPOKEN = {"wake": "Wake", "nrem": "NREM", "rem": "REM", "contrast": "Contrast"}
_CYCLES = [
    *dict.fromkeys(condition.phases for condition in CONDITIONS.values()),
    ("wake", "nrem", "rem", "nrem", "rem"),
]
_WEIGHTS = {
    "weight_image": ("Image", "Weight of the image loss (paper: Eq. 2)."),
    "weight_kl": ("KL", "Weight of the Kullback–Leibler loss (Eq. 4)."),
    "weight_nrem": ("NREM", "Weight of the NREM loss (Eq. 6). The paper halves it without REM."),
    "weight_external": ("External", "Weight of the real/external loss (Eq. 5); 0 without REM."),
    "weight_internal": ("Internal", "Weight of the REM/internal loss (Eq. 8)."),
}


def condition_form() -> None:
    """Draw it."""
    base = the_draft().base
    key = fresh("order-base", base)
    st.selectbox(
        "Condition",
        list(CONDITIONS),
        list(CONDITIONS).index(base),
        format_func=lambda name: style(name).label,
        key=key,
        on_change=_take_base,
        args=(key,),
        help="What the network lives through in each cycle: the full model, one of the paper's "
        "sleep pathologies, or something that its Discussion proposes.",
    )
    st.caption(TOLD[base])
    n = len(changed())
    label = f"Changed in {n} place{'s' * (n > 1)}" if n else "Change it …"
    with st.popover(label, icon=":material/tune:", width="stretch"):
        _cycle()
        _mixtures()
        _perturbation()
        _contrast()
        st.caption("Weights of the losses; 0 leaves one out.")
        for place, (name, (words, help)) in zip(st.columns(5), _WEIGHTS.items(), strict=True):
            with place:
                number(name, words, help)
        text("condition_name", "Name of this condition", "Empty: says what was changed.",
             _usual_condition())  # fmt: skip
        st.button("As it was", icon=":material/restart_alt:", type="tertiary",
                  disabled=not n, on_click=change, kwargs={"changes": {}})  # fmt: skip


def _cycle() -> None:
    now = value("phases")
    key = fresh("order-phases", now)
    options = _CYCLES if now in _CYCLES else [*_CYCLES, now]
    st.selectbox(
        "Phases",
        options,
        options.index(now),
        format_func=spoken,
        key=key,
        accept_new_options=True,
        on_change=_take_phases,
        args=(key,),
        help="Which states a cycle has, and their order. Or type your own, such as "
        "`wake nrem 3 rem 3`: it starts with Wake, and a number says how often a phase comes. The "
        "paper's networks without REM also have noise in Wake and no external loss: choose "
        "*w/o REM* above for these.",
    )
    st.caption("How fast each phase learns, as a factor of the learning rate.")
    for place, (phase, name) in zip(st.columns(4), _SPOKEN.items(), strict=True):
        with place:
            number(f"rate_{phase}", f"{name} rate", "Factor of the learning rate. Paper: 1.", 0.5)


def _mixtures() -> None:
    st.caption("Memories in dreams.")
    lam, lam_prime, sigma, wake = st.columns(4)
    with lam:
        number("lam", "λ", "Share of memory z against z_old in mixtures. Paper: 0.5.")
    with lam_prime:
        number("lam_prime", "λ′", "Share of memories against noise. Paper: 0.5.")
    with sigma:
        number("noise_level", "σ", "Standard deviation of the noise ε. Paper: 1.")
    with wake:
        number("wake_noise_variance", "Wake noise", "Variance of noise added to z in Wake "
               "(Eq. 12). Paper: 0, or 0.5 without REM.")  # fmt: skip
    rem, nrem = st.columns(2)
    for place, name, phase in ((rem, "rem_replay", "REM"), (nrem, "nrem_replay", "NREM")):
        with place:
            choice(name, f"{phase} replays memories", {"single": "single", "mixed": "mixed"},
                   "Single as they were stored, or mixed by λ, λ′ and σ.")  # fmt: skip
    choice("mixing", "Memories mix", {"convex": "convex", "components": "by components"},
           "Convex: λz + (1−λ)z_old, as in the paper. By components: each of the 256 numbers is "
           "that of z with probability λ, else that of z_old.")  # fmt: skip
    memories, hippocampus, recency = st.columns(3)
    with memories:
        count("memories", "Memories mixed", "2 to 16; all but the current one share 1−λ. Paper: 2.")
    with hippocampus:
        count("hippocampus", "Mini-batches kept", "How many before the current one older memories "
              "come from, 1 to 256. Paper: 1.")  # fmt: skip
    with recency:
        number("recency", "Recency", "Preference for recent ones among them: 0 has none, 1 takes "
               "the last one only.")  # fmt: skip


def _perturbation() -> None:
    kinds, strength = st.columns([3, 1])
    with kinds:
        now = list(value("perturbation"))
        key = fresh("order-perturbation", now)
        st.multiselect(
            "NREM perturbs dreams by",
            list(PERTURBATIONS),
            now,
            format_func=PERTURBATIONS.__getitem__,
            key=key,
            on_change=take_change,
            args=("perturbation", key),
            help="One or several, applied in this order. Paper: grey squares.",
        )
    with strength:
        number("perturbation_strength", "Strength", "Share of the full ranges: all squares "
               "grey, 8 pixels, 45°, noise of 0.5, blur of 2 pixels. Paper: 1.")  # fmt: skip


def _contrast() -> None:
    choice("contrast", "Push different memories apart by", CONTRASTS,
           "Between two perturbed dreams of one memory, against other memories: in NREM, or in a "
           "phase *Contrast* where the cycle has one. Paper: none.")  # fmt: skip
    if value("contrast") == "none":
        return
    weight, setting = st.columns(2)
    with weight:
        number("weight_contrast", "Contrast", "Weight of the contrastive loss.")
    with setting:
        if value("contrast") == "nt_xent":
            number("temperature", "Temperature", "τ: a smaller one presses harder on the nearest.")
        else:
            number("redundancy", "Redundancy", "Weight of correlations between different units.",
                   0.001)  # fmt: skip


def spoken(phases: object) -> str:
    """A cycle for people: 'Wake → NREM × 3 → REM'; what isn't one, as it was typed."""
    return cycle(phases, _SPOKEN) if isinstance(phases, tuple) else str(phases)


def read_phases(typed: str) -> tuple[str, ...]:
    """'wake nrem 3 rem' as phases, however they are set apart; a number repeats the one before."""
    phases: list[str] = []
    for word in re.findall(r"\d+|[^\W\d_]+", typed.lower()):
        if word.isdecimal():
            # As many as a condition refuses are enough.
            phases += phases[-1:] * (min(int(word[:3]), 99) - 1)
        else:
            phases.append(word)
    return tuple(phases)


def _take_phases(key: str) -> None:
    chosen = session()[key]
    if chosen is not None:
        phases = read_phases(chosen) if isinstance(chosen, str) else tuple(chosen)
        change(changes=the_draft().changes | {"phases": phases})


def _take_base(key: str) -> None:
    change(base=session()[key], changes={})


def _usual_condition() -> str:
    try:
        return orders.own_condition(the_draft().base, the_draft().changes).name
    except PadError:
        return ""
