"""Distances between latents, PCA, Fréchet distance, ROC: formulas on arrays alone.

Nothing here knows of networks or files. Latents are float arrays or tensors (N, Z); labels are
(N,) in 0..K−1. SciPy and scikit-learn take a second to load, so they are imported where they are
used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from pad_core.errors import PadError
from pad_core.system.randomness import generator

INTRA_PAIRS = 1_000  # of each class (§4.4.4)
INTER_PAIRS = 10_000
OCCLUDED_PAIRS = 10_000


# --- Distances in latent space (§4.4.4) -----------------------------------------------------------


class Distances(NamedTuple):
    """Mean distances within and between classes; ``ratio`` is the paper's Figure 6e.

    ``intra`` is NaN if a class has a single image, ``inter`` if there is a single class.
    """

    intra: float
    inter: float

    @property
    def ratio(self) -> float:
        """Intra over inter; NaN if all latents coincide, or if either is NaN."""
        return self.intra / self.inter if self.inter > 0 else math.nan


def sampled_distances(latents: torch.Tensor, labels: torch.Tensor, seed: int) -> Distances:
    """The paper's estimate: 1,000 random pairs of each class, 10,000 of different classes."""
    classes = _members(labels)
    random = generator(seed, "pairs")
    means = []
    for members in classes:
        if len(members) < 2:
            means.append(math.nan)
            continue
        first = torch.randint(len(members), (INTRA_PAIRS,), generator=random)
        # The second is another image than the first.
        step = torch.randint(1, len(members), (INTRA_PAIRS,), generator=random)
        second = (first + step) % len(members)
        means.append(_mean_distance(latents[members[first]], latents[members[second]]))
    if len(classes) < 2:
        return Distances(float(np.mean(means)), math.nan)
    pairs = torch.empty((2, 0), dtype=torch.long)
    while pairs.shape[1] < INTER_PAIRS:
        drawn = torch.randint(len(labels), (2, 2 * INTER_PAIRS), generator=random)
        different = (labels[drawn[0]] != labels[drawn[1]]).cpu()
        pairs = torch.cat([pairs, drawn[:, different]], dim=1)[:, :INTER_PAIRS]
    inter = _mean_distance(latents[pairs[0]], latents[pairs[1]])
    return Distances(float(np.mean(means)), inter)


def exact_distances(latents: torch.Tensor, labels: torch.Tensor) -> Distances:
    """Mean Euclidean distances over all pairs; classes count alike in ``intra``."""
    classes = _members(labels)
    groups = [latents[members].float() for members in classes]
    intra, inter_sum, inter_pairs = [], 0.0, 0
    for i, one in enumerate(groups):
        n = len(one)
        intra.append(_sum_of_distances(one, one) / (n * (n - 1)) if n > 1 else math.nan)
        for other in groups[i + 1 :]:
            inter_sum += _sum_of_distances(one, other)
            inter_pairs += n * len(other)
    inter = inter_sum / inter_pairs if inter_pairs else math.nan
    return Distances(float(np.mean(intra)), inter)


def squared_distances(latents: torch.Tensor, labels: torch.Tensor) -> Distances:
    """Mean *squared* distances over all pairs, in closed form from means and variances.

    Euclidean distances have no closed form, so this checks the others. Within a class of n images
    it is 2n/(n−1) times the variance; between classes it is the sum of both variances and the
    squared distance of the means.
    """
    classes = _members(labels)
    groups = [latents[members].double() for members in classes]
    sizes = [len(group) for group in groups]
    means = [group.mean(dim=0) for group in groups]
    spreads = [
        float((g - m).square().sum(dim=1).mean()) for g, m in zip(groups, means, strict=True)
    ]
    intra = [
        2 * n / (n - 1) * spread if n > 1 else math.nan
        for n, spread in zip(sizes, spreads, strict=True)
    ]
    total, pairs = 0.0, 0
    for i in range(len(groups)):
        for j in range(i + 1, len(groups)):
            apart = float((means[i] - means[j]).square().sum())
            total += sizes[i] * sizes[j] * (spreads[i] + spreads[j] + apart)
            pairs += sizes[i] * sizes[j]
    return Distances(float(np.mean(intra)), total / pairs if pairs else math.nan)


