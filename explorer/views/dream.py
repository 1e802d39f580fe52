"""Dream: eight memories, recalled, replayed in NREM, mixed in REM."""

from __future__ import annotations

import streamlit as st

from explorer import controls, frame
from explorer.compute import dreams
from explorer.compute.dreams import Recalled
from explorer.pictures import Row, panel
from explorer.state import chosen
from pad_core.checkpoint import PadNetwork
from pad_core.errors import PadError


def show() -> None:
    """The page."""
    network = frame.network()
    if network is None:
        return
    controls.memories()
    try:
        with frame.timed("memories"):
            recalled = dreams.recall(network, chosen())
    except PadError as error:
        frame.problem(error)
        return
    controls.occlusion(panels=("nrem", "footer"))
    controls.mixture(network.condition.rem_mixture, panels=("rem", "footer"))

    frame.heading("Eight memories, asleep", network.name)
    _memories(recalled)
    _nrem(network, recalled)
    _rem(network, recalled)
    _footer(network)


def _memories(recalled: Recalled) -> None:
    row = Row(
        "Memory",
        "<i>G</i>(<i>z</i>)",
        "What the network recalls of eight images from codes it stored. "
        "These are <b>not photographs</b>.",
        [f"Recalled memory of the class {name}" for name in recalled.classes],
        recalled.classes,
    )
    st.html(panel("memories", recalled.picture, [row]))


@st.fragment(key="nrem")
def _nrem(network: PadNetwork, recalled: Recalled) -> None:
    choices = chosen()
    with frame.timed("NREM"):
        perturbed = dreams.perturb(network, recalled, choices)
    asleep = "nrem" in network.condition.phases
    occluded = Row(
        "NREM dream",
        "<i>G</i>(<i>z</i>) ⊙ Ω",
        "Asleep, the same memory is replayed while parts of it are lost.",
        [f"Dream of the class {name}, occluded" for name in recalled.classes],
    )
    recovered = Row(
        "Recovered",
        "<i>G</i>(<i>E</i>(·))",
        "What it still sees in that. NREM trains it to lower the error <i>ℓ</i> of its code."
        if asleep
        else "What it still sees in that. <b>Trained without NREM</b>, it had no such lessons.",
        [
            f"Recovered dream of the class {name}, error {error:.2f}"
            for name, error in zip(recalled.classes, perturbed.error, strict=True)
        ],
        [f"ℓ {error:.2f}" for error in perturbed.error],
    )
    st.html(panel("nrem", perturbed.picture, [occluded, recovered]))


@st.fragment(key="rem")
def _rem(network: PadNetwork, recalled: Recalled) -> None:
    choices = chosen()
    with frame.timed("REM"):
        adversarial = dreams.mix(network, recalled, choices)
    asleep = "rem" in network.condition.phases
    others = Row(
        "Second memory",
        "<i>G</i>(<i>z</i><sub>old</sub>)",
        "joins the first in REM …",
        [f"Second memory, of the class {name}" for name in recalled.previous_classes],
        recalled.previous_classes,
        small=True,
    )
    dreamt = Row(
        "REM dream",
        "<i>G</i>(λ′(λ<i>z</i> + (1−λ)<i>z</i><sub>old</sub>) + (1−λ′)σε)",
        "… and noise. <i>d</i>: how real, how external, it seems to the network."
        if asleep
        else "… and noise. <b>Trained without REM</b>, it never learned to judge <i>d</i>.",
        [
            f"Dream of {first} and {second}, realness {d:.2f}"
            for first, second, d in zip(
                recalled.classes, recalled.previous_classes, adversarial.realness, strict=True
            )
        ],
        [f"d {d:.2f}" for d in adversarial.realness],
        [float(d) for d in adversarial.realness],
    )
    st.html(panel("rem", adversarial.picture, [others, dreamt]))


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    frame.footer(network, "memories", "NREM", "REM")
