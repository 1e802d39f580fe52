"""Compression: does d tell images from dreams by the traces of JPEG in what it learned from?"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from bench.beyond.common import SEEDS, images, networks, print_table, spread
from pad_core.data.images import to_unit
from pad_core.evaluation.corruptions import jpeg
from pad_core.model.condition import Mixture
from pad_core.model.dreams import rem_dreams

N, MOVED_PX, QUALITY = 1000, 3, 75


def measure() -> None:
    """Print the table."""
    photographs = to_unit(images().test.images[:N])
    moved = _moved(photographs)
    rows = []
    for condition in SEEDS:
        found: list[list[float]] = []
        for network in networks(condition):
            if not network.condition.trains_discriminator:
                continue
            z, z_old = network.memories["test"].latents[:N].split(N // 2)
            dreams = rem_dreams(network.networks, z, z_old, Mixture(0.5, 0.5, 1.0), 0).dreams
            seen = (photographs, moved, jpeg(moved, QUALITY), dreams, jpeg(dreams, QUALITY))
            found.append([float(network.realness(pictures).mean()) for pictures in seen])
        if found:
            cells = [spread(column, 2) for column in zip(*found, strict=True)]
            rows.append([condition, str(len(found)), *cells])
    head = ("condition", "n", "images", f"moved by {MOVED_PX} px", "moved, then JPEG", "REM dreams",
            "dreams, then JPEG")  # fmt: skip
    print_table(f"Mean d of {N} test images and {N // 2} dreams", head, rows)


def _moved(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures whose blocks of 8 pixels, in which JPEG rounds, lie elsewhere."""
    padded = F.pad(pictures, (MOVED_PX, 0, MOVED_PX, 0), mode="reflect")
    return padded[..., : pictures.shape[-2], : pictures.shape[-1]]
