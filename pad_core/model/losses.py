"""The losses of the three phases (paper §4.3.1), each a scalar.

The reconstruction losses are means over all elements. The paper's Eqs. 2 and 6 write sums over
an image, but its published code takes means, and only with means do equal weights of the losses
make sense.

The contrastive losses are those of self-supervised methods that the paper's Discussion names.
They act on z itself: there is no projection head.
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


def nt_xent(first: torch.Tensor, second: torch.Tensor, temperature: float) -> torch.Tensor:
    """Normalised temperature-scaled cross-entropy of SimCLR (Chen and others 2020, Eq. 1).

    Each latent has to pick out its twin among the 2B − 1 others by cosine similarity: twins are
    pulled together, all others pushed apart.

    Args:
        first, second: latents of two views of the same B memories, (B, Z), B ≥ 2.
        temperature: τ > 0; a smaller one presses harder on the nearest others.
    """
    latents = F.normalize(torch.cat([first, second]).float())
    with torch.autocast(latents.device.type, enabled=False):
        similarities = latents @ latents.T / temperature
    twins = similarities.roll(len(first), dims=1).diagonal()
    # Each row's own place is left out.
    others = similarities.clone().fill_diagonal_(-torch.inf)
    return (others.logsumexp(dim=1) - twins).mean()


def barlow_twins(first: torch.Tensor, second: torch.Tensor, redundancy: float) -> torch.Tensor:
    """Σᵢ(1 − Cᵢᵢ)² + λ Σᵢ≠ⱼ Cᵢⱼ² of Barlow Twins (Zbontar and others 2021, Eqs. 1 and 2), over Z.

    C is the correlation over the mini-batch between the latent dimensions of both views: a
    dimension has to agree between views, and to differ from every other one. The sums are divided
    by Z, as the other losses here are means over dimensions.

    Args:
        first, second: latents of two views of the same B memories, (B, Z), B ≥ 2.
        redundancy: λ, the weight of the second term; 0.005 in their work.
    """
    one, other = _standardised(first), _standardised(second)
    with torch.autocast(one.device.type, enabled=False):
        correlation = one.T @ other / len(one)
    diagonal = correlation.diagonal()
    apart = correlation.square().sum() - diagonal.square().sum()
    return ((1.0 - diagonal).square().sum() + redundancy * apart) / len(diagonal)


def _standardised(latents: torch.Tensor) -> torch.Tensor:
    """Mean 0 and variance 1 over the mini-batch.

    The ε, that of batch normalisation, keeps dimensions small that hardly vary, such as all of
    them before training.
    """
    latents = latents.float()
    centred = latents - latents.mean(dim=0)
    return centred / (centred.square().mean(dim=0) + 1e-5).sqrt()
