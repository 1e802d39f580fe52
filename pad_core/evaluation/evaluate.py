"""Measure a network as the paper does (§4.4), and return one JSON-ready object.

``FIELDS`` says what its fields mean. Without the data set, a checkpoint's stored memories take
its place: probes are fitted to the stored training latents and tested on the stored test latents
and their reconstructions G(z); field ``on`` says so. A value that can't be measured is null, or
empty: measures by class with one class, distances if a class has one image.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import torch

from pad_core.checkpoint.evaluation_record import FIELDS, Evaluation
from pad_core.checkpoint.file import PadNetwork
from pad_core.checkpoint.schema import fingerprint
from pad_core.data.images import to_unit
from pad_core.data.load import DataSet, checked
from pad_core.errors import PadError
from pad_core.evaluation.fine_tuning import fine_tune
from pad_core.evaluation.formulas import exact_distances, occluded_distance, sampled_distances
from pad_core.evaluation.frechet import Features, classifier_features
from pad_core.evaluation.other_measures import (
    Reference,
    other_measures,
    reference,
    untrained_other_measures,
)
from pad_core.evaluation.paper_measures import (
    LATENT_INTENSITY,
    Material,
    OcclusionPoint,
    Probes,
    Step,
    converged_separability,
    dream_images,
    encode_occluded,
    evaluated_images,
    fit_probes,
    frechet_distances,
    material_from_dataset,
    material_from_memories,
    occlusion_curve,
    organisation,
    reality_monitoring,
    separability,
)
from pad_core.evaluation.protocol import FULL, USUAL, Protocol
from pad_core.evaluation.statistics import mean_sem, pack_counts
from pad_core.model.networks import Encoder, build_networks
from pad_core.model.occlusion import occlude
from pad_core.system.randomness import generator

PAIRED = (30, 50)  # percent: intensities at which networks are compared image by image
__all__ = [
    "FIELDS", "FULL", "Protocol", "converged_separability", "evaluate", "measure_baselines",
    "separability",
]  # fmt: skip


def evaluate(
    network: PadNetwork,
    dataset: DataSet | None = None,
    features: Features | None = None,
    protocol: Protocol = USUAL,
    baselines: dict[str, Any] | None = None,
    step: Step = lambda what, share: None,
    beside: Reference | None = None,
) -> Evaluation:
    """Measure one checkpoint; ``FIELDS`` says what the object's fields mean.

    Args:
        dataset: real images, or None for the checkpoint's own memories.
        features: for the Fréchet distance; None for the shipped classifier's.
        baselines: from ``measure_baselines`` on the same data set.
        step: called with the name of the step and the share of the whole that is done.
        beside: from ``measure_reference`` on the same data set, if several networks share it.

    Raises:
        PadError: no network or data set; too few images or memories to measure with.
    """
    if not isinstance(network, PadNetwork):
        raise PadError(f"What is evaluated is a network that load gives, not {network!r}.")
    if dataset is not None:
        checked(dataset)
    features = features or classifier_features(network.device)
    encoder, header = network.networks.encoder, network.header
    step("encoding", 0.0)
    if dataset is None:
        material = material_from_memories(network)
    else:
        material = material_from_dataset(encoder, dataset, protocol.trunk_images, protocol.seed)
    probes = None
    if material.n_classes > 1:
        probes = fit_probes(
            material, protocol.readout_seeds, lambda what, s: step(what, 0.25 + 0.1 * s)
        )
    read_out = _separabilities(material, probes)
    chosen = evaluated_images(len(material.labels), protocol.occlusion_images, protocol.seed)
    images, labels = material.images[chosen], material.labels[chosen]
    points = []
    curve = () if probes is None else occlusion_curve(
        encoder, probes, images, labels,
        size_px=protocol.size_px, draws=protocol.mask_draws, seed=protocol.seed,
    )  # fmt: skip
    for point in curve:
        points.append(point)
        step("occlusion", 0.35 + 0.15 * point.intensity / 100)
    pair = _clean_and_occluded(encoder, images, protocol)
    ratios = organisation(material.latents, material.labels, *pair, protocol.seed)
    auc: dict[str, float | None] = {"realness_auc": None, "realness_auc_nrem": None}
    frechet: dict[str, float] = {}
    n_frechet = 0
    seen: dict[str, torch.Tensor] = {}
    if material.train_images is not None:
        step("dreams", 0.5)
        few = evaluated_images(len(material.labels), protocol.dreams, protocol.seed)
        if header.condition.trains_discriminator:
            auc |= reality_monitoring(
                network, material.images[few], material.latents[few], protocol.seed
            )
        many = evaluated_images(len(material.train_labels), protocol.frechet_images, protocol.seed)
        n_frechet = len(many)
        if beside is None:
            beside = reference(material.train_images, material.images, features, protocol)
        latents = material.train_latents[many]
        seen = {
            kind: features.of(batches)
            for kind, batches in dream_images(network, latents, protocol.seed).items()
        }
        frechet = frechet_distances(beside.moments, seen, features)
    more = other_measures(
        network, material, probes, *pair, chosen, seen,
        None if material.train_images is None else beside, protocol,
        lambda what, share: step(what, 0.65 + 0.35 * share),
    )  # fmt: skip
    tuned = None
    if dataset is not None and probes is not None and protocol.fine_tune_epochs:
        tuned = _fine_tuned(encoder, dataset, protocol, lambda s: step("fine-tuning", s))
    step("done", 1.0)
    result = dict.fromkeys(FIELDS) | {
        "dataset": header.dataset.get("name") if dataset is None else dataset.name,
        "dataset_sha256": header.data.sha256 if dataset is None else fingerprint(dataset),
        "trained_on": header.dataset.get("name"),
        "condition": header.group,
        "seed": header.seed,
        "epoch": header.epoch,
        "phases": list(header.condition.phases),
        "on": material.on,
        "n_train": len(material.train_labels),
        "n_test": len(material.labels),
        **read_out,
        "occlusion": {str(p.intensity): p.accuracy for p in points},
        "occlusion_interval": {str(p.intensity): [p.low, p.high] for p in points},
        "occlusion_se": {
            str(p.intensity): {"images": p.se_images, "readouts": p.se_probes} for p in points
        },
        **({} if probes is None else right_answers(material, probes, points)),
        "occlusion_converged": {str(p.intensity): p.converged for p in points},
        "occlusion_n": len(labels),
        **ratios,
        **auc,
        "frechet": frechet,
        "frechet_n": n_frechet,
        **more,
        "fine_tuned": tuned,
        "baselines": baselines or {},
        "protocol": asdict(protocol),
        "versions": {"torch": torch.__version__},
    }
    rounded: Evaluation = _rounded(result)
    return rounded


def right_answers(
    material: Material, probes: Probes, points: Sequence[OcclusionPoint]
) -> dict[str, Any]:
    """'right' and 'right_of': of all clean test images, and of the curve's occluded ones."""
    clean = torch.stack([r.predict(material.latents) == material.labels for r in probes.paper])
    counts = {"0": (clean.sum(dim=0), len(clean))}
    counts |= {str(p.intensity): (p.right, p.of) for p in points if p.intensity in PAIRED}
    packed = {key: pack_counts(right.tolist()) for key, (right, _) in counts.items()}
    return {
        "right": {key: text for key, text in packed.items() if text is not None},
        "right_of": {key: of for key, (_, of) in counts.items() if packed[key] is not None},
    }


