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
from explorer.widgets import kept_dreams, page
from explorer.widgets.pictures import Row, panel
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.reader import Readings
from pad_core.report.conditions_in_words import perturbations


def wake(recalled: Recalled, seen: np.ndarray | None) -> None:
    """What was seen, where the images are here, and what is recalled of it."""
    recollections = Row(
        "Recalled",
        "",
        "from memory; these are not photographs." if seen is None else "from memory.",
        [f"Recalled memory of the class {name}" for name in recalled.classes],
        () if seen is not None else recalled.classes,
        sign="" if seen is not None else "wake",
        hint="G(z): what the generator makes of the latents z that the hippocampus stored.",
    )
    if seen is None:
        st.html(panel("memories", recalled.picture, [recollections]))
        return
    learnt = chosen().dream.split == "train"
    images = Row(
        "Seen",
        "",
        "Awake, it learned from this." if learnt else "Awake. New to it.",
        [f"Image of the class {name}" for name in recalled.classes],
        recalled.classes,
        above=True,
        sign="wake",
        hint="x: an image that the encoder turns into latents z.",
    )
    st.html(panel("memories", np.vstack([seen, recalled.picture]), [images, recollections]))


@st.fragment(key="nrem")
def nrem(network: PadNetwork, recalled: Recalled) -> None:
    """Replayed, perturbed, recovered."""
    with page.timed("NREM"):
        perturbed = kept_dreams.perturb(network, recalled, chosen().dream)
    asleep = "nrem" in network.condition.phases
    occluded = dreams.occludes(network)
    done = "occluded" if occluded else "perturbed"
    replayed = Row(
        "NREM",
        "",
        "Replayed with gaps."
        if occluded
        else f"Replayed under {perturbations(network.condition)}.",
        [f"Dream of the class {name}, {done}" for name in recalled.classes],
        sign="nrem",
        hint="G(z) ⊙ Ω: the recalled image, where the mask Ω turns patches grey."
        if occluded
        else "G(z)′: the recalled image, perturbed as in this network's training.",
    )
    recovered = Row(
        "Recovered",
        "",
        "What it still sees." if asleep else "Never trained in NREM.",
        [
            f"Recovered dream of the class {name}, error ℓ of its latents {error:.2f}"
            for name, error in zip(recalled.classes, perturbed.error, strict=True)
        ],
        hint="G(E(G(z) ⊙ Ω)): what the network makes of the occluded dream. NREM trains the "
        "encoder to lower the error of these latents.",
    )
    st.html(panel("nrem", perturbed.picture, [replayed, recovered]))


@st.fragment(key="rem")
def rem(network: PadNetwork, recalled: Recalled) -> None:
    """The second memories, and the dreams that mix both with noise."""
    with page.timed("REM"):
        adversarial = kept_dreams.mix(network, recalled, chosen().dream)
    others = Row(
        "REM",
        "",
        "Joined by a second memory,",
        [f"Second memory, of the class {name}" for name in recalled.previous_classes],
        recalled.previous_classes,
        small=True,
        sign="rem",
        hint="G(z_old): a memory of the mini-batch before.",
    )
    readings = networks.read(network, adversarial)
    rows = [others, dream_row(network, recalled, readings, adversarial.realness)]
    st.html(panel("rem", adversarial.picture, rows))


def dream_row(
    network: PadNetwork, recalled: Recalled, readings: Readings | None, realness: np.ndarray
) -> Row:
    """A row of REM dreams, one of each pair: how real each looks, and what it is taken for."""
    classes: Sequence[str] = ()
    if readings is not None and len(network.class_names) > 1:
        classes = [name for name, _ in readings.top(network.class_names)]
    return Row(
        "Dreamt",
        "",
        "From both and noise. Bar: how real it looks to the network."
        if network.condition.trains_discriminator
        else "From both and noise.",
        dreams_in_words(network, recalled, readings, realness),
        classes,
        dreams.judged(network, realness)[1],
        hint="G(λ′(λz + (1−λ)z_old) + (1−λ′)σε). The bar is d, from 0, a dream, to 1, an image. "
        + (_probe(network) if classes else ""),
    )


def _probe(network: PadNetwork) -> str:
    """What gives the class of a dream, in words."""
    n, accuracy = len(network.memories["train"]), networks.reader(network).accuracy
    right = "" if isnan(accuracy) else f" It is right about {accuracy:.0f} % of the test ones."
    return f"Below it, the class that a linear probe on {n} stored training memories reads.{right}"


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
