"""The Dream page's dreams as latents for the latent map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from explorer.dreaming.dreams import Recalled, mixture
from explorer.session.choices import Dream
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import to_uint8
from pad_core.model.dreams import rem_latents

STEPS = 21  # values of λ on the path


@dataclass(frozen=True)
class Dreamt:
    """Latents on the map, and what is dreamt at each.

    latents: (N, 256); images: the dream from each, uint8; names: of each, for people.
    """

    latents: torch.Tensor
    images: torch.Tensor
    names: tuple[str, ...]

    def __add__(self, other: Dreamt) -> Dreamt:
        """These, then the others."""
        latents = torch.cat([self.latents, other.latents])
        images = torch.cat([self.images, other.images])
        return Dreamt(latents, images, self.names + other.names)


def path(network: PadNetwork, recalled: Recalled, dream: Dream) -> Dreamt:
    """Memories A and B, and the first dream at ``STEPS`` values of λ from 0 to 1.

    λ′, noise level and noise are the chosen ones; the chosen λ changes nothing.
    """
    ends = torch.stack([recalled.current[0], recalled.previous[0]])
    steps = torch.linspace(0.0, 1.0, STEPS).tolist()
    between = [_rem(network, recalled, replace(dream, lam=step))[:1] for step in steps]
    names = (
        f"Memory A · {recalled.classes[0]}",
        f"Memory B · {recalled.previous_classes[0]}",
        *(f"Dream at λ = {step:.2f}" for step in steps),
    )
    return _dreamt(network, torch.cat([ends, *between]), names)


def asleep(network: PadNetwork, recalled: Recalled, dream: Dream) -> Dreamt:
    """The Dream page's REM dreams, the first of them on the path."""
    names = (
        f"REM dream of {one} and {other}"
        for one, other in zip(recalled.classes, recalled.previous_classes, strict=True)
    )
    return _dreamt(network, _rem(network, recalled, dream), tuple(names))


def _rem(network: PadNetwork, recalled: Recalled, dream: Dream) -> torch.Tensor:
    return rem_latents(recalled.current, recalled.previous, mixture(network, dream), dream.seed)


def _dreamt(network: PadNetwork, latents: torch.Tensor, names: tuple[str, ...]) -> Dreamt:
    return Dreamt(latents, to_uint8(network.generate(latents)), names)
