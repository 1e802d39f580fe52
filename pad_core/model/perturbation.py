"""Perturbations of a dream before the encoder sees it again.

The paper's NREM occludes a dream with grey squares (§4.3.2). Its Discussion proposes translations
and rotations, as objects move; noise and blur are ours. Each call draws the amount uniformly from
nothing to the full range times the strength. Squares are one mask for the whole mini-batch, as in
the paper; every other perturbation is drawn for each dream. The full ranges are ours. What enters
an image from outside is grey, which is 0.

Nothing here waits for the device, and all shapes are fixed: a cycle can be captured in a graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch.nn import functional as F

from pad_core.data.images import SIDE_PX
from pad_core.model.condition import Kind
from pad_core.model.occlusion import draw_nrem_mask

MAX_SHIFT_PX = 8.0  # in each direction: a quarter of an image
MAX_ANGLE = math.pi / 4
MAX_NOISE = 0.5  # standard deviation, of pixels in [−1, 1]
MAX_BLUR_PX = 2.0  # standard deviation of the Gaussian

Perturb = Callable[[torch.Tensor], torch.Tensor]
"""Images (B, 3, 32, 32) → the same, perturbed; each call draws anew."""


def perturb(
    images: torch.Tensor, kinds: Sequence[Kind], strength: float, random: torch.Generator
) -> torch.Tensor:
    """Apply one perturbation after the other to images.

    Args:
        images: (B, 3, 32, 32) in [−1, 1], without gradient.
        kinds: names of perturbations, in the order in which they are applied.
        strength: in [0, 1], the share of each one's full range.
    """
    # In bfloat16, a matrix product would change pixels even without any motion.
    with torch.autocast(images.device.type, enabled=False):
        for kind in kinds:
            images = _PERTURBATIONS[kind](images, strength, random)
    return images


def occluded(images: torch.Tensor, strength: float, random: torch.Generator) -> torch.Tensor:
    """Grey squares; at full strength as in the paper (§4.3.2)."""
    return images * draw_nrem_mask(random, images.device, strength)


def translated(images: torch.Tensor, strength: float, random: torch.Generator) -> torch.Tensor:
    """Each image shifted by U(−8, 8) pixels times the strength, along both axes."""
    shifts = _signed((len(images), 2), images, random) * (strength * MAX_SHIFT_PX)
    identity = torch.eye(2, device=images.device).expand(len(images), 2, 2)
    # An image's coordinates run from −1 to 1; a positive shift moves it right and down.
    return _moved(images, torch.cat([identity, -shifts[:, :, None] * (2.0 / SIDE_PX)], dim=2))


def rotated(images: torch.Tensor, strength: float, random: torch.Generator) -> torch.Tensor:
    """Each image turned about its centre by U(−45°, 45°) times the strength."""
    angles = _signed((len(images),), images, random) * (strength * MAX_ANGLE)
    cos, sin, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    rows = torch.stack([cos, -sin, zero, sin, cos, zero], dim=1)
    return _moved(images, rows.reshape(-1, 2, 3))


def noisy(images: torch.Tensor, strength: float, random: torch.Generator) -> torch.Tensor:
    """Each image with Gaussian noise of a standard deviation U(0, 0.5) times the strength."""
    deviation = _unsigned((len(images), 1, 1, 1), images, random) * (strength * MAX_NOISE)
    noise = torch.randn(images.shape, generator=random, device=images.device)
    return (images.float() + deviation * noise).clamp(-1.0, 1.0)


def blurred(images: torch.Tensor, strength: float, random: torch.Generator) -> torch.Tensor:
    """Each image under a Gaussian of a standard deviation U(0, 2) pixels times the strength.

    Near the edges, only pixels inside the image count.
    """
    deviation = _unsigned((len(images), 1, 1), images, random) * (strength * MAX_BLUR_PX)
    place = torch.arange(SIDE_PX, device=images.device, dtype=torch.float32)
    distance = (place[:, None] - place[None, :]).square()
    # Below a tenth of a pixel, the neighbours' weights vanish in float32.
    weight = (-0.5 * distance / deviation.clamp(min=0.05).square()).exp()
    along = (weight / weight.sum(dim=2, keepdim=True))[:, None]  # (B, 1, 32, 32)
    return along @ images.float() @ along.transpose(2, 3)


_PERTURBATIONS: dict[Kind, Callable[[torch.Tensor, float, torch.Generator], torch.Tensor]] = {
    "squares": occluded,
    "translation": translated,
    "rotation": rotated,
    "noise": noisy,
    "blur": blurred,
}


def _moved(images: torch.Tensor, affine: torch.Tensor) -> torch.Tensor:
    """Sample each image (B, 3, 32, 32) at its affine map (B, 2, 3); outside is grey."""
    grid = F.affine_grid(affine, list(images.shape), align_corners=False)
    return F.grid_sample(images.float(), grid, padding_mode="zeros", align_corners=False)


def _unsigned(
    shape: tuple[int, ...], images: torch.Tensor, random: torch.Generator
) -> torch.Tensor:
    return torch.rand(shape, generator=random, device=images.device)


def _signed(shape: tuple[int, ...], images: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    return _unsigned(shape, images, random) * 2.0 - 1.0
