"""The geometry of latents: how many dimensions they fill, and how evenly they lie.

Latents are float tensors (N, Z); sums are taken in float64, on the latents' device.
"""

from __future__ import annotations

import math

import torch

_RANKME_FLOOR = 1e-7


def spectrum(latents: torch.Tensor) -> torch.Tensor:
    """Eigenvalues of the latents' covariance, largest first: (Z,), float64, at least 0."""
    values = latents.double()
    values = values - values.mean(dim=0)
    covariance = values.T @ values / max(1, len(values) - 1)
    return torch.linalg.eigvalsh(covariance).flip(0).clamp_min(0)


def effective_rank(latents: torch.Tensor) -> float:
    """RankMe: the exponential of the entropy of the normalised singular values.
    It runs from 1, if all latents lie on one line through the origin, to Z, if all directions
    are used alike. The latents are not centred (Garrido et al. 2023, Eq. 1).
    """
    values = latents.double()
    # Singular values are roots of eigenvalues; those below 1e-8 of the largest are noise.
    squares = torch.linalg.eigvalsh(values.T @ values).clamp_min(0)
    singular = squares.sqrt()
    total = float(singular.sum())
    if total == 0:
        return math.nan
    shares = singular / total + _RANKME_FLOOR
    return math.exp(float(-(shares * shares.log()).sum()))


def participation_ratio(eigenvalues: torch.Tensor) -> float:
    """(Σλ)² / Σλ² of a covariance's eigenvalues (Z,): from 1 to Z dimensions; NaN without any."""
    squares = float(eigenvalues.square().sum())
    return float(eigenvalues.sum()) ** 2 / squares if squares > 0 else math.nan


def alignment(one: torch.Tensor, other: torch.Tensor) -> float:
    """Mean squared distance of paired latents on the unit sphere, from 0 to 4; 2 is chance.

    Args:
        one, other: two views of the same images, (N, Z) each (Wang & Isola 2020, α = 2).
    """
    return float((_on_sphere(one) - _on_sphere(other)).square().sum(dim=1).mean())


def class_alignment(latents: torch.Tensor, labels: torch.Tensor) -> float:
    """The same over all pairs of different images of one class; classes count alike.

    On the sphere, the mean over pairs follows from the length of the sum. It is NaN if no class
    has two images.
    """
    points = _on_sphere(latents)
    means = []
    for label in labels.unique().tolist():
        members = points[labels == label]
        n = len(members)
        if n > 1:
            cosines = (float(members.sum(dim=0).square().sum()) - n) / (n * (n - 1))
            means.append(2 - 2 * cosines)
    return sum(means) / len(means) if means else math.nan


def uniformity(latents: torch.Tensor) -> float:
    """Logarithm of the mean Gaussian potential exp(−2‖x − y‖²) of all pairs on the unit sphere.

    It is 0 if all latents coincide; the lower, the more evenly they lie (Wang & Isola 2020, t = 2).
    """
    points = _on_sphere(latents)
    n = len(points)
    if n < 2:
        return math.nan
    total = 0.0
    for block in points.split(1024):
        total += float((4 * (block @ points.T) - 4).exp().sum())
    return math.log((total - n) / (n * (n - 1)))  # without the n pairs of a latent with itself


def _on_sphere(latents: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(latents.double(), dim=1)
