"""What the explorer asks of a network: recall, dream, recover what is perturbed.

The computation is that of training (``hippocampus.mix``, ``occlusion.masks``). Every draw has its
own seed and purpose: the same seed gives the same dream, and a change of one control changes only
what depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import get_args

import numpy as np
import torch

from pad_core.errors import PadError
from pad_core.model.condition import Kind, Mixture
from pad_core.model.hippocampus import draw_components, mix
from pad_core.model.latents import as_latents
from pad_core.model.networks import Networks
from pad_core.model.occlusion import MAX_SIZE_PX, MIN_SIZE_PX, draw_uniforms, masks
from pad_core.model.perturbation import perturb
from pad_core.system.randomness import generator

SQUARES: tuple[Kind, ...] = ("squares",)  # the paper's perturbation


@dataclass(frozen=True, eq=False)
class NremDreams:
    """Perturbed dreams; images are (B, 3, 32, 32) in [−1, 1].

    dreams: G(z); occluded: G(z) ⊙ Ω, or perturbed otherwise; recovered: G(E_z(occluded)), what the
    network makes of that; error: ‖z − E_z(occluded)‖² / Z, the NREM loss of each (Eq. 6), (B,).
    """

    dreams: torch.Tensor
    occluded: torch.Tensor
    recovered: torch.Tensor
    error: torch.Tensor


@dataclass(frozen=True, eq=False)
class RemDreams:
    """Adversarial dreams, and how the encoder sees them.

    latents: Z_mix, (B, Z); dreams: G(Z_mix), images (B, 3, 32, 32) in [−1, 1]; encoded:
    E_z(G(Z_mix)), (B, Z); realness: d in (0, 1), (B,).
    """

    latents: torch.Tensor
    dreams: torch.Tensor
    encoded: torch.Tensor
    realness: torch.Tensor


def pick_memories(available: int, wanted: int, seed: int, purpose: str) -> torch.Tensor:
    """Indices of ``wanted`` different memories out of ``available``, drawn by seed and purpose.

    Raises:
        PadError: fewer memories than wanted.
    """
    if wanted > available:
        raise PadError(f"There are {available} stored memories, fewer than the {wanted} asked for.")
    return torch.randperm(available, generator=generator(seed, purpose))[:wanted]


@torch.no_grad()
def nrem_dreams(
    networks: Networks,
    latents: torch.Tensor | np.ndarray,
    intensity: float,
    size_px: int,
    seed: int,
    kinds: Sequence[Kind] = SQUARES,
) -> NremDreams:
    """Replay single memories, perturb the dreams, let the encoder recover them (Eq. 6).

    Args:
        latents: memories z, (B, Z).
        intensity: share of patches occluded, 0 to 1; a larger one only adds occluded patches.
            Of other perturbations the strength, the share of their full ranges.
        size_px: side of a patch, 1 to 8. Squares beside other perturbations draw size and share,
            one mask for all dreams, as in training.
        seed: of the masks, one per dream, and of what others draw.
        kinds: a condition's perturbations, in their order.

    Raises:
        PadError: latents of another shape or type, or a value out of range.
    """
    latents = as_latents(latents, _device(networks))
    if not isinstance(intensity, Real) or not 0.0 <= intensity <= 1.0:
        raise PadError(f"Occlusion intensity lies between 0 and 1, not {intensity!r}.")
    if not isinstance(size_px, Integral) or not MIN_SIZE_PX <= size_px <= MAX_SIZE_PX:
        raise PadError(f"Occlusion size is {MIN_SIZE_PX} to {MAX_SIZE_PX} pixels, not {size_px!r}.")
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if not kinds or not set(kinds) <= set(get_args(Kind)):
        raise PadError(f"Perturbations are one or several of {', '.join(get_args(Kind))}.")
    dreams = networks.generator(latents)
    if kinds == SQUARES:
        uniforms = draw_uniforms(len(latents), generator(seed, "occlusion")).to(latents.device)
        occluded = dreams * masks(uniforms, intensity, size_px)
    else:
        random = generator(seed, "perturbation")
        occluded = perturb(dreams.cpu(), kinds, intensity, random).to(latents.device)
    recovered = networks.encoder.latents(occluded)
    error = (recovered - latents).square().mean(dim=1)
    return NremDreams(dreams, occluded, networks.generator(recovered), error)


@torch.no_grad()
def rem_dreams(
    networks: Networks,
    current: torch.Tensor | np.ndarray,
    previous: torch.Tensor | np.ndarray,
    mixture: Mixture,
    seed: int,
) -> RemDreams:
    """Dream of mixed memories and noise, and judge how external the dream looks.

    Args:
        current, previous: memories z and z_old, (B, Z).
        mixture: λ, λ′, the noise level σ, and how memories are mixed.
        seed: of the noise ε, and of what is taken from which memory.

    Raises:
        PadError: latents of another shape or type, or no mixture.
    """
    device = _device(networks)
    current, previous = as_latents(current, device), as_latents(previous, device)
    if len(current) != len(previous):
        raise PadError(
            f"Memories are mixed in pairs: {len(current)} do not go with {len(previous)}."
        )
    if not isinstance(mixture, Mixture):
        raise PadError(
            f"A mixture is a Mixture, such as a condition's rem_mixture, not a "
            f"{type(mixture).__name__}."
        )
    return _dream(networks, rem_latents(current, previous, mixture, seed))


def _device(networks: Networks) -> torch.device:
    if not isinstance(networks, Networks):
        raise PadError(
            f"Dreams come from a PadNetwork's networks, not a {type(networks).__name__}."
        )
    return networks.encoder.conv1.weight.device


def rem_latents(
    current: torch.Tensor, previous: torch.Tensor, mixture: Mixture, seed: int
) -> torch.Tensor:
    """Z_mix of ``rem_dreams``, (B, Z). A larger λ only adds components of the current memory."""
    noise = torch.randn(current.shape, generator=generator(seed, "noise")).to(current.device)
    uniforms = draw_components(current, mixture, generator(seed, "components"))
    return mix(current, previous, noise, mixture, uniforms)


@torch.inference_mode()
def rem_plane(
    networks: Networks,
    current: torch.Tensor,
    previous: torch.Tensor,
    mixtures: Sequence[Mixture],
    seed: int,
) -> RemDreams:
    """Dreams of one pair of memories at several mixtures, all with the same noise ε.

    At each mixture the dream is the first one of ``rem_dreams`` with the same seed.

    Args:
        current, previous: one memory z and one z_old, (1, Z) each.
    """
    return _dream(networks, torch.cat([rem_latents(current, previous, m, seed) for m in mixtures]))


def _dream(networks: Networks, latents: torch.Tensor) -> RemDreams:
    dreams = networks.generator(latents)
    encoded, logits = networks.encoder(dreams)
    return RemDreams(latents, dreams, encoded, logits.sigmoid())


def walk(
    networks: Networks,
    current: torch.Tensor,
    previous: torch.Tensor,
    path: Iterable[Mixture],
    seed: int,
) -> Iterator[RemDreams]:
    """Dreams along a path of mixtures, with the same memories and the same noise throughout.

    Args:
        current, previous: memories z and z_old, (B, Z), reached at λ = 1 and at λ = 0.
        path: λ, λ′ and σ of each step.
        seed: of the noise ε.
    """
    for mixture in path:
        yield rem_dreams(networks, current, previous, mixture, seed)


@torch.inference_mode()
def walk_along(
    networks: Networks, latents: torch.Tensor, direction: torch.Tensor, path: Iterable[float]
) -> Iterator[RemDreams]:
    """Dreams along a direction of latent space, such as a principal component.

    Args:
        latents: where each walk is at distance 0, (B, Z).
        direction: (Z,), of length one; path: the distance of each step.
    """
    for distance in path:
        yield _dream(networks, latents + distance * direction)
