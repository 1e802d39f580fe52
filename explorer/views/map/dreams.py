"""The Dream page's dreams as latents for the latent map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from explorer.dreaming.dreams import Pictures, mixture, recall
from explorer.session.choices import Dream
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import to_uint8
from pad_core.model.dreams import rem_latents

STEPS = 21  # values of λ on the path


@dataclass(frozen=True)
class Dreamt:
    """Memories A and B, the path between them, and REM dreams.

    latents: (2 + STEPS + D, 256): memories A and B; the first dream's latents at λ from 0 to 1,
    with the chosen λ′, noise level and noise; the D dreams' latents, the first of them on the path.
    images: the dream from each, uint8. names: of each, for people.
    """

    latents: torch.Tensor
    images: torch.Tensor
    names: tuple[str, ...]


def dreamt(network: PadNetwork, dream: Dream, pictures: Pictures | None = None) -> Dreamt:
    """The Dream page's dreams, with its λ, λ′, noise level, seed and memories.

    Args:
        pictures: uploaded as A or B; see ``recall``.

    Raises:
        PadError: the checkpoint holds too few memories.
    """
    recalled = recall(network, dream, pictures)

    here = mixture(network, dream)

    def dreams(lam: float) -> torch.Tensor:
        there = replace(here, lam=lam)
        return rem_latents(recalled.current, recalled.previous, there, dream.seed)

    ends = torch.stack([recalled.current[0], recalled.previous[0]])
    steps = torch.linspace(0.0, 1.0, STEPS)
    path = torch.cat([dreams(step)[:1] for step in steps.tolist()])
    asleep = dreams(dream.lam)
    latents = torch.cat([ends, path, asleep])
    names = (
        f"Memory A · {recalled.classes[0]}",
        f"Memory B · {recalled.previous_classes[0]}",
        *(f"Dream at λ = {step:.2f}" for step in steps.tolist()),
        *(
            f"REM dream of {one} and {other}"
            for one, other in zip(recalled.classes, recalled.previous_classes, strict=True)
        ),
    )
    return Dreamt(latents, to_uint8(network.generate(latents)), names)
