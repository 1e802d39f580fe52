"""The paper's measures of a network, one function each: probes, occlusion, latents, dreams (§4.4).

The explorer and ``evaluate`` call these. Nothing is fitted to test images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import as_unit
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.evaluation.formulas import (
    Moments,
    exact_distances,
    frechet_distance,
    occluded_distance,
    realness_auc,
    sampled_distances,
    squared_distances,
)
from pad_core.evaluation.frechet import Features, moments_of
from pad_core.evaluation.linear_probe import LinearProbe, fit_converged, train_sgd
from pad_core.evaluation.statistics import accuracy_interval, mean_sem
from pad_core.evaluation.trunk import Encoded, encode_with_trunk
from pad_core.model.hippocampus import as_one, draw_components, mix
from pad_core.model.networks import LATENT_SIZE, Encoder, Networks, encode_all
from pad_core.model.occlusion import occlude
from pad_core.system.randomness import generator

INTENSITIES = tuple(range(0, 101, 10))  # percent
LATENT_INTENSITY = 0.3  # of the occlusion in Figure 6
BATCH_SIZE = 500
On = Literal["real images", "reconstructions"]
Step = Callable[[str, float], None]


class Trunk(NamedTuple):
    """The trunk's features of training and of test images."""

    train: Encoded
    test: Encoded


class Material(NamedTuple):
    """What a network is measured with; latents (N, 256), labels (N,).

    images: of the test latents, uint8 or float in [−1, 1]; train_images: uint8, or None;
    trunk: None unless it was asked for.
    """

    on: On
    train_latents: torch.Tensor
    train_labels: torch.Tensor
    latents: torch.Tensor
    labels: torch.Tensor
    images: torch.Tensor
    train_images: torch.Tensor | None
    n_classes: int
    trunk: Trunk | None = None


def latents_of(encoder: Encoder, dataset: DataSet) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents of all training and all test images: (N_train, 256), (N_test, 256)."""
    return encode_all(encoder, dataset.train.images), encode_all(encoder, dataset.test.images)


def material_from_dataset(
    encoder: Encoder, dataset: DataSet, trunk_images: int = 0, seed: int = 0
) -> Material:
    """All images of a data set, encoded once; and the trunk's full features of ``trunk_images``
    training and test images, drawn by ``seed``."""
    trunk = None
    if trunk_images > 0:
        some = [evaluated_images(len(s), trunk_images, seed) for s in (dataset.train, dataset.test)]
        trunk = Trunk(
            encode_with_trunk(encoder, dataset.train.images, some[0]),
            encode_with_trunk(encoder, dataset.test.images, some[1]),
        )
        train, test = trunk.train.latents, trunk.test.latents
    else:
        train, test = latents_of(encoder, dataset)
    return Material(
        "real images",
        train,
        dataset.train.labels.to(train.device),
        test,
        dataset.test.labels.to(test.device),
        dataset.test.images,
        dataset.train.images,
        len(dataset.class_names),
        trunk,
    )


@torch.inference_mode()
def material_from_memories(network: PadNetwork) -> Material:
    """A checkpoint's stored memories; PadError if they are too few."""
    train, test = network.memories["train"], network.memories["test"]
    if min(len(train), len(test)) < 2:
        raise PadError(f"{network.path} holds no memories to measure with; give --data.")
    images = torch.cat([network.networks.generator(z) for z in test.latents.split(BATCH_SIZE)])
    return Material(
        "reconstructions",
        train.latents,
        train.labels,
        test.latents,
        test.labels,
        images,
        None,
        len(network.class_names),
    )


def evaluated_images(available: int, wanted: int, seed: int) -> torch.Tensor:
    """Places of at most ``wanted`` of the available test images, in order.

    They are the same for every network, and a smaller choice is part of a larger one.
    """
    order = torch.randperm(available, generator=generator(seed, "evaluated images"))
    return order[:wanted].sort().values


class Probes(NamedTuple):
    """Both kinds of linear probe of one network, fitted to the same training latents."""

    paper: list[LinearProbe]  # one for each probe seed
    converged: LinearProbe


def fit_probes(material: Material, n_seeds: int, step: Step = lambda what, share: None) -> Probes:
    """The paper's probes for seeds 0 … n_seeds − 1, and the converged one."""
    data = (material.train_latents, material.train_labels, material.n_classes)
    converged = fit_converged(*data)
    paper = []
    for seed in range(n_seeds):
        step("probes", seed / n_seeds)
        paper.append(train_sgd(*data, seed))
    return Probes(paper, converged)


