"""The measures of a network that other papers use: neighbours, few labels, geometry, dreams.

Each function gives some fields of an evaluation (``FIELDS`` says what they mean). What cannot be
measured, for lack of images or classes, is null; the rest is measured all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import torch

from pad_core.checkpoint.evaluation_record import MOST_CLASSES
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import as_unit
from pad_core.errors import PadError
from pad_core.evaluation.classification import (
    balanced_accuracy,
    class_accuracies,
    confusion_matrix,
    majority_accuracy,
)
from pad_core.evaluation.corruptions import STRENGTHS, corrupt
from pad_core.evaluation.dream_quality import Manifold, kernel_distance, manifold, nearer, quality
from pad_core.evaluation.few_labels import PER_CLASS, few_label_accuracy
from pad_core.evaluation.formulas import Moments
from pad_core.evaluation.frechet import Features, moments_of
from pad_core.evaluation.geometry import (
    alignment,
    class_alignment,
    effective_rank,
    participation_ratio,
    spectrum,
    uniformity,
)
from pad_core.evaluation.linear_probe import fit_converged
from pad_core.evaluation.neighbours import knn_accuracy, nearest
from pad_core.evaluation.paper_measures import (
    BATCH_SIZE,
    Material,
    Probes,
    Step,
    dream_images,
    evaluated_images,
    fit_probes,
)
from pad_core.evaluation.protocol import Protocol
from pad_core.evaluation.state_similarity import state_similarity
from pad_core.evaluation.statistics import mean_sem
from pad_core.evaluation.trunk import wide_accuracy
from pad_core.model.condition import Mixture, built_in
from pad_core.model.networks import Encoder, Networks, encode_all

NEIGHBOURS = (20, 200)
TRUNK_SEEDS = 4  # of the paper's probe; ten would say no more
Found = dict[str, Any]
T = TypeVar("T")


def attempt(measure: Callable[[], T]) -> T | None:
    """The result of a measure; None if it lacks images or classes."""
    try:
        return measure()
    except PadError:
        return None


def neighbours(material: Material, places: torch.Tensor) -> Found:
    """'knn', 'knn_n': accuracy of k nearest training latents on the test latents at ``places``."""
    test, labels = material.latents[places], material.labels[places]
    accuracies: dict[str, dict[str, float]] = {}
    for metric in ("cosine", "euclidean"):
        found = knn_accuracy(
            material.train_latents, material.train_labels, test, labels, NEIGHBOURS, metric
        )
        accuracies[metric] = {str(k): value for k, value in found.items()}
    return {"knn": accuracies, "knn_n": len(places)}


def few_labels(material: Material, draws: int, seed: int) -> Found:
    """'few_labels': labelled images a class → mean and SD over draws."""
    curve = {}
    for per_class in PER_CLASS:
        point = few_label_accuracy(
            material.train_latents, material.train_labels, material.latents, material.labels,
            material.n_classes, per_class, draws, seed,
        )  # fmt: skip
        if point is not None:
            curve[str(per_class)] = point._asdict()
    return {"few_labels": curve}


def trunk_probes(material: Material, n_seeds: int) -> Found:
    """'trunk', 'trunk_n_train', 'trunk_n_test': linear probes of the features before z."""
    trunk = material.trunk
    if trunk is None:
        return {"trunk": None, "trunk_n_train": 0, "trunk_n_test": 0}
    pooled = material._replace(train_latents=trunk.train.pooled, latents=trunk.test.pooled)
    probes = fit_probes(pooled, min(n_seeds, TRUNK_SEEDS))
    accuracies = [r.accuracy(pooled.latents, pooled.labels) for r in probes.paper]
    some, tested = trunk.train.places, trunk.test.places
    labels, truth = material.train_labels[some], material.labels[tested]
    k = material.n_classes
    same = fit_converged(material.train_latents[some], labels, k)
    whole = attempt(
        lambda: wide_accuracy(trunk.train.features, labels, trunk.test.features, truth, k)
    )
    return {
        "trunk": {
            "pooled_linear_separability": mean_sem(accuracies)[0],
            "pooled_converged_separability": probes.converged.accuracy(
                pooled.latents, pooled.labels
            ),
            "features_converged_separability": whole,
            "latents_converged_separability": same.accuracy(material.latents[tested], truth),
        },
        "trunk_n_train": len(some),
        "trunk_n_test": len(tested),
    }


def classes(material: Material, probes: Probes) -> Found:
    """'confusion', 'class_accuracies', 'balanced_accuracy', 'majority_class'."""
    k = material.n_classes

    def counts(predicted: torch.Tensor) -> torch.Tensor:
        return confusion_matrix(material.labels, predicted, k)

    paper = torch.stack([counts(r.predict(material.latents)) for r in probes.paper]).sum(dim=0)
    converged = counts(probes.converged.predict(material.latents))
    both = {"paper": paper, "converged": converged}
    few = k <= MOST_CLASSES
    return {
        "confusion": converged.tolist() if few else None,
        "class_accuracies": {n: class_accuracies(m) for n, m in both.items()} if few else None,
        "balanced_accuracy": {name: balanced_accuracy(matrix) for name, matrix in both.items()},
        "majority_class": majority_accuracy(material.train_labels, material.labels),
    }


def geometry(
    material: Material, clean: torch.Tensor, occluded: torch.Tensor, places: torch.Tensor
) -> Found:
    """'effective_rank' to 'uniformity': dimensions of training latents, test latents on a sphere.

    clean, occluded: latents of the same M test images, (M, Z); places: of these among all.
    """
    eigenvalues = spectrum(material.train_latents)
    total = float(eigenvalues.sum()) or 1.0
    return {
        "effective_rank": effective_rank(material.train_latents),
        "participation_ratio": participation_ratio(eigenvalues),
        "spectrum": (eigenvalues / total).tolist(),
        "alignment": alignment(clean, occluded),
        "class_alignment": class_alignment(clean, material.labels[places]),
        "uniformity": uniformity(clean),
    }


class Reference(NamedTuple):
    """What dreams are compared with, the same for every network of a data set.

    train_images: all, uint8 (N, 3, 32, 32); places: of the F_N with features, (F_N,);
    train_features: (F_N, F), and their moments. real: of some of them, None if these are too few.
    quality: of test images in place of dreams; nearest: distances of test images to their nearest
    training image in each space.
    """

    features: Features
    train_images: torch.Tensor
    places: torch.Tensor
    train_features: torch.Tensor
    moments: Moments
    real: Manifold | None
    quality: Found | None
    nearest: dict[str, torch.Tensor]


def reference(
    train_images: torch.Tensor,
    test_images: torch.Tensor,
    features: Features,
    protocol: Protocol,
) -> Reference:
    """Features of the training images, and the same measures of test images in place of dreams.

    Raises:
        PadError: a single training image.
    """
    places = evaluated_images(len(train_images), protocol.frechet_images, protocol.seed)
    known = features.of(train_images[places].split(BATCH_SIZE))
    real = attempt(lambda: manifold(in_strides(known, protocol.quality_images)))
    some = evaluated_images(len(test_images), protocol.quality_images, protocol.seed)
    seen = features.of(test_images[some].split(BATCH_SIZE))
    few = test_images[evaluated_images(len(test_images), protocol.nearest_images, protocol.seed)]
    distances = {
        "pixels": nearest(as_unit(few.to(known.device)), train_images).distances[:, 0],
        "features": nearest(features.of(few.split(BATCH_SIZE)), known).distances[:, 0],
    }
    beside = None if real is None else attempt(lambda: _quality(real, seen))
    return Reference(
        features, train_images, places, known, moments_of(known), real, beside, distances
    )


def _quality(real: Manifold, seen: torch.Tensor) -> Found:
    distance = kernel_distance(real.features, seen)
    return quality(real, manifold(seen))._asdict() | {
        "kernel_distance": distance.value,
        "kernel_distance_se": distance.se,
    }


def dream_quality(seen: dict[str, torch.Tensor], beside: Reference, most: int) -> Found:
    """'dream_quality', 'dream_quality_n': of each kind of dream, and of test images beside.

    seen: features of dreams by kind, (N, F); at most ``most`` of each are taken.
    """
    real = beside.real
    if real is None:
        return {"dream_quality": {}, "dream_quality_n": 0}
    found: Found = {"test images": beside.quality}
    for kind, values in seen.items():
        found[kind] = attempt(partial(_quality, real, in_strides(values, most)))
    return {
        "dream_quality": {kind: value for kind, value in found.items() if value is not None},
        "dream_quality_n": len(real.features),
    }


def nearest_images(
    network: PadNetwork, material: Material, beside: Reference, compared: int, seed: int
) -> Found:
    """'nearest', 'nearest_n': does it dream or recall? The training images nearest to dreams."""
    chosen = evaluated_images(len(material.train_labels), compared, seed)
    found: Found = {
        "test images": {
            f"{space}_distance": float(apart.median()) for space, apart in beside.nearest.items()
        }
    }
    latents = material.train_latents[chosen.to(material.train_latents.device)]
    of_kind = dream_images(network, latents, seed)
    dreams = torch.cat([batch for batches in of_kind.values() for batch in batches])
    by_pixels = nearest(dreams, beside.train_images)  # all kinds at once: images are read once
    by_features = nearest(beside.features.of(dreams.split(BATCH_SIZE)), beside.train_features)
    for space, near, all_places in (
        ("pixels", by_pixels, by_pixels.places.cpu()),
        ("features", by_features, beside.places[by_features.places.cpu()]),
    ):
        distances, places = (x[:, 0].split(len(chosen)) for x in (near.distances, all_places))
        for kind, apart, place in zip(of_kind, distances, places, strict=True):
            found.setdefault(kind, {}).update(
                {
                    f"{space}_distance": float(apart.median()),
                    f"{space}_nearer": nearer(apart, beside.nearest[space]),
                    f"{space}_own": 100 * (place == chosen).double().mean().item(),
                }
            )
    return {"nearest": found, "nearest_n": len(chosen)}


@torch.inference_mode()
def robustness(
    encoder: Encoder, probes: Probes, images: torch.Tensor, labels: torch.Tensor, seed: int
) -> Found:
    """'robustness' and 'robustness_converged': corruption → strength → accuracy in percent.

    Probes are fitted to clean images. 'clean' and 'mean' (of all corruptions and strengths) have
    one number each, under strength '0'.
    """
    device = encoder.conv1.weight.device
    unit = as_unit(images.to(device))
    truth = labels.to(device)
    paper: dict[str, dict[str, float]] = {}
    converged: dict[str, dict[str, float]] = {}

    def measure(kind: str, strength: int, seen: torch.Tensor) -> None:
        latents = encode_all(encoder, seen)
        own = [probe.accuracy(latents, truth) for probe in probes.paper]
        paper.setdefault(kind, {})[str(strength)] = mean_sem(own)[0]
        right = probes.converged.accuracy(latents, truth)
        converged.setdefault(kind, {})[str(strength)] = right

    measure("clean", 0, unit)
    for kind, strengths in STRENGTHS.items():
        for strength in range(1, len(strengths) + 1):
            measure(kind, strength, corrupt(unit, kind, strength, seed))
    for found in (paper, converged):
        values = [v for kind in STRENGTHS for v in found[kind].values()]
        found["mean"] = {"0": sum(values) / len(values)}
    return {
        "robustness": paper,
        "robustness_converged": converged,
        "robustness_n": len(images),
    }


def states(networks: Networks, images: torch.Tensor, mixture: Mixture, seed: int) -> Found:
    """'state_similarity', 'state_similarity_n': the encoder's activity in Wake, NREM and REM."""
    found = attempt(lambda: state_similarity(networks, images, mixture, seed))
    return {"state_similarity": found, "state_similarity_n": len(images)}


