"""What a network remembers: the memories its file holds, and pictures that ship with the code."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import torch

from explorer.session.choices import PHOTOGRAPHS
from pad_core.checkpoint.file import SPLITS, Memories, PadNetwork
from pad_core.data.album import Album, album
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


def shown_split(network: PadNetwork, split: str) -> str:
    """The split that is shown where one is chosen: test, where no pictures ship for a network."""
    return split if split in splits_of(network) else "test"


def memories_of(network: PadNetwork, split: str) -> Memories:
    """The memories of a shown split; of pictures that ship, what the network encodes now."""
    shown = shown_split(network, split)
    if shown == PHOTOGRAPHS:
        return _encoded(_ByContent(network.sha256, network))
    return network.memories[shown]


def names_of(network: PadNetwork, split: str) -> tuple[str, ...]:
    """What the labels of a shown split's memories stand for."""
    shipped = _shipped(network, split)
    return network.class_names if shipped is None else shipped.names


def name_of(network: PadNetwork, split: str, place: int) -> str:
    """What the memory at a place shows."""
    return names_of(network, split)[int(memories_of(network, split).labels[place])]


def images_of(network: PadNetwork, split: str, dataset: DataSet | None) -> torch.Tensor | None:
    """The images that a shown split's memories come from, at their indices: uint8 (M, 3, 32, 32).

    Args:
        dataset: the network's own, where it is on this machine.

    Returns:
        None where neither the data set is here nor pictures ship.
    """
    shipped = _shipped(network, split)
    if shipped is not None:
        return shipped.images
    return None if dataset is None else getattr(dataset, shown_split(network, split)).images


def _shipped(network: PadNetwork, split: str) -> Album | None:
    """The pictures that ship for a network, where these are what is shown."""
    return album(network.class_names) if split == PHOTOGRAPHS else None


@lru_cache(16)
def _encoded(of: _ByContent) -> Memories:
    shipped = album(of.network.class_names)
    assert shipped is not None
    latents = of.network.encode(shipped.images)
    return Memories(latents, shipped.labels, torch.arange(len(shipped.labels)))