def separability(encoder: Encoder, dataset: DataSet, probe_seed: int = 0) -> dict[str, Any]:
    """Linear separability of the test set's latents, in percent, by both measures.

    'linear_separability' follows the paper's protocol (§4.4.1–2); 'converged_separability'
    is the converged logistic regression's. Both are fitted on all training latents.
    """
    m = material_from_dataset(encoder, dataset)
    sgd = train_sgd(m.train_latents, m.train_labels, m.n_classes, probe_seed)
    return {
        "linear_separability": round(sgd.accuracy(m.latents, m.labels), 4),
        "converged_separability": _converged(m),
    }


def converged_separability(encoder: Encoder, dataset: DataSet) -> float:
    """The second one of ``separability``."""
    return _converged(material_from_dataset(encoder, dataset))


def _converged(m: Material) -> float:
    probe = fit_converged(m.train_latents, m.train_labels, m.n_classes)
    return round(probe.accuracy(m.latents, m.labels), 4)


class OcclusionPoint(NamedTuple):
    """Accuracies in percent at one intensity (percent). ``low`` to ``high`` is a 95 % interval
    over images, whose mask draws and probe seeds are averaged.

    se_images, se_probes: standard errors of the accuracy in points, over images and over probe
    seeds (None for one). right: how many of the ``of`` pairs of probe and mask were right about
    each image, (N,).
    """

    intensity: int
    accuracy: float
    low: float
    high: float
    converged: float
    se_images: float
    se_probes: float | None
    right: torch.Tensor
    of: int


@torch.inference_mode()
def occlusion_curve(
    encoder: Encoder,
    probes: Probes,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    size_px: int = 4,
    draws: int = 2,
    seed: int = 0,
    intensities: Sequence[int] = INTENSITIES,
) -> Iterator[OcclusionPoint]:
    """Accuracy on occluded images of probes fitted to clean ones (Figure 5), point by point.

    Args:
        images: (N, 3, 32, 32), uint8 or float in [−1, 1]; each gets a fresh mask per draw and
            intensity.
        intensities: percent of patches occluded.
        size_px: side of a patch, 1 to 8.
    """
    for intensity in intensities:
        random = generator(seed, "occlusion curve", intensity)
        # Without occlusion, all draws are the same; with full occlusion, all images are.
        repeats = draws if 0 < intensity < 100 else 1
        seen = images[:1] if intensity == 100 else images
        paper, converged = [], []
        for _ in range(repeats):
            latents = encode_occluded(encoder, seen, intensity / 100, size_px, random)
            latents = latents.expand(len(images), -1)
            paper += [probe.predict(latents) == labels for probe in probes.paper]
            converged.append(probes.converged.predict(latents) == labels)
        right = torch.stack(paper)
        mean, low, high = accuracy_interval(right)
        share = 100 * torch.stack(converged).double().mean().item()
        by_probe = right.double().mean(dim=1).view(repeats, -1).mean(dim=0)
        yield OcclusionPoint(
            intensity, mean, low, high, share,
            100 * float(right.double().mean(dim=0).std(unbiased=False)) / len(labels) ** 0.5,
            mean_sem((100 * by_probe).tolist())[1],
            right.sum(dim=0), len(right),
        )  # fmt: skip


@torch.inference_mode()
def encode_occluded(
    encoder: Encoder, images: torch.Tensor, intensity: float, size_px: int, random: torch.Generator
) -> torch.Tensor:
    """Latents (N, 256) of images (N, 3, 32, 32), each under a mask of its own."""
    latents = torch.empty((len(images), LATENT_SIZE), device=encoder.conv1.weight.device)
    for batch, into in zip(images.split(BATCH_SIZE), latents.split(BATCH_SIZE), strict=True):
        unit = as_unit(batch).cpu()
        into.copy_(encode_all(encoder, occlude(unit, intensity, size_px, random)))
    return latents


