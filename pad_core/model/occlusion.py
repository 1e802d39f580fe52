"""Occlusion: grey squares over an image (paper §4.3.2, Figure 9).

The image is divided into patches of size × size pixels from its upper left corner; each
patch turns grey with probability ``intensity``. A mask is drawn in two steps, so that a
viewer's intensity slider only adds or removes patches: one uniform number a patch, then
the comparison with the intensity.
"""

from __future__ import annotations

import torch

from pad_core.data.images import SIDE_PX

MIN_SIZE_PX, MAX_SIZE_PX = 1, 8


def draw_uniforms(
    n: int, random: torch.Generator, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Numbers in [0, 1) for n masks: (n, 32, 32), enough for any patch size."""
    return torch.rand((n, SIDE_PX, SIDE_PX), generator=random, device=device)


def masks(
    uniforms: torch.Tensor, intensity: float | torch.Tensor, size_px: int | torch.Tensor
) -> torch.Tensor:
    """Masks from uniform numbers: 1 keeps a pixel, 0 occludes it.

    Args:
        uniforms: (B, 32, 32), from ``draw_uniforms``.
        intensity: probability in [0, 1] that a patch is occluded; a number, or (B,).
        size_px: side of a patch, 1 to 8; a number, or (B,).

    Returns:
        float32 (B, 1, 32, 32). Nothing here waits for the device.
    """
    device = uniforms.device
    size = torch.as_tensor(size_px, device=device).reshape(-1, 1)
    level = torch.as_tensor(intensity, device=device, dtype=torch.float32).reshape(-1, 1, 1)
    patch = torch.arange(SIDE_PX, device=device)[None] // size  # (1 or B, 32)
    patch = patch.expand(len(uniforms), SIDE_PX)
    batch = torch.arange(len(uniforms), device=device)[:, None, None]
    per_pixel = uniforms[batch, patch[:, :, None], patch[:, None, :]]
    return (per_pixel >= level).to(torch.float32)[:, None]


def draw_nrem_mask(
    random: torch.Generator, device: torch.device | str = "cpu", strength: float = 1.0
) -> torch.Tensor:
    """One mask for a whole mini-batch, as NREM uses it: (1, 1, 32, 32).

    Intensity ~ U(0, strength) and size ~ U{1, …, 8} are drawn anew each time (§4.3.2, where the
    strength is 1).
    """
    intensity = torch.rand((1,), generator=random, device=device) * strength
    size = torch.randint(MIN_SIZE_PX, MAX_SIZE_PX + 1, (1,), generator=random, device=device)
    return masks(draw_uniforms(1, random, device), intensity, size)


def occlude(
    images: torch.Tensor, intensity: float | torch.Tensor, size_px: int, random: torch.Generator
) -> torch.Tensor:
    """Occlude each image with a mask of its own, as in evaluation (§4.4.2).

    Args:
        images: (B, 3, 32, 32), float in [−1, 1]; occluded pixels become 0, which is grey.
    """
    return images * masks(draw_uniforms(len(images), random, images.device), intensity, size_px)