def measure_reference(dataset: DataSet, features: Features, protocol: Protocol) -> Reference:
    """The reference that dreams are compared with."""
    return reference(dataset.train.images, dataset.test.images, features, protocol)


def measure_baselines(dataset: DataSet, protocol: Protocol, step: Step) -> dict[str, Any]:
    """The numbers to compare with: an untrained network, and pixels in place of latents.

    Pixels are 3,072 numbers an image: they get one probe seed only.
    """
    step("untrained network", 0.0)
    networks = build_networks(protocol.seed)
    chosen = evaluated_images(len(dataset.test), protocol.occlusion_images, protocol.seed)
    images = dataset.test.images[chosen]
    untrained = material_from_dataset(networks.encoder, dataset)
    pair = _clean_and_occluded(networks.encoder, images, protocol)
    found = {"untrained": _baseline(untrained, protocol.readout_seeds, pair, protocol.seed)}
    exact = exact_distances(untrained.latents, untrained.labels)
    found["untrained"]["intra_inter_ratio_exact"] = exact.ratio
    found["untrained"] |= untrained_other_measures(networks, untrained, *pair, chosen, protocol)
    if protocol.fine_tune_epochs:  # of an untrained network, this is supervised learning
        tuned = _fine_tuned(networks.encoder, dataset, protocol, lambda share: None)
        found["untrained"]["fine_tuned"] = tuned["accuracy"]
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


def _fine_tuned(
    encoder: Encoder, dataset: DataSet, protocol: Protocol, on_step: Callable[[float], None]
) -> dict[str, Any]:
    train, test = dataset.train, dataset.test
    accuracies = fine_tune(
        encoder, train.images, train.labels, test.images, test.labels, len(dataset.class_names),
        protocol.fine_tune_epochs, protocol.seed, on_step,
    )  # fmt: skip
    return {"accuracy": accuracies[-1], "epochs": len(accuracies), "by_epoch": accuracies}


def _baseline(
    material: Material, n_seeds: int, pair: tuple[torch.Tensor, torch.Tensor], seed: int
) -> dict[str, Any]:
    found = _separabilities(
        material, fit_probes(material, n_seeds) if material.n_classes > 1 else None
    )
    del found["linear_separability_by_seed"]
    distances = sampled_distances(material.latents, material.labels, seed)
    return found | {
        "readout_seeds": n_seeds,
        "intra_inter_ratio": distances.ratio,
        "clean_occluded_ratio": occluded_distance(*pair, seed) / distances.inter,
    }


def _separabilities(material: Material, probes: Probes | None) -> dict[str, Any]:
    """Accuracies of the probes on the test latents; null without probes."""
    if probes is None:
        names = ("linear_separability", "linear_separability_sd", "converged_separability")
        return dict.fromkeys(names) | {"linear_separability_by_seed": []}
    accuracies = [probe.accuracy(material.latents, material.labels) for probe in probes.paper]
    mean, sem = mean_sem(accuracies)
    return {
        "linear_separability": mean,
        "linear_separability_sd": None if sem is None else sem * len(accuracies) ** 0.5,
        "linear_separability_by_seed": accuracies,
        "converged_separability": probes.converged.accuracy(material.latents, material.labels),
    }


def _clean_and_occluded(
    encoder: Encoder, images: torch.Tensor, protocol: Protocol
) -> tuple[torch.Tensor, torch.Tensor]:
    random = generator(protocol.seed, "occluded pairs")
    clean = encode_occluded(encoder, images, 0.0, protocol.size_px, random)
    return clean, encode_occluded(encoder, images, LATENT_INTENSITY, protocol.size_px, random)


def _rounded(value: Any) -> Any:
    """Round floats to six digits, so that printed, recorded and compared numbers are the same.

    NaN and infinity become null, since JSON has no word for them.
    """
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return value
