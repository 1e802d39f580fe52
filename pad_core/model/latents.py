"""Latents as a user hands them over."""

from __future__ import annotations

import numpy as np
import torch

from pad_core.data.images import as_tensor
from pad_core.errors import PadError
from pad_core.model.networks import LATENT_SIZE


def as_latents(values: torch.Tensor | np.ndarray, device: torch.device) -> torch.Tensor:
    """Check a user's latents, a tensor or an array (B, 256): float32 on that device.

    Raises:
        PadError: another shape or type, or values that are not finite.
    """
    latents = as_tensor(values)
    if latents.ndim != 2 or latents.shape[1] != LATENT_SIZE:
        raise PadError(f"Latents must have shape (B, {LATENT_SIZE}), not {tuple(latents.shape)}.")
    if not latents.dtype.is_floating_point:
        raise PadError(f"Latents must be floats, not {latents.dtype}.")
    latents = latents.to(device, torch.float32)
    if not bool(latents.isfinite().all()):
        raise PadError("Some latents are not finite.")
    return latents
