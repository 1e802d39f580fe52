"""The latent map's axes.

They are the principal components of the checkpoint's stored test memories, so that the axes stay
the same whatever is drawn on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import orthogonal_procrustes

from pad_core.checkpoint.file import PadNetwork
from pad_core.errors import PadError
from pad_core.evaluation.formulas import Projection, principal_components, spacing


@dataclass(frozen=True)
class Space:
    """A network's axes, fitted to its n stored test memories.

    projection: principal components; typical: median distance of a stored test memory to its
    nearest neighbour among them, in all 256 dimensions; residual: share of variance, 0 to 1, in
    which it still differs from the network onto which it was turned, or None.
    """

    projection: Projection
    typical: float
    n: int
    residual: float | None = None


def space(network: PadNetwork, dims: int) -> Space:
    """Principal components of the stored test memories (§4.4.3).

    Raises:
        PadError: fewer than four test memories.
    """
    latents = network.memories["test"].latents
    if len(latents) < 4:
        raise PadError(
            f"A map needs axes: {network.path.name} holds {len(latents)} stored test memories."
        )
    return Space(principal_components(latents, dims), spacing(latents), len(latents))


def turned(network: PadNetwork, own: Space, reference: PadNetwork, onto: Space) -> Space:
    """A network's space, rotated or mirrored to match the reference's.

    This is orthogonal Procrustes on the stored test memories, the same images in both. The
    residual is computed after the best scaling, but the space keeps the network's own scale.

    Raises:
        PadError: the networks remember different images.
    """
    same_images(reference, network)
    latents = network.memories["test"].latents
    target = onto.projection.project(reference.memories["test"].latents)
    coordinates = own.projection.project(latents)
    rotation, matched = orthogonal_procrustes(coordinates, target)  # both have mean 0
    sizes = float(np.square(coordinates).sum() * np.square(target).sum())
    projection = Projection(
        own.projection.mean,
        rotation.T @ own.projection.components,
        # The new axes share the old ones' variances, since axes of a PCA are uncorrelated.
        np.square(rotation).T @ own.projection.explained,
    )
    residual = max(0.0, 1.0 - float(matched) ** 2 / sizes) if sizes > 0 else 0.0
    return Space(projection, own.typical, own.n, residual)


def same_images(one: PadNetwork, other: PadNetwork) -> None:
    """PadError unless both networks remember the same images, in the same order."""
    for split, memories in one.memories.items():
        others = other.memories[split]
        if not one.header.data.is_same(other.header.data) or not (
            torch.equal(memories.indices, others.indices)
            and torch.equal(memories.labels, others.labels)
        ):
            raise PadError(
                f"{other.name} remembers other images than {one.name}; "
                "put networks side by side that know the same data set."
            )
