"""Wake, NREM and REM: one cycle of Algorithm 1, phase by phase (paper §4.3.1).

Each phase is a function of the networks and a batch and returns named, unweighted
losses. Calling backward() on their sum gives every parameter the gradient that its
optimiser descends: the sign switch of REM is part of the graph.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.autograd.function import FunctionCtx

from pad_core.model import losses
from pad_core.model.condition import Phase
from pad_core.model.networks import Networks

Losses = dict[str, torch.Tensor]

# Which losses a phase has.
LOSSES: dict[Phase, tuple[str, ...]] = {
    "wake": ("image", "kl", "external"),
    "nrem": ("nrem",),
    "rem": ("internal",),
}
# Which networks learn in which phase.
LEARNS: dict[Phase, tuple[str, ...]] = {
    "wake": ("encoder", "generator"),
    "nrem": ("encoder",),
    "rem": ("encoder", "generator"),
}


class WakeOutcome(NamedTuple):
    """Losses of a Wake phase and the latents (B, Z) for the hippocampus, detached."""

    losses: Losses
    latents: torch.Tensor


def wake(
    networks: Networks, images: torch.Tensor, noise: torch.Tensor | None = None
) -> WakeOutcome:
    """Reconstruct what is seen, keep latents close to the prior, call it external.

    Args:
        images: X, (B, 3, 32, 32) in [−1, 1].
        noise: added to Z on its way into the generator, (B, Z); only without REM (Eq. 12).

    Losses: 'image' L_img (Eq. 2), 'kl' L_KL (Eq. 4), 'external' L_real (Eq. 5).
    """
    latents, logits = networks.encoder(images)
    reconstruction = networks.generator(latents if noise is None else latents + noise)
    named = {
        "image": losses.reconstruction(images, reconstruction),
        "kl": losses.kl_divergence(latents),
        "external": losses.external(logits),
    }
    return WakeOutcome(named, latents.detach().float())


def nrem(networks: Networks, latents: torch.Tensor, mask: torch.Tensor) -> Losses:
    """Perturbed dreaming: recover replayed latents from an occluded dream.

    Args:
        latents: replayed Z, (B, Z), without gradient.
        mask: Ω, (1 or B, 1, 32, 32), 0 where a pixel is occluded.

    Loss: 'nrem' L_NREM (Eq. 6). Only the encoder learns: the dream carries no gradient.
    """
    with torch.no_grad():
        dream = networks.generator(latents) * mask
    return {"nrem": losses.reconstruction(latents, networks.encoder.latents(dream))}


def rem(networks: Networks, latents: torch.Tensor) -> Losses:
    """Adversarial dreaming: the encoder calls the dream internal, the generator denies it.

    Args:
        latents: Z_mix, (B, Z), without gradient.

    Loss: 'internal' L_REM (Eq. 8). One backward pass serves both: the encoder descends
    it; the sign is switched where the gradient leaves the encoder, so that the generator
    ascends it (Eq. 7).
    """
    dream = _SignSwitch.apply(networks.generator(latents))
    return {"internal": losses.internal(networks.encoder.logits(dream))}


class _SignSwitch(torch.autograd.Function):
    """Identity on the way up, the opposite sign on the way back (paper §2.6)."""

    @staticmethod
    def forward(ctx: FunctionCtx, images: torch.Tensor) -> torch.Tensor:
        return images.view_as(images)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: torch.Tensor) -> torch.Tensor:
        return -gradient
