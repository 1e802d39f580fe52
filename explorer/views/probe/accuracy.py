"""Accuracy of networks' linear probes on disturbed test images, in stages, as in ``evaluate``.

All computations are jobs for ``background.Background``: generators that yield intermediate values.
The last stage gives the numbers of ``python -m pad_core evaluate --full``.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch

from explorer.session.choices import Choices
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import as_unit
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.evaluation.evaluate import FULL, Protocol
from pad_core.evaluation.linear_probe import SGD_EPOCHS, LinearProbe, fit_converged, sgd_epochs
from pad_core.evaluation.paper_measures import (
    BATCH_SIZE,
    Material,
    encode_occluded,
    evaluated_images,
    material_from_memories,
)
from pad_core.evaluation.statistics import accuracy_interval
from pad_core.model.networks import LATENT_SIZE, encode_all
from pad_core.system.randomness import generator

Measure = Literal["converged", "paper"]
PROBE_SEEDS = Protocol().readout_seeds
ENCODING, TRAINING = "encoding all images", "training probes"
_ENCODED = 512  # images a step


def measure_of(choices: Choices) -> Measure:
    """The measure that the viewer chose."""
    return "paper" if choices.probe.measure == "paper" else "converged"


class Stage(NamedTuple):
    """The size of an estimate: the number of test images, and of masks for each."""

    images: int
    draws: int


STAGES = (
    Stage(200, 1),
    Stage(1_000, 1),
    Stage(Protocol().occlusion_images, Protocol().mask_draws),  # what ``evaluate`` takes
    Stage(FULL.occlusion_images, FULL.mask_draws),
)


class Disturbance(NamedTuple):
    """The disturbance of test images.

    noise: standard deviation of Gaussian noise that is added to each pixel first, in units of the
    networks' input, which is clipped to −1 to 1. percent: of patches then occluded, a whole
    number; size_px: side of a patch. seed: of the choice of images, masks and noise.
    """

    percent: int
    size_px: int
    noise: float
    seed: int

    @classmethod
    def of(cls, choices: Choices) -> Disturbance:
        """The disturbance that the viewer's sliders set; all that change nothing are equal."""
        dream, noise = choices.dream, choices.probe.pixel_noise
        percent = round(100 * dream.intensity)
        if not percent and not noise:
            return cls(0, 4, 0.0, 0)
        return cls(percent, dream.size_px if percent else 4, noise, dream.seed)

    @property
    def none(self) -> bool:
        """Whether images stay undisturbed."""
        return not self.percent and not self.noise


@dataclass(frozen=True)
class Estimate:
    """The accuracy of probes, in percent.

    low, high: 95 % interval over images; by_seed: the accuracy of each probe; confusion: counts
    (K, K), true class by predicted class; images, available: test images used, and all of them;
    draws: masks each; n_train: latents that the probes were fitted to; on: what was classified.
    """

    accuracy: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    confusion: torch.Tensor
    images: int
    available: int
    draws: int
    n_train: int
    on: str


