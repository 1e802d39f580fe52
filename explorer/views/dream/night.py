"""One night of eight memories: Wake, NREM, REM, a row of pictures each."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np
import streamlit as st

from explorer.dreaming import dreams
from explorer.dreaming.dreams import Recalled
from explorer.library import networks
from explorer.session.state import chosen
from explorer.widgets import page
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.reader import Readings
from pad_core.errors import PadError
from pad_core.report.conditions_in_words import perturbations


def wake(recalled: Recalled, seen: np.ndarray | None) -> None:
    """What was seen, where the images are here, and what is recalled of it."""
    recollections = Row(
        "Memory" if seen is None else "Recalled",
        "<i>G</i>(<i>z</i>)",
        "What the network recalls of images from codes it stored. These are <b>not photographs</b>."
        if seen is None
        else "What the network makes of the code <i>z</i> that it stored of the image.",
        [f"Recalled memory of the class {name}" for name in recalled.classes],
        recalled.classes if seen is None else (),
    )
    if seen is None:
        st.html(panel("memories", recalled.picture, [recollections]))
        return
    split = chosen().dream.split
    images = Row(
        "Seen",
        "<i>x</i>",
        "awake, an image "
        + ("it never learned from." if split == "test" else "that it learned from."),
        [f"Image of the class {name}" for name in recalled.classes],
        recalled.classes,
        small=True,
    )
    st.html(panel("memories", np.vstack([seen, recalled.picture]), [images, recollections]))


@st.fragment(key="nrem")
def nrem(network: PadNetwork, recalled: Recalled) -> None:
    """Replayed, perturbed, recovered."""
    with page.timed("NREM"):
        perturbed = dreams.perturb(network, recalled, chosen().dream)
    asleep = "nrem" in network.condition.phases
    occluded = dreams.occludes(network)
    done = "occluded" if occluded else "perturbed"
    kinds = perturbations(network.condition)
    replayed = Row(
        "NREM dream",
        "<i>G</i>(<i>z</i>) ⊙ Ω" if occluded else "<i>G</i>(<i>z</i>)′",
        "Asleep, the same memory is replayed while parts of it are lost."
        if occluded
        else f"Asleep, the same memory is replayed under {kinds}, as this network was trained.",
        [f"Dream of the class {name}, {done}" for name in recalled.classes],
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
    st.html(panel("nrem", perturbed.picture, [replayed, recovered]))


@st.fragment(key="rem")
def rem(network: PadNetwork, recalled: Recalled) -> None:
    """The second memories, and the dreams that mix both with noise."""
    with page.timed("REM"):
        adversarial = dreams.mix(network, recalled, chosen().dream)
    others = Row(
        "Second memory",
        "<i>G</i>(<i>z</i><sub>old</sub>)",
        "joins the first in REM …",
        [f"Second memory, of the class {name}" for name in recalled.previous_classes],
        recalled.previous_classes,
        small=True,
    )
    readings = read(network, adversarial)
    rows = [others, dream_row(network, recalled, readings, adversarial.realness)]
    st.html(panel("rem", adversarial.picture, rows))


def dream_row(
    network: PadNetwork, recalled: Recalled, readings: Readings | None, realness: np.ndarray
) -> Row:
    """A row of REM dreams, one of each pair, with what the network makes of them."""
    text = (
        "… and noise. <i>d</i>: how external it looks to the network."
        if network.condition.trains_discriminator
        else "… and noise. <b><i>d</i>: not trained</b> in this condition."
    )
    captions, levels = dreams.judged(network, realness)
    classes: Sequence[str] = ()
    if readings is not None:
        text += " <i>δ</i>: distance to the nearest memory."
        captions = [
            f"{caption}  δ {distance:.2f}"
            for caption, distance in zip(captions, readings.distance, strict=True)
        ]
        if len(network.class_names) > 1:
            text += f" %: {_probe(network)}."
            classes = [f"{p:.0%} {name}" for name, p in readings.top(network.class_names)]
    return Row(
        "REM dream",
        "<i>G</i>(λ′(λ<i>z</i> + (1−λ)<i>z</i><sub>old</sub>) + (1−λ′)σε)",
        text,
        dreams_in_words(network, recalled, readings, realness),
        captions,
        levels,
        notes=classes,
    )


def _probe(network: PadNetwork) -> str:
    """What gives the class of a dream, with its explanation as a hint, as HTML."""
    n, accuracy = len(network.memories["train"]), networks.reader(network).accuracy
    right = "" if isnan(accuracy) else f" It is right about {accuracy:.0f} % of the test ones."
    hint = (
        f"Logistic regression, converged, on the {n} codes of training images stored here.{right}"
    )
    return f'<abbr title="{hint}">the probe’s class</abbr>'


def read(network: PadNetwork, adversarial: dreams.Adversarial) -> Readings | None:
    """Class scores and distances of dreams; none where the checkpoint remembers too little."""
    try:
        return networks.reader(network).interpret(adversarial.encoded, adversarial.realness)
    except PadError:
        return None


def dreams_in_words(
    network: PadNetwork, recalled: Recalled, readings: Readings | None, realness: np.ndarray
) -> list[str]:
    """Each dream in words, for its hint and for those who can't see it."""
    words, class_names = [], network.class_names
    for i, d in enumerate(realness):
        column = i % len(recalled)
        pair = f"{recalled.classes[column]} and {recalled.previous_classes[column]}"
        text = f"Dream of {pair}"
        if network.condition.trains_discriminator:
            text += f", realness {d:.2f}"
        if readings is not None:
            order = readings.probabilities[i].argsort()[::-1][:3]
            likely = ", ".join(
                f"{class_names[k]} {readings.probabilities[i, k]:.0%}" for k in order
            )
            if len(class_names) > 1:
                text += f"; read out as {likely} (entropy {readings.entropy[i]:.1f} bits)"
            text += f"; {readings.distance[i]:.2f} from the nearest memory"
        words.append(text)
    return words
