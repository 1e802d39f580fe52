"""Wake, NREM and REM: one cycle of Algorithm 1, phase by phase (paper §4.3.1).

A fourth phase, 'contrast', follows the paper's Discussion: representations of different memories
are pushed apart.

Each phase is a function of the networks and a batch and returns named, unweighted
losses. Calling backward() on their sum gives every parameter the gradient that its
optimiser descends: the sign switch of REM is part of the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.autograd.function import FunctionCtx

from pad_core.model import losses
from pad_core.model.condition import Condition, Phase
from pad_core.model.networks import Networks
from pad_core.model.perturbation import Perturb

Losses = dict[str, torch.Tensor]
ContrastiveLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""The contrastive loss of two views' latents, (B, Z) each."""

# Which losses a phase can have.
LOSSES: dict[Phase, tuple[str, ...]] = {
    "wake": ("image", "kl", "external"),
    "nrem": ("nrem", "contrast"),
    "rem": ("internal",),
    "contrast": ("contrast",),
}
# Which networks learn in which phase.
LEARNS: dict[Phase, tuple[str, ...]] = {
    "wake": ("encoder", "generator"),
    "nrem": ("encoder",),
    "rem": ("encoder", "generator"),
    "contrast": ("encoder",),
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


def nrem(
    networks: Networks,
    latents: torch.Tensor,
    perturb: Perturb,
    push_apart: ContrastiveLoss | None = None,
) -> Losses:
    """Perturbed dreaming: recover replayed latents from a perturbed dream.

    Args:
        latents: replayed Z, (B, Z), without gradient.
        perturb: in the paper, the dream's product with a mask Ω, 0 where a pixel is occluded.
        push_apart: the contrastive loss, where NREM has one.

    Losses: 'nrem' L_NREM (Eq. 6), and 'contrast' between that dream and the same one, perturbed
    once more. Only the encoder learns: the dream carries no gradient.
    """
    with torch.no_grad():
        dream = networks.generator(latents)
        perturbed = perturb(dream)
    recovered = networks.encoder.latents(perturbed)
    named = {"nrem": losses.reconstruction(latents, recovered)}
    if push_apart is not None:
        named["contrast"] = push_apart(recovered, networks.encoder.latents(perturb(dream)))
    return named


def contrast(
    networks: Networks, latents: torch.Tensor, perturb: Perturb, push_apart: ContrastiveLoss
) -> Losses:
    """Two perturbed dreams of each memory: alike for the encoder, unlike those of the others.

    Args:
        latents: replayed Z, (B, Z), without gradient.

    Loss: 'contrast'. Only the encoder learns: the dreams carry no gradient.
    """
    with torch.no_grad():
        dream = networks.generator(latents)
    first, second = (networks.encoder.latents(perturb(dream)) for _ in range(2))
    return {"contrast": push_apart(first, second)}


def contrastive_loss(condition: Condition) -> ContrastiveLoss | None:
    """The contrastive loss that a condition has; None where it has none."""
    if condition.contrast == "nt_xent":
        return lambda first, second: losses.nt_xent(first, second, condition.temperature)
    if condition.contrast == "barlow_twins":
        return lambda first, second: losses.barlow_twins(first, second, condition.redundancy)
    return None


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