def other_measures(
    network: PadNetwork,
    material: Material,
    probes: Probes | None,
    clean: torch.Tensor,
    occluded: torch.Tensor,
    places: torch.Tensor,
    seen: dict[str, torch.Tensor],
    beside: Reference | None,
    protocol: Protocol,
    step: Step = lambda what, share: None,
) -> Found:
    """All measures of this module.

    Args:
        probes: None if there are no classes; measures by class are then left out.
        clean, occluded: latents of the test images at ``places``, (M, Z).
        seen: features of dreams by kind, the same as for the Fréchet distance.
        beside: None without real images; nothing is then said of dreams.
        step: called with the name of the step and the share of it that is done.
    """
    seed = protocol.seed

    def some(wanted: int) -> torch.Tensor:
        return evaluated_images(len(material.labels), wanted, seed).to(material.latents.device)

    found = geometry(material, clean, occluded, places.to(material.labels.device))
    if probes is None:
        found |= dict.fromkeys(("knn_n", "trunk_n_train", "trunk_n_test", "robustness_n"), 0)
    else:
        step("neighbours", 0.0)
        found |= neighbours(material, some(protocol.knn_images))
        step("few labels", 0.1)
        found |= few_labels(material, protocol.label_draws, seed)
        found |= classes(material, probes)
        step("trunk", 0.2)
        found |= trunk_probes(material, protocol.readout_seeds)
        step("robustness", 0.4)
        few = some(protocol.robustness_images).to(material.images.device)
        labels = material.labels[few.to(material.labels.device)]
        found |= robustness(network.networks.encoder, probes, material.images[few], labels, seed)
    step("states", 0.8)
    few = some(protocol.state_images).to(material.images.device)
    if material.on == "real images":
        mixture = network.condition.rem_mixture
        found |= states(network.networks, material.images[few], mixture, seed)
    else:
        found |= {"state_similarity": None, "state_similarity_n": 0}
    step("nearest images", 0.9)
    if beside is None:
        nothing = {"dream_quality": {}, "dream_quality_n": 0, "nearest": {}, "nearest_n": 0}
        return found | nothing
    found |= dream_quality(seen, beside, protocol.quality_images)
    found |= nearest_images(network, material, beside, protocol.nearest_images, seed)
    step("done", 1.0)
    return found


def untrained_other_measures(
    networks: Networks,
    material: Material,
    clean: torch.Tensor,
    occluded: torch.Tensor,
    places: torch.Tensor,
    protocol: Protocol,
) -> Found:
    """Those measures that take seconds, of an untrained network, to compare the others with.
    Arguments as for ``other_measures``."""
    found = geometry(material, clean, occluded, places.to(material.labels.device))
    few = evaluated_images(len(material.labels), protocol.state_images, protocol.seed)
    seen = material.images[few.to(material.images.device)]
    found |= states(networks, seen, built_in("pad").rem_mixture, protocol.seed)
    del found["spectrum"], found["state_similarity_n"]
    if material.n_classes > 1:
        some = evaluated_images(len(material.labels), protocol.knn_images, protocol.seed)
        found |= neighbours(material, some.to(material.latents.device))
        found |= few_labels(material, protocol.label_draws, protocol.seed)
        del found["knn_n"]
    return found


def in_strides(values: torch.Tensor, most: int) -> torch.Tensor:
    """At most ``most`` rows, evenly spread, so that sorted classes keep their shares."""
    return values[:: max(1, len(values) // most)][:most]
