"""The quality of dreams as images: are they realistic, as varied as real ones, and no copies?

Features are float tensors (N, F) of real images and of dreams, from the feature network on which
the Fréchet distance is measured, too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from pad_core.errors import PadError
from pad_core.evaluation.neighbours import nearest

NEIGHBOURS = 5  # as Naeem et al. 2020 advise
KID_SUBSET = 1_000
_BLOCK = 1_000


class Manifold(NamedTuple):
    """Features (N, F), and the distance of each to its k-th nearest neighbour among them, (N,)."""

    features: torch.Tensor
    radii: torch.Tensor
    k: int


class Quality(NamedTuple):
    """Shares in 0–1, except density, which can exceed 1.

    precision: share of dreams among real images; recall: share of real images among dreams
    (Kynkäänniemi et al. 2019); density: in how many real images' spheres a dream lies, over k;
    coverage: share of real images that have a dream in their sphere (Naeem et al. 2020).
    """

    precision: float
    recall: float
    density: float
    coverage: float


@torch.inference_mode()
def manifold(features: torch.Tensor, k: int = NEIGHBOURS) -> Manifold:
    """The union of spheres around features (N, F), N > k, that reach their k-th neighbours.

    Raises:
        PadError: k features or fewer.
    """
    if len(features) <= k:
        raise PadError(
            f"Precision and recall need more than {k} images on each side, not {len(features)}."
        )
    # The first of k + 1 is the feature itself, at distance 0.
    return Manifold(features, nearest(features, features, k + 1).distances[:, k], k)


@torch.inference_mode()
def quality(real: Manifold, dreams: Manifold) -> Quality:
    """Precision, recall, density and coverage of dreams among real images."""
    k = real.k
    inside = torch.zeros(len(dreams.features), device=real.features.device)
    recalled, within = [], []
    for block, radii in zip(real.features.split(_BLOCK), real.radii.split(_BLOCK), strict=True):
        apart = torch.cdist(block, dreams.features)
        in_sphere = apart <= radii[:, None]
        inside += in_sphere.sum(dim=0)
        within.append(in_sphere.any(dim=1))
        recalled.append((apart <= dreams.radii[None]).any(dim=1))
    return Quality(
        precision=float((inside > 0).double().mean()),
        recall=float(torch.cat(recalled).double().mean()),
        density=float(inside.double().mean()) / k,
        coverage=float(torch.cat(within).double().mean()),
    )


class KernelDistance(NamedTuple):
    """A squared maximum mean discrepancy and its standard error (None for a single subset)."""

    value: float
    se: float | None


@torch.inference_mode()
def kernel_distance(
    real: torch.Tensor, dreams: torch.Tensor, subset: int = KID_SUBSET
) -> KernelDistance:
    """KID's formula: unbiased squared MMD with the kernel (xᵀy/F + 1)³ (Bińkowski et al. 2018).

    The value is a mean over disjoint subsets of both, and the standard error is theirs. It may be
    slightly below 0. On Inception's features it is KID.

    Args:
        real, dreams: (N, F) and (M, F); two each at least.
        subset: features of either side in a subset. Subsets are taken in strides: each has its
            share of all classes if the images are sorted by class.

    Raises:
        PadError: fewer than two features.
    """
    n = min(len(real), len(dreams))
    if n < 2:
        raise PadError("A kernel distance needs at least two images on each side.")
    size = min(n, subset)
    strides = n // size
    found = [
        _squared_mmd(*(side[:n][i::strides][:size].double() for side in (real, dreams)))
        for i in range(strides)
    ]
    mean = sum(found) / len(found)
    if len(found) == 1:
        return KernelDistance(mean, None)
    variance = sum((value - mean) ** 2 for value in found) / (len(found) - 1)
    return KernelDistance(mean, math.sqrt(variance / len(found)))


def _squared_mmd(x: torch.Tensor, y: torch.Tensor) -> float:
    n, size = x.shape

    def kernel(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a @ b.T / size + 1) ** 3

    within = sum(float(k.sum() - k.diagonal().sum()) for k in (kernel(x, x), kernel(y, y)))
    return within / (n * (n - 1)) - 2 * float(kernel(x, y).mean())


def nearer(dreams: torch.Tensor, images: torch.Tensor) -> float:
    """Probability in percent that a dream lies nearer to its nearest training image than a test
    image does to its own; ties count half.

    At 50, dreams are as far from the training images as new images are; towards 100 they are
    copies, or dull (the statistic of Meehan et al. 2020's test of data-copying).

    Args:
        dreams, images: distances to the nearest training image, (N,) and (M,).
    """
    ordered = images.sort().values
    above = len(ordered) - torch.searchsorted(ordered, dreams, right=True)
    at_least = len(ordered) - torch.searchsorted(ordered, dreams)
    return 50 * float((above + at_least).double().mean()) / len(ordered)