@dataclass(frozen=True)
class Fitted:
    """Probes of one measure, and how they learned.

    curves: for each probe its accuracy, in percent, on undisturbed test images after each
    iteration (converged) or epoch (paper's protocol); clean: the estimate for these, or None
    until test images are encoded; share: of the work done.
    """

    probes: tuple[LinearProbe, ...] = ()
    curves: tuple[tuple[float, ...], ...] = ()
    clean: Estimate | None = None
    share: float = 0.0
    doing: str = ""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network and the images to probe it with; without any, its stored memories are used."""

    network: PadNetwork
    dataset: DataSet | None

    @property
    def id(self) -> tuple[str, str]:
        """An id that is equal if the numbers are equal."""
        return self.network.sha256, "memories" if self.dataset is None else self.dataset.spec


def quick_material(subject: Subject) -> Material:
    """Stored training latents, and unencoded real test images or stored test latents.

    Raises:
        PadError: no memories are stored.
    """
    if subject.dataset is None:
        return material_from_memories(subject.network)
    train = subject.network.memories["train"]
    if not len(train):
        raise PadError(f"{subject.network.path.name} holds no training memories.")
    return _with_test_images(subject.dataset, train.latents, train.labels)


def image_material(subject: Subject) -> Material:
    """Real test images and training labels, without training latents."""
    assert subject.dataset is not None
    none = torch.empty((0, LATENT_SIZE))
    return _with_test_images(subject.dataset, none, subject.dataset.train.labels)


def _with_test_images(dataset: DataSet, latents: torch.Tensor, labels: torch.Tensor) -> Material:
    none, test = torch.empty((0, LATENT_SIZE)), dataset.test
    k = len(dataset.class_names)
    return Material("real images", latents, labels, none, test.labels, test.images, None, k)


def encode(subject: Subject) -> Generator[Fitted, None, Material]:
    """Encode all images of a data set, as ``paper_measures.material_from_dataset`` does."""
    dataset, encoder = subject.dataset, subject.network.networks.encoder
    assert dataset is not None
    total = len(dataset.train) + len(dataset.test)
    latents, done = [], 0
    for images in (dataset.train.images, dataset.test.images):
        latents.append(torch.empty((len(images), LATENT_SIZE)))
        for batch, into in zip(images.split(_ENCODED), latents[-1].split(_ENCODED), strict=True):
            into.copy_(encode_all(encoder, batch))
            done += len(batch)
            yield Fitted(share=done / total, doing=ENCODING)
    return image_material(subject)._replace(train_latents=latents[0], latents=latents[1])


def fit(material: Material) -> Iterator[Fitted]:
    """The converged probe (one step)."""
    curve: list[float] = []

    def record(iteration: int, probe: LinearProbe) -> None:
        curve.append(_accuracy(probe, material))

    data = (material.train_latents, material.train_labels, material.n_classes)
    probe = fit_converged(*data, on_iteration=record)
    yield Fitted((probe,), (tuple(curve),), _clean(material, (probe,)), 1.0)


def train(material: Material) -> Iterator[Fitted]:
    """The paper's protocol, for probe seeds 0 … PROBE_SEEDS − 1; an epoch is a step."""
    data = (material.train_latents, material.train_labels, material.n_classes)
    probes: tuple[LinearProbe, ...] = ()
    curves: list[list[float]] = []
    for seed in range(PROBE_SEEDS):
        curves.append([])
        for probe in sgd_epochs(*data, seed):
            curves[-1].append(_accuracy(probe, material))
            share = (seed + len(curves[-1]) / SGD_EPOCHS) / PROBE_SEEDS
            yield Fitted((), tuple(map(tuple, curves)), None, share, TRAINING)
        probes = (*probes, probe)
    yield Fitted(probes, tuple(map(tuple, curves)), _clean(material, probes), 1.0)


def estimate(
    subject: Subject,
    material: Material,
    probes: tuple[LinearProbe, ...],
    disturbance: Disturbance,
    stage: Stage,
) -> Iterator[Estimate | None]:
    """The accuracy of probes on a stage's disturbed test images.

    Masks are those of ``paper_measures.occlusion_curve``, which draws them for 500 images at once.
    """
    percent, size_px, noise, seed = disturbance
    encoder = subject.network.networks.encoder
    masks, pixels = generator(seed, "occlusion curve", percent), generator(seed, "pixel noise")
    places = evaluated_images(len(material.labels), stage.images, seed)
    # Without occlusion, or with full occlusion, all draws are the same.
    random = 0 < percent < 100 or (noise and percent < 100)
    labels, predicted = material.labels[places], []
    for _ in range(stage.draws if random else 1):
        draw = []
        for batch in places.split(BATCH_SIZE):
            images = material.images[batch]
            if noise:
                images = add_noise(as_unit(images), noise, pixels)
            latents = encode_occluded(encoder, images, percent / 100, size_px, masks)
            draw.append(torch.stack([probe.predict(latents) for probe in probes]))
            yield None
        predicted.append(torch.cat(draw, dim=1))
    yield _estimate(material, torch.stack(predicted), labels, material.on)


def add_noise(images: torch.Tensor, noise: float, random: torch.Generator) -> torch.Tensor:
    """Add Gaussian noise of a standard deviation to each pixel of images in [−1, 1], and clip."""
    return (images + noise * torch.randn(images.shape, generator=random)).clamp(-1.0, 1.0)


def _accuracy(probe: LinearProbe, material: Material) -> float:
    """Accuracy in percent on the undisturbed test images; NaN until these are encoded."""
    known = len(material.latents) > 0
    return probe.accuracy(material.latents, material.labels) if known else math.nan


def _clean(material: Material, probes: tuple[LinearProbe, ...]) -> Estimate | None:
    """The estimate for undisturbed images, whose latents are known."""
    if not len(material.latents):
        return None
    predicted = torch.stack([probe.predict(material.latents) for probe in probes])
    on = "stored latents" if material.on == "reconstructions" else material.on
    return _estimate(material, predicted[None], material.labels, on)


def _estimate(
    material: Material, predicted: torch.Tensor, labels: torch.Tensor, on: str
) -> Estimate:
    """The estimate from predictions (draws, probes, N) and labels (N,)."""
    right = predicted == labels
    accuracy, low, high = accuracy_interval(right.flatten(0, 1))
    k = material.n_classes
    pairs = (labels * k + predicted).flatten()
    return Estimate(
        accuracy,
        low,
        high,
        tuple(100 * share for share in right.double().mean(dim=(0, 2)).tolist()),
        torch.bincount(pairs, minlength=k * k).reshape(k, k),
        len(labels),
        len(material.labels),
        len(predicted),
        len(material.train_labels),
        on,
    )