def occluded_distance(clean: torch.Tensor, occluded: torch.Tensor, seed: int) -> float:
    """Mean distance of 10,000 random images' latents, clean and occluded, (N, Z) each."""
    random = generator(seed, "occluded pairs")
    chosen = torch.randint(len(clean), (OCCLUDED_PAIRS,), generator=random)
    return _mean_distance(clean[chosen], occluded[chosen])


def spacing(latents: torch.Tensor) -> float:
    """Median distance from a latent, (N, Z) with N ≥ 1, to its nearest neighbour.

    It is infinite for a single latent, and 0 if most coincide.
    """
    apart = torch.cdist(latents, latents).fill_diagonal_(torch.inf)
    return float(apart.amin(dim=1).median())


def _members(labels: torch.Tensor) -> list[torch.Tensor]:
    """The places of each class that occurs."""
    present = labels.unique().tolist()
    return [(labels == label).nonzero().flatten().cpu() for label in present]


def _mean_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return (one.double() - other.double()).norm(dim=1).mean().item()


def _sum_of_distances(one: torch.Tensor, other: torch.Tensor) -> float:
    total = 0.0
    for block in one.split(1024):
        total += torch.cdist(block, other).double().sum().item()
    return total


# --- PCA (§4.4.3) ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Projection:
    """Principal components of latents, as scikit-learn finds them.

    mean: (Z,); components: (C, Z), orthonormal; explained: (C,), share of variance of each.
    """

    mean: np.ndarray
    components: np.ndarray
    explained: np.ndarray

    def project(self, latents: torch.Tensor) -> np.ndarray:
        """Latents (N, Z), clean or occluded → coordinates (N, C) in this basis."""
        return (latents.cpu().numpy() - self.mean) @ self.components.T

    def back(self, coordinates: np.ndarray) -> torch.Tensor:
        """Coordinates (N, C) → latents (N, Z) in the span of the components."""
        latents = coordinates @ self.components + self.mean
        return torch.from_numpy(latents.astype(np.float32))


def principal_components(latents: torch.Tensor, n_components: int = 2) -> Projection:
    """The first principal components of latents (N, Z)."""
    if len(latents) < n_components or n_components < 1:
        raise PadError(f"{n_components} principal components need as many latents or more.")
    from sklearn.decomposition import PCA

    pca = PCA(n_components, svd_solver="covariance_eigh").fit(latents.cpu().numpy())
    return Projection(pca.mean_, pca.components_, pca.explained_variance_ratio_)


# --- Fréchet distance (§4.4.5) --------------------------------------------------------------------


class Moments(NamedTuple):
    """Mean (F,) and unbiased covariance (F, F) of n feature vectors, in float64."""

    mean: np.ndarray
    covariance: np.ndarray
    n: int


def moments(features: np.ndarray) -> Moments:
    """Mean and covariance of features (N, F), N ≥ 2."""
    values = np.asarray(features, np.float64)
    return Moments(values.mean(axis=0), np.cov(values, rowvar=False), len(values))


def frechet_distance(one: Moments, other: Moments) -> float:
    """‖μ₁ − μ₂‖² + Tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½) (Eq. 11), at least 0.

    The trace of the root is the sum of the roots of the eigenvalues of Σ₁^½ Σ₂ Σ₁^½. That matrix
    is symmetric, so nothing becomes complex.
    """
    values, vectors = np.linalg.eigh(one.covariance)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root @ other.covariance @ root).clip(0)
    apart = float(np.square(one.mean - other.mean).sum())
    traces = np.trace(one.covariance) + np.trace(other.covariance)
    return max(0.0, apart + float(traces) - 2.0 * float(np.sqrt(eigenvalues).sum()))


# --- Reality monitoring ---------------------------------------------------------------------------


def realness_auc(external: torch.Tensor, internal: torch.Tensor) -> float:
    """Area under the ROC curve of d: the probability that an external image, drawn at random,
    looks more external than a dream. 0.5 is chance; below it, dreams look more real.

    Args:
        external, internal: logits or probabilities of d, (N,) and (M,).
    """
    from sklearn.metrics import roc_auc_score

    scores = torch.cat([external, internal]).cpu().numpy()
    truth = np.repeat([1, 0], [len(external), len(internal)])
    return float(roc_auc_score(truth, scores))
