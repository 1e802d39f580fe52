"""The latent map: codes of many images in few dimensions, and what may be asked of a place.

Principal components are fitted to one stated set, the checkpoint's stored test memories, so
that the axes stay where they are whatever is drawn on them. Nothing here knows of Streamlit.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from scipy.linalg import orthogonal_procrustes

from pad_core.checkpoint import PadNetwork
from pad_core.datasets import DataSet
from pad_core.errors import PadError
from pad_core.images import to_uint8, to_unit
from pad_core.measures import encode_occluded
from pad_core.metrics import Projection, principal_components
from pad_core.occlusion import draw_uniforms, masks
from pad_core.randomness import generator

N_NEIGHBOURS = 8
CHUNK = 250  # images that one core encodes at a time
_MOST_TILES = 4000  # of 32 pixels a side in one atlas; more are halved

Part = TypeVar("Part")


# --- Codes ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cloud:
    """Codes of N images, in an order that depends on the data set alone.

    latents: (N, 256); labels: (N,); splits: (N,) of 'train' or 'test'; indices: (N,), each
    image's place in its split of the data set; places: (N,), its place among the split's
    stored memories, −1 where it isn't stored.
    """

    latents: torch.Tensor
    labels: np.ndarray
    splits: np.ndarray
    indices: np.ndarray
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, places: np.ndarray) -> Cloud:
        """The codes at these places (M,), in their order."""
        facts = (self.labels, self.splits, self.indices, self.places)
        return Cloud(self.latents[torch.from_numpy(places)], *(fact[places] for fact in facts))


def stored_cloud(network: PadNetwork, splits: Iterable[str]) -> Cloud:
    """The stored memories of these splits.

    Raises:
        PadError: there are none.
    """
    parts = [(split, network.memories[split]) for split in splits]
    labels = np.concatenate([m.labels.numpy() for _, m in parts])
    if not len(labels):
        raise PadError(f"{network.path.name} holds no memories of these images.")
    return Cloud(
        torch.cat([m.latents for _, m in parts]),
        labels,
        np.concatenate([np.full(len(m), split) for split, m in parts]),
        np.concatenate([m.indices.numpy() for _, m in parts]),
        np.concatenate([np.arange(len(m)) for _, m in parts]),
    )


def image_cloud(network: PadNetwork, dataset: DataSet, latents: torch.Tensor) -> Cloud:
    """All test images, of which ``latents`` (N, 256) are the codes."""
    memories = network.memories["test"]
    places = np.full(len(dataset.test), -1)
    places[memories.indices.numpy()] = np.arange(len(memories))
    return Cloud(
        latents,
        dataset.test.labels.numpy(),
        np.full(len(places), "test"),
        np.arange(len(places)),
        places,
    )


def encode(network: PadNetwork, images: torch.Tensor) -> Iterator[torch.Tensor]:
    """Codes of uint8 images (N, 3, 32, 32), CHUNK after CHUNK, so that progress can be seen."""
    for batch in images.split(CHUNK):
        yield network.encode(batch)


def images_of(network: PadNetwork, cloud: Cloud, dataset: DataSet | None) -> torch.Tensor:
    """What the codes stand for, uint8 (N, 3, 32, 32): the images, or else what is recalled."""
    if dataset is not None:
        images = torch.empty((len(cloud), *dataset.test.images.shape[1:]), dtype=torch.uint8)
        for split in np.unique(cloud.splits):
            here = torch.from_numpy(cloud.splits == split)
            indices = torch.from_numpy(cloud.indices)[here]
            images[here] = getattr(dataset, str(split)).images[indices]
        return images
    return torch.cat(_on_all_cores(lambda z: to_uint8(network.generate(z)), _chunks(cloud.latents)))


def occluded_codes(
    network: PadNetwork, images: torch.Tensor, intensity: float, size_px: int, seed: int
) -> torch.Tensor:
    """Codes (N, 256) of uint8 images (N, 3, 32, 32), each under a mask of its own (§4.4.2)."""

    def codes(start: int) -> torch.Tensor:
        random = _mask_draws(seed, start)
        batch = images[start : start + CHUNK]
        return encode_occluded(network.networks.encoder, batch, intensity, size_px, random)

    return torch.cat(_on_all_cores(codes, range(0, len(images), CHUNK)))


def occluded_image(
    image: torch.Tensor, place: int, n: int, intensity: float, size_px: int, seed: int
) -> torch.Tensor:
    """What ``occluded_codes`` encodes of one of its n images, (1, 3, 32, 32) in [−1, 1].

    Args:
        image: uint8 (1, 3, 32, 32); place: its own among the n.
    """
    start = place - place % CHUNK
    uniforms = draw_uniforms(min(CHUNK, n - start), _mask_draws(seed, start))
    return to_unit(image) * masks(uniforms[place - start, None], intensity, size_px)


def _mask_draws(seed: int, start: int) -> torch.Generator:
    return generator(seed, "map occlusion", start)


def _chunks(latents: torch.Tensor) -> list[torch.Tensor]:
    return list(latents.split(CHUNK))


def _on_all_cores(
    work: Callable[[Part], torch.Tensor], parts: Iterable[Part]
) -> list[torch.Tensor]:
    """PyTorch computes one part on one core here; parts don't depend on one another."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, parts))


