"""Dream: eight memories, recalled, replayed in NREM, mixed in REM."""

from __future__ import annotations

import time
from html import escape

import streamlit as st

from explorer import compute, controls, loaders
from explorer.compute import Recalled
from explorer.pictures import Row, panel
from pad_core.checkpoint import PadNetwork
from pad_core.errors import PadError

_TRAIN = "python -m pad_core train --dataset fashion-mini --epochs 2"


def show() -> None:
    """The page."""
    controls.follow_address()
    key = controls.network()
    if key is None:
        _ask_for_network()
        return
    controls.memories()
    try:
        network = loaders.load(key, controls.upload())
        started = time.perf_counter()
        recalled = compute.recall(network, controls.chosen())
        _record("memories", started)
    except PadError as error:
        st.error(controls.plain(str(error)), icon=":material/error:")
        return
    controls.occlusion(panels=("nrem", "footer"))
    controls.mixture(network.condition.rem_mixture, panels=("rem", "footer"))

    st.html(
        f'<div class="pad-title"><h1>Eight memories, asleep</h1><p>{escape(network.name)}</p></div>'
    )
    _memories(recalled)
    _nrem(network, recalled)
    _rem(network, recalled)
    _footer(network)


def _ask_for_network() -> None:
    wanted = controls.chosen().checkpoint
    if wanted.startswith(loaders.UPLOAD):
        name = controls.plain(wanted.removeprefix(loaders.UPLOAD))
        st.info(
            f"This address shows a file that was dropped onto the page, **{name}**. "
            "Drop the same file at the left, under *Open another …*, to see the same dreams.",
            icon=":material/upload_file:",
        )
    elif wanted:
        st.warning(
            f"The checkpoint **{controls.plain(wanted)}** is not here. Choose another at the left.",
            icon=":material/search_off:",
        )
    else:
        st.title("No network to dream yet")
        st.markdown(
            "The explorer shows what a trained network dreams, and none was found. This command, "
            "run in the folder of this project, trains a small one in some minutes on images "
            "that ship with it:"
        )
        st.code(_TRAIN, language="bash")
        st.markdown(
            "Its dreams appear here once the first epoch is done and this page is reloaded. "
            "If you have a checkpoint, drop it at the left, under *Open another …*."
        )


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
    choices = controls.chosen()
    started = time.perf_counter()
    perturbed = compute.perturb(network, recalled, choices)
    _record("NREM", started)
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
    choices = controls.chosen()
    started = time.perf_counter()
    adversarial = compute.mix(network, recalled, choices)
    _record("REM", started)
    asleep = "rem" in network.condition.phases
    others = Row(
        "Second memory",
        "<i>G</i>(<i>z</i><sub>old</sub>)",
        "joins the first in REM …",
        [f"Second memory, of the class {name}" for name in recalled.previous_classes],
        recalled.previous_classes,
        small=True,
    )
    dreams = Row(
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
    st.html(panel("rem", adversarial.picture, [others, dreams]))


@st.fragment(key="footer")
def _footer(network: PadNetwork) -> None:
    times = " · ".join(f"{name} {ms:.0f} ms" for name, ms in st.session_state["times"].items())
    st.html(f'<p class="pad-footer">computed: {times} · file sha256 {network.sha256[:12]}</p>')


def _record(what: str, started: float) -> None:
    """Note how long a computation took, for the footer."""
    times = st.session_state.setdefault("times", {})
    times[what] = 1000.0 * (time.perf_counter() - started)