def organisation(
    latents: torch.Tensor,
    labels: torch.Tensor,
    clean: torch.Tensor,
    occluded: torch.Tensor,
    seed: int = 0,
) -> dict[str, float | None]:
    """The two ratios of Figure 6e,f, sampled as in the paper, and variants of them.

    NaN or None if a class has too few images.

    Args:
        latents, labels: of all test images, (N, Z) and (N,).
        clean, occluded: of the same images (M, Z), occluded by 30 %.
    """
    sampled = sampled_distances(latents, labels, seed)
    exact, squared = exact_distances(latents, labels), squared_distances(latents, labels)
    by_class = labels.argsort(stable=True)  # every part has its share of each class
    n = min(10, int(labels.unique(return_counts=True)[1].min()) // 2)  # two images of each at least
    parts = [exact_distances(latents[by_class[i::n]], labels[by_class[i::n]]) for i in range(n)]
    apart = occluded_distance(clean, occluded, seed)
    distances = (clean.double() - occluded.double()).norm(dim=1)
    exactly = float(distances.mean()) / exact.inter
    of_distances = float(distances.std()) / len(distances) ** 0.5 / exact.inter
    of_inter = mean_sem([part.inter for part in parts])[1] if n > 1 else None
    of_inter = exactly * (of_inter or 0.0) / exact.inter
    return {
        "intra_inter_ratio": sampled.ratio,
        "intra_inter_ratio_exact": exact.ratio,
        "intra_inter_ratio_se": mean_sem([part.ratio for part in parts])[1] if n > 1 else None,
        "clean_occluded_ratio": apart / sampled.inter,
        "clean_occluded_ratio_exact": exactly,
        "clean_occluded_ratio_se": (of_distances**2 + of_inter**2) ** 0.5,
        "intra_inter_ratio_squared": squared.ratio,
        "clean_occluded_ratio_squared": float(distances.square().mean() / squared.inter),
    }


def nrem_images(networks: Networks, latents: torch.Tensor) -> Iterator[torch.Tensor]:
    """Batches of NREM dreams before their occlusion, G(z) of single memories (N, 256)."""
    with torch.inference_mode():
        for z in latents.split(BATCH_SIZE):
            yield networks.generator(z)


def rem_images(network: PadNetwork, latents: torch.Tensor, seed: int) -> Iterator[torch.Tensor]:
    """Batches of REM dreams: each memory (N, 256) mixed with others and with noise.

    They are mixed as the network's condition does in REM, except for the age of memories: the
    other memories may be any of those given.
    """
    random = generator(seed, "evaluated rem dreams")
    condition = network.condition
    mixture = condition.rem_mixture
    n = condition.memories - 1 if condition.rem_replay == "mixed" else 1
    orders = [torch.randperm(len(latents), generator=random) for _ in range(n)]
    with torch.inference_mode():
        for start in range(0, len(latents), BATCH_SIZE):
            z = latents[start : start + BATCH_SIZE]
            noise = torch.randn(z.shape, generator=random).to(z.device)
            others = torch.stack([order[start : start + BATCH_SIZE] for order in orders])
            older = as_one(latents[others.to(z.device)], mixture, random)
            uniforms = draw_components(z, mixture, random)
            yield network.networks.generator(mix(z, older, noise, mixture, uniforms))


@torch.inference_mode()
def reality_monitoring(
    network: PadNetwork, images: torch.Tensor, latents: torch.Tensor, seed: int = 0
) -> dict[str, float]:
    """How well d tells images (N, 3, 32, 32) from the dreams that their latents give rise to."""
    logits = network.networks.encoder.logits
    device = latents.device
    external = torch.cat([logits(as_unit(b).to(device)) for b in images.split(BATCH_SIZE)])
    nrem = torch.cat([logits(dream) for dream in nrem_images(network.networks, latents)])
    rem = torch.cat([logits(dream) for dream in rem_images(network, latents, seed)])
    return {
        "realness_auc": realness_auc(external, rem),
        "realness_auc_nrem": realness_auc(external, nrem),
    }


def dream_images(
    network: PadNetwork, latents: torch.Tensor, seed: int = 0
) -> dict[str, Iterator[torch.Tensor]]:
    """Batches of the NREM and REM dreams that latents (N, 256) of images give rise to."""
    return {
        "NREM dreams": nrem_images(network.networks, latents),
        "REM dreams": rem_images(network, latents, seed),
    }


def frechet_distances(
    real: Moments, seen: dict[str, torch.Tensor], features: Features
) -> dict[str, float]:
    """Fréchet distances of NREM and REM dreams to training images (§4.4.5).

    Args:
        real: moments of these images' features; the same for every network.
        seen: features (N, F) of each kind of dream, made from latents of the same images.
    """
    return {
        f"{features.name}, {kind}": frechet_distance(real, moments_of(values))
        for kind, values in seen.items()
    }
