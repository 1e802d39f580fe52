"""The latent map's axes: principal components, or a line of the viewer's own.

They are those of the checkpoint's stored test memories, so that the axes stay the same whatever is
drawn on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import orthogonal_procrustes

from pad_core.checkpoint.file import PadNetwork
from pad_core.errors import PadError
from pad_core.evaluation.formulas import Projection, principal_components, spacing
from pad_core.evaluation.linear_probe import LinearProbe


@dataclass(frozen=True)
class Space:
    """A network's axes, fitted to its n stored test memories.

    projection: onto the axes, which are orthonormal; names: of each axis; typical: median distance
    of a stored test memory to its nearest neighbour among them, in all 256 dimensions; residual:
    share of variance, 0 to 1, in which it still differs from the network onto which it was turned,
    or None.
    """

    projection: Projection
    names: tuple[str, ...]
    typical: float
    n: int
    residual: float | None = None


@dataclass(frozen=True)
class Line:
    """A line through latent space that is to be an axis.

    way: (256,), of any length; origin: (256,), where the coordinate is 0; name: for people.
    """

    way: torch.Tensor
    origin: torch.Tensor
    name: str


def space(network: PadNetwork, dims: int) -> Space:
    """Principal components of the stored test memories (§4.4.3).

    Raises:
        PadError: fewer than four test memories.
    """
    latents = _memories(network)
    names = tuple(f"PC {i}" for i in range(1, dims + 1))
    return Space(principal_components(latents, dims), names, spacing(latents), len(latents))


def along(network: PadNetwork, line: Line, dims: int) -> Space:
    """First a line, then the principal components of what is orthogonal to it.

    Raises:
        PadError: fewer than four test memories, or a line without a direction.
    """
    latents = _memories(network)
    length = float(line.way.double().norm())
    if not length > 0:
        raise PadError("An axis needs two ends that differ.")
    way, centred = line.way.double() / length, latents.double() - line.origin.double()
    across = centred - (centred @ way)[:, None] * way
    others = principal_components(across, dims - 1)
    components = np.concatenate([way.numpy()[None], others.components])
    coordinates = centred.numpy() @ components.T
    explained = coordinates.var(axis=0) / centred.numpy().var(axis=0).sum()
    projection = Projection(line.origin.numpy(), components, explained)
    names = (line.name, *(f"across, PC {i}" for i in range(1, dims)))
    return Space(projection, names, spacing(latents), len(latents))


def between_classes(network: PadNetwork, left: int, right: int) -> Line:
    """From one class's mean stored test memory to another's; 0 lies halfway.

    Raises:
        PadError: there is no such class, or no memory of it.
    """
    memories = network.memories["test"]
    ends = []
    for name, label in zip(_names(network, left, right), (left, right), strict=True):
        members = memories.latents[memories.labels == label]
        if not len(members):
            raise PadError(f"{network.path.name} holds no test memory of {name}.")
        ends.append(members.mean(dim=0))
    return between(ends[0], ends[1], _arrow(network, left, right))


def between(one: torch.Tensor, other: torch.Tensor, name: str) -> Line:
    """From one latent, (256,), to another; 0 lies halfway."""
    return Line(other - one, (one + other) / 2, name)


def by_probe(network: PadNetwork, probe: LinearProbe, left: int, right: int) -> Line:
    """The weights of one class of a probe against another's; beyond 0 it prefers ``right``.

    Raises:
        PadError: there is no such class.
    """
    _names(network, left, right)
    way = (probe.weight[right] - probe.weight[left]).double()
    bias = float(probe.bias[right] - probe.bias[left])
    mean = _memories(network).double().mean(dim=0)
    origin = mean - (mean @ way + bias) / way.square().sum().clamp(min=1e-12) * way
    return Line(way, origin.float(), f"probe: {_arrow(network, left, right)}")


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
    names = tuple(f"axis {i}" for i in range(1, len(own.names) + 1))
    return Space(projection, names, own.typical, own.n, residual)


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


def _memories(network: PadNetwork) -> torch.Tensor:
    latents = network.memories["test"].latents
    if len(latents) < 4:
        raise PadError(
            f"A map needs axes: {network.path.name} holds {len(latents)} stored test memories."
        )
    return latents


def _names(network: PadNetwork, *labels: int) -> list[str]:
    names, n = network.class_names, len(network.class_names)
    if unknown := [label for label in labels if label >= n]:
        raise PadError(f"There is no class {unknown[0]} among {n}, counted from 0.")
    return [names[label] for label in labels]


def _arrow(network: PadNetwork, left: int, right: int) -> str:
    return " to ".join(_names(network, left, right))
