"""What may be asked of a place of the latent map: what lies near it, and what it decodes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from explorer.views.map.axes import Space
from explorer.views.map.clouds import Cloud

N_NEIGHBOURS = 8


@dataclass(frozen=True)
class Neighbours:
    """The nearest codes of a cloud: places (k,), nearest first; distances (k,), Euclidean."""

    places: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True)
class Spot:
    """A place of the map that no code has.

    latents: (1, 256), at that place of the axes, and off them like the nearest code; nearest:
    that one's place in the cloud; distance: from it, in typical distances of neighbours.
    """

    latents: torch.Tensor
    nearest: int
    distance: float

    @property
    def far(self) -> bool:
        """Whether it lies as far from every code as these do from one another."""
        return self.distance > 1.0


def neighbours(cloud: Cloud, latents: torch.Tensor, without: int = -1) -> Neighbours:
    """The codes nearest to one, (1, 256), in all 256 dimensions; ``without`` leaves one out."""
    distances = torch.cdist(latents, cloud.latents)[0]
    if without >= 0:
        distances[without] = torch.inf
    k = min(N_NEIGHBOURS, len(cloud) - (without >= 0))
    nearest = distances.topk(k, largest=False)
    return Neighbours(nearest.indices.numpy(), nearest.values.numpy())


def spot(space: Space, cloud: Cloud, at: np.ndarray) -> Spot:
    """Inverse PCA at ``at`` (C,), plus what the axes leave out of the nearest code there."""
    coordinates = space.projection.project(cloud.latents)
    near = int(np.square(coordinates - at).sum(axis=1).argmin())
    residual = cloud.latents[near, None] - space.projection.back(coordinates[near, None])
    latents = space.projection.back(at[None]) + residual
    found = neighbours(cloud, latents)
    distance = float(found.distances[0]) / space.typical if space.typical > 0 else 0.0
    return Spot(latents, int(found.places[0]), distance)


def counts(cloud: Cloud, selected: np.ndarray, n_classes: int) -> np.ndarray:
    """How many of the selected places (M,) are of each class: (n_classes,)."""
    return np.bincount(cloud.labels[selected], minlength=n_classes)
