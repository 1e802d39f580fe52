"""What a network remembers: the memories its file holds, and pictures that ship with the code."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import torch

from explorer.session.choices import PHOTOGRAPHS
from pad_core.checkpoint.file import SPLITS, Memories, PadNetwork
from pad_core.data.album import album
from pad_core.data.load import DataSet


@dataclass(frozen=True)
class _ByContent:
    """A network as a cache's key."""

    sha256: str
    network: PadNetwork = field(compare=False)


def splits_of(network: PadNetwork) -> tuple[str, ...]:
    """Where its memories can come from: pictures that ship, if there are any; test; train."""
    shipped = (PHOTOGRAPHS,) if album(network.class_names) is not None else ()
    return (*shipped, *reversed(SPLITS))


def memories_of(network: PadNetwork, split: str) -> Memories:
    """The memories of a split; of the pictures that ship, what the network encodes now.

    Where none ship for this network, test memories stand in for them.
    """
    if split != PHOTOGRAPHS:
        return network.memories[split]
    shipped = _encoded(_ByContent(network.sha256, network))
    return network.memories[standing_for(split)] if shipped is None else shipped


def names_of(network: PadNetwork, split: str) -> tuple[str, ...]:
    """What the labels of a split's memories stand for."""
    shipped = album(network.class_names) if split == PHOTOGRAPHS else None
    return network.class_names if shipped is None else shipped.names


def name_of(network: PadNetwork, split: str, place: int) -> str:
    """What the memory at a place shows."""
    return names_of(network, split)[int(memories_of(network, split).labels[place])]


def images_of(network: PadNetwork, split: str, dataset: DataSet | None) -> torch.Tensor | None:
    """The images that a split's memories come from, at their indices: uint8 (M, 3, 32, 32).

    Args:
        dataset: the network's own, where it is on this machine.

    Returns:
        None where neither the data set is here nor pictures ship.
    """
    shipped = album(network.class_names) if split == PHOTOGRAPHS else None
    if shipped is not None:
        return shipped.images
    return None if dataset is None else getattr(dataset, standing_for(split)).images


def standing_for(split: str) -> str:
    """The split of a data set that is meant where no pictures ship with the code."""
    return "test" if split == PHOTOGRAPHS else split


@lru_cache(16)
def _encoded(of: _ByContent) -> Memories | None:
    shipped = album(of.network.class_names)
    if shipped is None:
        return None
    latents = of.network.encode(shipped.images)
    return Memories(latents, shipped.labels, torch.arange(len(shipped.labels)))
