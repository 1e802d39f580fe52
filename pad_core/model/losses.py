"""The losses of the three phases (paper §4.3.1), each a scalar.

The reconstruction losses are means over all elements: the paper's Eqs. 2 and 6 write
sums over an image, its published code takes means, and the equal weights of the losses
only make sense with the latter.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F


def reconstruction(target: torch.Tensor, estimate: torch.Tensor) -> torch.Tensor:
    """Mean squared error over all pixels (Eq. 2) or latent dimensions (Eq. 6)."""
    return F.mse_loss(estimate.float(), target.float())


def kl_divergence(latents: torch.Tensor) -> torch.Tensor:
    """Divergence of the mini-batch's latents from N(0, 1), averaged over dimensions (Eq. 4).

    Args:
        latents: (B, Z) with B ≥ 2; mean and unbiased standard deviation over the batch.
    """
    latents = latents.float()
    mean = latents.mean(dim=0)
    variance = latents.var(dim=0, unbiased=True)
    return 0.5 * (mean.square() + variance - 1.0 - variance.log()).mean()


def external(logits: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of judging every image 'external' (Eq. 5): −log σ(logit), stable."""
    return F.softplus(-logits.float()).mean()


def internal(logits: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of judging every image 'internal' (Eq. 8): −log(1 − σ(logit)), stable."""
    return F.softplus(logits.float()).mean()
