"""What the latent map's points are coloured by, beside their class.

Each measure takes latents or pictures of N images and yields the values of CHUNK after CHUNK, so
that another page needn't wait for all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from explorer.views.map.clouds import CHUNK
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import to_unit
from pad_core.evaluation.linear_probe import LinearProbe

_GREY_LEVELS = 255 / 2  # in a unit of pixels from −1 to 1
_RARE = 2.0  # percent of the values at either end that the scale doesn't tell apart


def realness(network: PadNetwork, images: torch.Tensor) -> Iterator[np.ndarray]:
    """d of uint8 images (N, 3, 32, 32): 0 to 1."""
    for batch in images.split(CHUNK):
        yield network.realness(batch).numpy()


def errors(
    network: PadNetwork, latents: torch.Tensor, images: torch.Tensor
) -> Iterator[np.ndarray]:
    """Root mean square of image − G(z) over all pixels and channels, in grey levels, 0 to 255.

    Args:
        latents: (N, 256); images: uint8 (N, 3, 32, 32), which they are of.
    """
    for z, batch in zip(latents.split(CHUNK), images.split(CHUNK), strict=True):
        apart = network.generate(z) - to_unit(batch)
        yield _GREY_LEVELS * apart.square().mean(dim=(1, 2, 3)).sqrt().numpy()


def nearest(latents: torch.Tensor, unit: float) -> Iterator[np.ndarray]:
    """Distance of each of N ≥ 2 latents (N, 256) to the nearest other one, in ``unit``."""
    for start in range(0, len(latents), CHUNK):
        apart = torch.cdist(latents[start : start + CHUNK], latents)
        apart.diagonal(start).fill_(torch.inf)
        yield (apart.amin(dim=1) / unit).numpy()


def right(probe: LinearProbe, latents: torch.Tensor, labels: np.ndarray) -> Iterator[np.ndarray]:
    """1 where the probe gives a latent its own class, else 0: latents (N, 256), labels (N,)."""
    yield (probe.predict(latents).numpy() == labels).astype(np.float32)


def ends(values: np.ndarray) -> tuple[float, float]:
    """Where a scale of these values begins and ends, without the rarest at either end."""
    low, high = np.percentile(values, [_RARE, 100 - _RARE])
    return float(low), float(high)
