"""Questions about a place on the latent map: what lies near it, and what does it decode to?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from explorer.views.map.axes import Space
from explorer.views.map.clouds import Cloud

N_NEIGHBOURS = 8


@dataclass(frozen=True)
class Neighbours:
    """The nearest latents of a cloud: places (k,), nearest first; Euclidean distances (k,)."""

    places: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True)
class Spot:
    """An empty place on the map.

    latents: (1, 256), with this place's coordinates on the axes, and those of the nearest point
    off them; nearest: that point's place in the cloud; distance: from it, in typical distances of
    neighbours.
    """

    latents: torch.Tensor
    nearest: int
    distance: float

    @property
    def far(self) -> bool:
        """Whether it is at least as far from every point as points are from one another."""
        return self.distance > 1.0


def neighbours(cloud: Cloud, latents: torch.Tensor, without: int = -1) -> Neighbours:
    """The latents nearest to one, (1, 256), in all 256 dimensions; ``without`` leaves one out."""
    distances = torch.cdist(latents, cloud.latents)[0]
    if without >= 0:
        distances[without] = torch.inf
    k = min(N_NEIGHBOURS, len(cloud) - (without >= 0))
    nearest = distances.topk(k, largest=False)
    return Neighbours(nearest.indices.numpy(), nearest.values.numpy())


def spot(space: Space, cloud: Cloud, at: np.ndarray) -> Spot:
    """Inverse PCA at ``at`` (C,), plus the part of the nearest latent that the axes leave out."""
    coordinates = space.projection.project(cloud.latents)
    near = int(np.square(coordinates - at).sum(axis=1).argmin())
    residual = cloud.latents[near, None] - space.projection.back(coordinates[near, None])
    latents = space.projection.back(at[None]) + residual
    found = neighbours(cloud, latents)
    distance = float(found.distances[0]) / space.typical if space.typical > 0 else 0.0
    return Spot(latents, int(found.places[0]), distance)


def counts(cloud: Cloud, selected: np.ndarray, n_classes: int) -> np.ndarray:
    """The number of selected places (M,) in each class: (n_classes,)."""
    return np.bincount(cloud.labels[selected], minlength=n_classes)
