"""Corruptions of images at five strengths, in the manner of CIFAR-10-C.

Noise, blur, contrast and JPEG have CIFAR-10-C's strengths (Hendrycks & Dietterich 2019).
Translation and rotation, which it lacks, are in pixels and degrees. The paper's NREM has none of
them, and none turns pixels grey: what enters over the edge is mirrored.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from pad_core.data.images import SIDE_PX, to_uint8, to_unit
from pad_core.errors import PadError
from pad_core.system.randomness import generator

STRENGTHS: dict[str, tuple[float, ...]] = {
    "noise": (0.04, 0.06, 0.08, 0.09, 0.10),  # SD, where pixels go from 0 to 1
    "blur": (0.4, 0.6, 0.7, 0.8, 1.0),  # SD of the Gaussian in pixels
    "contrast": (0.75, 0.5, 0.4, 0.3, 0.15),  # the share that is left
    "jpeg": (80, 65, 58, 50, 40),  # quality
    "translation": (1, 2, 3, 4, 6),  # pixels, up, down, left or right
    "rotation": (5, 10, 15, 20, 30),  # degrees, to the left or to the right
}


def corrupt(images: torch.Tensor, kind: str, strength: int, seed: int = 0) -> torch.Tensor:
    """Corrupt each image: (B, 3, 32, 32), float in [−1, 1] → the same.

    Args:
        kind: a key of ``STRENGTHS``.
        strength: 1 to 5.
        seed: of noise and directions. They are the same at all strengths, so that a larger
            strength does more of the same to an image.

    Raises:
        PadError: another kind or strength.
    """
    if kind not in STRENGTHS or not 1 <= strength <= len(STRENGTHS[kind]):
        raise PadError(
            f"A corruption is one of {', '.join(STRENGTHS)} at strength 1 to 5, not {kind!r} at "
            f"{strength!r}."
        )
    # Drawn on the CPU, so that every device gets the same numbers.
    return _KINDS[kind](images, STRENGTHS[kind][strength - 1], generator(seed, "corruption", kind))


def _noise(images: torch.Tensor, sd: float, random: torch.Generator) -> torch.Tensor:
    drawn = torch.randn(images.shape, generator=random).to(images.device)
    return (images + 2 * sd * drawn).clamp_(-1, 1)  # pixels from −1 to 1 are twice as far apart


def _blur(images: torch.Tensor, sd: float, random: torch.Generator) -> torch.Tensor:
    reach = math.ceil(4 * sd)
    offsets = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    kernel = (-0.5 * (offsets / sd).square()).exp()
    kernel = kernel / kernel.sum()
    channels = images.shape[1]
    padded = F.pad(images, (reach,) * 4, mode="reflect")
    across = F.conv2d(padded, kernel.expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(across, kernel[:, None].expand(channels, 1, -1, 1), groups=channels)


def _contrast(images: torch.Tensor, left: float, random: torch.Generator) -> torch.Tensor:
    mean = images.mean(dim=(2, 3), keepdim=True)
    return (mean + left * (images - mean)).clamp_(-1, 1)


def jpeg(images: torch.Tensor, quality: int) -> torch.Tensor:
    """Images (B, 3, 32, 32) from −1 to 1, encoded as JPEG (quality 1 to 95) and decoded."""
    decoded = []
    for pixels in to_uint8(images).permute(0, 2, 3, 1).cpu().numpy():
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        decoded.append(torch.from_numpy(np.array(Image.open(file))))
    return to_unit(torch.stack(decoded).permute(0, 3, 1, 2).to(images.device))


def _jpeg(images: torch.Tensor, quality: float, random: torch.Generator) -> torch.Tensor:
    return jpeg(images, int(quality))


def _translation(images: torch.Tensor, by_px: float, random: torch.Generator) -> torch.Tensor:
    directions = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])
    drawn = directions[torch.randint(4, (len(images),), generator=random)].to(images.device)
    places = torch.arange(SIDE_PX, device=images.device)[None] - int(by_px) * drawn.T[:, :, None]
    rows, columns = _mirrored(places)  # (B, 32) each
    each = torch.arange(len(images), device=images.device)[:, None, None]
    # Two index arrays with the channels between them: PyTorch puts the channels last.
    return images[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _mirrored(places: torch.Tensor) -> torch.Tensor:
    last = SIDE_PX - 1
    return last - (last - places.abs()).abs()


def _rotation(images: torch.Tensor, degrees: float, random: torch.Generator) -> torch.Tensor:
    sign = torch.randint(2, (len(images),), generator=random).to(images) * 2 - 1
    angle = sign * math.radians(degrees)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    matrix = torch.stack([cos, -sin, zero, sin, cos, zero], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=True)
    # align_corners mirrors at the middle of the outermost pixels, as blur and translation do.
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=True)


_KINDS: dict[str, Callable[[torch.Tensor, float, torch.Generator], torch.Tensor]] = {
    "noise": _noise,
    "blur": _blur,
    "contrast": _contrast,
    "jpeg": _jpeg,
    "translation": _translation,
    "rotation": _rotation,
}
