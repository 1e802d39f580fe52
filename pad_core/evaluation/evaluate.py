"""A network's measures as the paper reports them (§4.4), in one JSON-ready object.

``FIELDS`` describes its fields. Where there is no data set, a checkpoint's stored memories
take its place: read-outs are fitted to the stored training latents and tested on stored test
latents and on their reconstructions G(z); the result says which it was. What can't be had is
null, or empty: all that needs classes where there is one, distances where a class has one image.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.checkpoint.schema import fingerprint
from pad_core.data.images import to_unit
from pad_core.data.load import DataSet
from pad_core.evaluation.frechet import Features
from pad_core.evaluation.measures import (
    BATCH_SIZE,
    LATENT_INTENSITY,
    Material,
    Readouts,
    Step,
    converged_separability,
    encode_occluded,
    evaluated_images,
    fit_readouts,
    frechet_distances,
    material_from_dataset,
    material_from_memories,
    occlusion_curve,
    organisation,
    reality_monitoring,
    separability,
)
from pad_core.evaluation.metrics import Moments, occluded_distance, sampled_distances
from pad_core.evaluation.statistics import mean_sem
from pad_core.model.networks import Encoder, build_networks
from pad_core.model.occlusion import occlude
from pad_core.system.randomness import generator

__all__ = [
    "FIELDS", "FULL", "Protocol", "converged_separability", "evaluate", "measure_baselines",
    "separability",
]  # fmt: skip


@dataclass(frozen=True)
class Protocol:
    """How much is measured. The defaults take about half a minute a network on two cores.

    occlusion_images: test images on the occlusion curve, with mask_draws masks each.
    dreams: of each kind, against as many test images, for the reality monitor.
    frechet_images: training images and dreams of each kind, 10,000 in the paper.
    """

    readout_seeds: int = 4
    occlusion_images: int = 2_000
    mask_draws: int = 2
    size_px: int = 4
    dreams: int = 2_000
    frechet_images: int = 10_000
    seed: int = 0


FULL = Protocol(occlusion_images=1_000_000, mask_draws=4, dreams=10_000)

FIELDS = {
    "dataset": "data set the network was measured on",
    "dataset_sha256": "its fingerprint, null where none is known",
    "trained_on": "data set it was trained on, as its header names it",
    "condition": "name of the condition",
    "seed": "of the network's training",
    "epoch": "of training it had finished",
    "on": "'real images', or 'reconstructions' of stored memories where there is no data set",
    "n_train": "latents that read-outs were fitted to",
    "n_test": "latents that they were tested on",
    "linear_separability": "percent, the paper's protocol (§4.4.1–2), mean over read-out seeds",
    "linear_separability_sd": "its standard deviation over read-out seeds, in points",
    "linear_separability_by_seed": "percent for each read-out seed",
    "converged_separability": "percent, converged logistic regression: another measure",
    "occlusion": "intensity in percent → accuracy in percent (Figure 5), paper's protocol",
    "occlusion_interval": "intensity → 95 % interval over images, in percent",
    "occlusion_converged": "intensity → accuracy in percent of the converged read-out",
    "occlusion_n": "images on the occlusion curve",
    "intra_inter_ratio": "by the paper's sampled pairs (§4.4.4, Figure 6e)",
    "intra_inter_ratio_exact": "the same over all pairs",
    "intra_inter_ratio_se": "standard error over ten disjoint parts of the images, exact pairs; "
    "over fewer where a class has fewer than 20 images",
    "clean_occluded_ratio": "by the paper's sampled pairs at 30 % occlusion (Figure 6f)",
    "clean_occluded_ratio_se": "standard error over the images",
    "realness_auc": "ROC AUC of d, test images against REM dreams; null without real images, or "
    "where no loss teaches d",
    "realness_auc_nrem": "the same against NREM dreams",
    "frechet": "name of the features and kind of dream → distance; empty without real images",
    "frechet_n": "images on each side of it",
    "baselines": "'untrained' network and raw 'pixels' → their separabilities and ratios",
    "protocol": "read-out seeds, mask draws, sizes: what the numbers rest on",
    "versions": "of the packages that computed",
}


def evaluate(
    network: PadNetwork,
    dataset: DataSet | None,
    features: Features,
    protocol: Protocol = Protocol(),
    baselines: dict[str, Any] | None = None,
    step: Step = lambda what, share: None,
    real: Moments | None = None,
) -> dict[str, Any]:
    """Measure one checkpoint; the object's fields are those of ``FIELDS``.

    Args:
        dataset: real images, or None for the checkpoint's own memories.
        features: for the Fréchet distance.
        baselines: of the same data set, from ``measure_baselines``.
        step: called with what is being done and the share of the whole that is done.
        real: of the same data set, from ``real_moments``, where several networks share them.
    """
    encoder, header = network.networks.encoder, network.header
    step("encoding", 0.0)
    if dataset is None:
        material = material_from_memories(network)
    else:
        material = material_from_dataset(encoder, dataset)
    readouts = None
    if material.n_classes > 1:
        readouts = fit_readouts(
            material, protocol.readout_seeds, lambda what, s: step(what, 0.4 + 0.1 * s)
        )
    read_out = _separabilities(material, readouts)
    chosen = evaluated_images(len(material.labels), protocol.occlusion_images, protocol.seed)
    images, labels = material.images[chosen], material.labels[chosen]
    points = []
    curve = () if readouts is None else occlusion_curve(
        encoder, readouts, images, labels,
        size_px=protocol.size_px, draws=protocol.mask_draws, seed=protocol.seed,
    )  # fmt: skip
    for point in curve:
        points.append(point)
        step("occlusion", 0.5 + 0.3 * point.intensity / 100)
    ratios = organisation(
        material.latents,
        material.labels,
        *_clean_and_occluded(encoder, images, protocol),
        protocol.seed,
    )
    auc: dict[str, float | None] = {"realness_auc": None, "realness_auc_nrem": None}
    frechet: dict[str, float] = {}
    n_frechet = 0
    if material.train_images is not None:
        step("dreams", 0.85)
        few = evaluated_images(len(material.labels), protocol.dreams, protocol.seed)
        if header.condition.trains_discriminator:
            auc |= reality_monitoring(
                network, material.images[few], material.latents[few], protocol.seed
            )
        many = evaluated_images(len(material.train_labels), protocol.frechet_images, protocol.seed)
        n_frechet = len(many)
        if real is None:
            real = features.moments(material.train_images[many].split(BATCH_SIZE))
        frechet = frechet_distances(
            network, real, material.train_latents[many], features, protocol.seed
        )
    step("done", 1.0)
    result = {
        "dataset": header.dataset.get("name") if dataset is None else dataset.name,
        "dataset_sha256": header.data.sha256 if dataset is None else fingerprint(dataset),
        "trained_on": header.dataset.get("name"),
        "condition": header.condition.name,
        "seed": header.seed,
        "epoch": header.epoch,
        "on": material.on,
        "n_train": len(material.train_labels),
        "n_test": len(material.labels),
        **read_out,
        "occlusion": {str(p.intensity): p.accuracy for p in points},
        "occlusion_interval": {str(p.intensity): [p.low, p.high] for p in points},
        "occlusion_converged": {str(p.intensity): p.converged for p in points},
        "occlusion_n": len(labels),
        **ratios,
        **auc,
        "frechet": frechet,
        "frechet_n": n_frechet,
        "baselines": baselines or {},
        "protocol": asdict(protocol),
        "versions": {"torch": torch.__version__},
    }
    rounded: dict[str, Any] = _rounded(result)
    return rounded


def real_moments(dataset: DataSet, features: Features, protocol: Protocol) -> Moments:
    """Of the features of the training images that dreams are compared with."""
    chosen = evaluated_images(len(dataset.train), protocol.frechet_images, protocol.seed)
    return features.moments(dataset.train.images[chosen].split(BATCH_SIZE))


def measure_baselines(dataset: DataSet, protocol: Protocol, step: Step) -> dict[str, Any]:
    """What the numbers stand against: an untrained network, and pixels in place of latents.

    Pixels are 3,072 numbers an image, and one read-out seed has to do for them.
    """
    step("untrained network", 0.0)
    networks = build_networks(protocol.seed)
    chosen = evaluated_images(len(dataset.test), protocol.occlusion_images, protocol.seed)
    images = dataset.test.images[chosen]
    untrained = material_from_dataset(networks.encoder, dataset)
    pair = _clean_and_occluded(networks.encoder, images, protocol)
    found = {"untrained": _baseline(untrained, protocol.readout_seeds, pair, protocol.seed)}
    step("pixels", 0.5)
    flat = to_unit(images).flatten(1)
    random = generator(protocol.seed, "occluded pairs")
    grey = occlude(to_unit(images), LATENT_INTENSITY, protocol.size_px, random).flatten(1)
    pixels = untrained._replace(
        train_latents=to_unit(dataset.train.images).flatten(1),
        latents=to_unit(dataset.test.images).flatten(1),
    )
    found["pixels"] = _baseline(pixels, 1, (flat, grey), protocol.seed)
    step("pixels", 1.0)
    rounded: dict[str, Any] = _rounded(found)
    return rounded


def _baseline(
    material: Material, n_seeds: int, pair: tuple[torch.Tensor, torch.Tensor], seed: int
) -> dict[str, Any]:
    found = _separabilities(
        material, fit_readouts(material, n_seeds) if material.n_classes > 1 else None
    )
    del found["linear_separability_by_seed"]
    distances = sampled_distances(material.latents, material.labels, seed)
    return found | {
        "readout_seeds": n_seeds,
        "intra_inter_ratio": distances.ratio,
        "clean_occluded_ratio": occluded_distance(*pair, seed) / distances.inter,
    }


def _separabilities(material: Material, readouts: Readouts | None) -> dict[str, Any]:
    """What read-outs reach on the test latents; null where there are none."""
    if readouts is None:
        names = ("linear_separability", "linear_separability_sd", "converged_separability")
        return dict.fromkeys(names) | {"linear_separability_by_seed": []}
    accuracies = [readout.accuracy(material.latents, material.labels) for readout in readouts.paper]
    mean, sem = mean_sem(accuracies)
    return {
        "linear_separability": mean,
        "linear_separability_sd": None if sem is None else sem * len(accuracies) ** 0.5,
        "linear_separability_by_seed": accuracies,
        "converged_separability": readouts.converged.accuracy(material.latents, material.labels),
    }


def _clean_and_occluded(
    encoder: Encoder, images: torch.Tensor, protocol: Protocol
) -> tuple[torch.Tensor, torch.Tensor]:
    random = generator(protocol.seed, "occluded pairs")
    clean = encode_occluded(encoder, images, 0.0, protocol.size_px, random)
    return clean, encode_occluded(encoder, images, LATENT_INTENSITY, protocol.size_px, random)


def _rounded(value: Any) -> Any:
    """Floats to six digits: what is printed, recorded and compared is the same.

    What has no value, such as a ratio to a distance of 0, becomes null, as JSON has no other word.
    """
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return value