# --- Axes -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Space:
    """A network's axes, fitted to its n stored test memories.

    projection: principal components; typical: median distance of a stored test memory to its
    nearest neighbour among them, in the whole space of 256 dimensions; residual: share of
    variance in which it differs from the network onto which it was turned, 0 to 1, or None.
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
    apart = torch.cdist(latents, latents)
    apart.fill_diagonal_(torch.inf)
    typical = float(apart.min(dim=1).values.median())
    return Space(principal_components(latents, dims), typical, len(latents))


def turned(network: PadNetwork, own: Space, reference: PadNetwork, onto: Space) -> Space:
    """A network's space, rotated or mirrored within itself to look like the reference's.

    Orthogonal Procrustes on the stored test memories, the same images in both. The residual
    is that after the best scaling, too; the scale itself stays the network's own.

    Raises:
        PadError: the networks remember other images.
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
        # Shares of the old axes, spread over the new ones; axes of a PCA are uncorrelated.
        np.square(rotation).T @ own.projection.explained,
    )
    residual = max(0.0, 1.0 - float(matched) ** 2 / sizes) if sizes > 0 else 0.0
    return Space(projection, own.typical, own.n, residual)


def same_images(one: PadNetwork, other: PadNetwork) -> None:
    """PadError unless both networks' memories are of the same images, in the same order."""
    for split, memories in one.memories.items():
        others = other.memories[split]
        if one.header.dataset_name != other.header.dataset_name or not (
            torch.equal(memories.indices, others.indices)
            and torch.equal(memories.labels, others.labels)
        ):
            raise PadError(
                f"{other.name} remembers other images than {one.name}; "
                "put networks side by side that know the same data set."
            )


# --- Places ---------------------------------------------------------------------------------------


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


# --- Pictures and files ---------------------------------------------------------------------------


def tiles(images: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Thumbnails of uint8 images (N, 3, 32, 32) for one atlas, and their side in pixels.

    They are the images themselves, or half as large where there are very many.
    """
    if len(images) <= _MOST_TILES:
        return images, images.shape[-1]
    halves = [torch.nn.functional.avg_pool2d(i.float(), 2) for i in images.split(1000)]
    return torch.cat(halves).round().to(torch.uint8), images.shape[-1] // 2


@dataclass(frozen=True)
class Table:
    """One network's rows of an export; coordinates, occluded: (N, C), the latter or None."""

    network: PadNetwork
    cloud: Cloud
    coordinates: np.ndarray
    occluded: np.ndarray | None


def to_csv(tables: Iterable[Table], selected: np.ndarray) -> str:
    """The selected places (M,) of each network: where from, class, coordinates, all of z.

    Numbers have the nine digits that float32 needs to be read back exactly.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for i, table in enumerate(tables):
        cloud, axes = table.cloud, range(1, table.coordinates.shape[1] + 1)
        values = [table.coordinates, cloud.latents.numpy()]
        names = [f"pc{axis}" for axis in axes]
        if table.occluded is not None:
            values.insert(1, table.occluded)
            names += [f"occluded_pc{axis}" for axis in axes]
        if i == 0:
            latent_names = [f"z{j}" for j in range(cloud.latents.shape[1])]
            facts = ["network", "sha256", "split", "index", "label", "class"]
            rows.writerow([*facts, *names, *latent_names])
        numbers = np.concatenate([value[selected] for value in values], axis=1)
        for place, row in zip(selected, numbers, strict=True):
            label = int(cloud.labels[place])
            rows.writerow([
                table.network.name, table.network.sha256, cloud.splits[place],
                int(cloud.indices[place]), label, table.network.class_names[label],
                *(f"{number:.9g}" for number in row),
            ])  # fmt: skip
    return text.getvalue()
