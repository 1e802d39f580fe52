"""One test picture, disturbed like all others, and what networks make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from explorer.dreaming.dreams import Pictures, check_place
from explorer.session.choices import PICTURE, Dream
from explorer.views.probe.accuracy import Disturbance, Subject, add_noise
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.identity import Data, labels
from pad_core.data.images import picture_grid, to_unit
from pad_core.errors import PadError
from pad_core.evaluation.linear_probe import LinearProbe
from pad_core.model.dreams import pick_memories
from pad_core.model.occlusion import draw_uniforms, masks
from pad_core.system.randomness import generator

N_CLASSES_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Example:
    """A picture that every network is shown.

    dataset, index: the data set of a test image, and its place there; label: its class, '' if
    unknown; own: uint8 (3, 32, 32), instead of these, a picture that the viewer uploaded.
    """

    dataset: Data | None = None
    index: int = -1
    label: str = ""
    own: torch.Tensor | None = None


@dataclass(frozen=True, eq=False)
class Sight:
    """What one network sees, and its reconstruction.

    picture: undisturbed, disturbed, and G(E(disturbed)), side by side, uint8 (32, 96, 3);
    latent: E(disturbed), (1, 256); recalled: whether the picture is a stored memory's G(z).
    """

    picture: np.ndarray
    latent: torch.Tensor
    recalled: bool


@dataclass(frozen=True)
class Answer:
    """The classes that probes give a latent.

    likeliest: classes with probabilities, 0 to 1, averaged over probes, the likeliest first; the
    true class is last if it isn't among them. right: how many of the ``asked`` probes put the true
    class first, None if that is unknown.
    """

    likeliest: tuple[tuple[str, float], ...]
    right: int | None
    asked: int


def choose_example(network: PadNetwork, dream: Dream, pictures: Pictures) -> Example:
    """The Dream page's memory A, if that is a test image or the viewer's own picture.

    Raises:
        PadError: the network stores no such memory.
    """
    if dream.first == PICTURE and "first" in pictures:
        return Example(own=pictures["first"])
    memories, place = network.memories["test"], dream.first
    if dream.split != "test" or place < 0:
        place = int(pick_memories(len(memories), 1, dream.seed, "memories"))
    check_place(place, memories, "test")
    label = network.class_names[memories.labels[place]]
    return Example(network.header.data, int(memories.indices[place]), label)


@torch.inference_mode()
def see(subject: Subject, example: Example, disturbance: Disturbance) -> Sight:
    """Show a network the picture, with noise first, then the NREM mask of the Dream page.

    Unlike the masks of the measured curve, that mask only gains patches as intensity grows.

    Raises:
        PadError: the network knows other images, or has not stored this one.
    """
    percent, size_px, noise, seed = disturbance
    networks = subject.network.networks
    picture = _picture(subject, example)
    noisy = add_noise(picture, noise, generator(seed, "pixel noise"))
    uniforms = draw_uniforms(1, generator(seed, "occlusion"))
    disturbed = noisy * masks(uniforms, percent / 100, size_px)
    latent = networks.encoder.latents(disturbed)
    images = torch.cat([picture, disturbed, networks.generator(latent)])
    return Sight(picture_grid(images, 3), latent, subject.dataset is None and example.own is None)


def answer(
    probes: Sequence[LinearProbe], latent: torch.Tensor, class_names: Sequence[str], label: str
) -> Answer:
    """Probe a latent (1, 256); ``label`` is the true class, '' if unknown."""
    each = torch.stack([probe.probabilities(latent)[0] for probe in probes])
    mean = each.mean(dim=0)
    shown = mean.argsort(descending=True, stable=True)[:N_CLASSES_SHOWN].tolist()
    right = None
    if label in class_names:
        truth = class_names.index(label)
        right = int((each.argmax(dim=1) == truth).sum())
        if truth not in shown:
            shown[-1] = truth
    return Answer(tuple((class_names[k], float(mean[k])) for k in shown), right, len(each))


def _picture(subject: Subject, example: Example) -> torch.Tensor:
    """The undisturbed picture for a network, (1, 3, 32, 32) in [−1, 1]."""
    network = subject.network
    if example.own is not None:
        return to_unit(example.own[None])
    data = network.header.data
    if example.dataset is None or not data.is_same(example.dataset):
        mine, its = labels([data, example.dataset or data])
        raise PadError(f"Knows the images of {mine}; this one is of {its}.")
    if subject.dataset is not None:
        return to_unit(subject.dataset.test.images[example.index][None])
    memories = network.memories["test"]
    places = (memories.indices == example.index).nonzero()[:, 0]
    if not len(places):
        raise PadError("Has no memory of this image stored.")
    return network.generate(memories.latents[places[:1]])
