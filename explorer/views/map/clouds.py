"""The latent map's points: latents of many images, their pictures, and occluded versions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import to_uint8, to_unit
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.evaluation.paper_measures import encode_occluded
from pad_core.model.occlusion import draw_uniforms, masks
from pad_core.system.randomness import generator

CHUNK = 250  # images that one core encodes at a time
_MOST_TILES = 4000  # of 32 pixels a side in an atlas; more images are halved

Part = TypeVar("Part")


@dataclass(frozen=True)
class Cloud:
    """Latents of N images, in an order that depends only on the data set.

    latents: (N, 256); labels: (N,); splits: (N,) of 'train' or 'test'; indices: (N,), each
    image's place in its split of the data set; places: (N,), its place among the split's stored
    memories, or −1.
    """

    latents: torch.Tensor
    labels: np.ndarray
    splits: np.ndarray
    indices: np.ndarray
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, places: np.ndarray) -> Cloud:
        """The latents at these places (M,), in this order."""
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
    """All test images, with their ``latents`` (N, 256)."""
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
    """Encode uint8 images (N, 3, 32, 32); yields CHUNK after CHUNK, to show progress."""
    for batch in images.split(CHUNK):
        yield network.encode(batch)


def images_of(network: PadNetwork, cloud: Cloud, dataset: DataSet | None) -> torch.Tensor:
    """The pictures behind the latents, uint8 (N, 3, 32, 32): real images, or recalled ones."""
    if dataset is not None:
        images = torch.empty((len(cloud), *dataset.test.images.shape[1:]), dtype=torch.uint8)
        for split in np.unique(cloud.splits):
            here = torch.from_numpy(cloud.splits == split)
            indices = torch.from_numpy(cloud.indices)[here]
            images[here] = getattr(dataset, str(split)).images[indices]
        return images
    return torch.cat(_on_all_cores(lambda z: to_uint8(network.generate(z)), _chunks(cloud.latents)))


def occluded_latents(
    network: PadNetwork, images: torch.Tensor, intensity: float, size_px: int, seed: int
) -> torch.Tensor:
    """Latents (N, 256) of uint8 images (N, 3, 32, 32), each under its own mask (§4.4.2)."""

    def encode_chunk(start: int) -> torch.Tensor:
        random = _mask_draws(seed, start)
        batch = images[start : start + CHUNK]
        return encode_occluded(network.networks.encoder, batch, intensity, size_px, random)

    return torch.cat(_on_all_cores(encode_chunk, range(0, len(images), CHUNK)))


def occluded_image(
    image: torch.Tensor, place: int, n: int, intensity: float, size_px: int, seed: int
) -> torch.Tensor:
    """The occluded image that ``occluded_latents`` encodes, (1, 3, 32, 32) in [−1, 1].

    Args:
        image: uint8 (1, 3, 32, 32); place: of this image among the n.
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
    """Compute independent parts on all cores: here PyTorch itself uses one."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, parts))


def tiles(images: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Thumbnails of uint8 images (N, 3, 32, 32) for one atlas, and their side in pixels.

    They are the images themselves, or half as large if there are very many.
    """
    if len(images) <= _MOST_TILES:
        return images, images.shape[-1]
    halves = [torch.nn.functional.avg_pool2d(i.float(), 2) for i in images.split(1000)]
    return torch.cat(halves).round().to(torch.uint8), images.shape[-1] // 2
