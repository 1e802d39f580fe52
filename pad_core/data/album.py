"""Pictures that ship with the code, for networks whose own data set is not on the machine."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from pad_core.data.builtin import CIFAR10, FASHION, load
from pad_core.data.images import SIDE_PX

_FASHION_SHOWN = 100  # ten of each class
# ``photographs/LICENCES.md`` has the source and the licence of each.
_PHOTOGRAPHS = (
    "panda", "windmill", "cat", "flower", "moose", "coffee", "temple", "rocket", "Great Wall",
    "ball", "tower", "crocodile", "igloo", "astronaut", "old mill", "museum", "cat's eye", "palace",
)  # fmt: skip


class Album(NamedTuple):
    """Some pictures, and what is on each.

    images: uint8 (N, 3, 32, 32); labels: int64 (N,), places among ``names``.
    """

    images: torch.Tensor
    labels: torch.Tensor
    names: tuple[str, ...]


def album(class_names: tuple[str, ...]) -> Album | None:
    """Pictures of the kind that a network with these classes has learnt from.

    CIFAR-10's classes: 18 photographs under free licences, which no network was trained on.
    Fashion-MNIST's: 100 of its test images, ten of each class. Others: none.
    """
    if class_names == CIFAR10:
        return _photographs()
    return _fashion() if class_names == FASHION else None


@lru_cache(1)
def _photographs() -> Album:
    with Image.open(Path(__file__).parent / "photographs" / "photographs.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    tiles = pixels.reshape(SIDE_PX, -1, SIDE_PX, 3).transpose(1, 3, 0, 2)
    return Album(torch.from_numpy(tiles.copy()), torch.arange(len(tiles)), _PHOTOGRAPHS)


@lru_cache(1)
def _fashion() -> Album:
    test = load("fashion-mini", Path(), None).test
    assert test is not None
    return Album(test.images[:_FASHION_SHOWN], test.labels[:_FASHION_SHOWN], FASHION)
