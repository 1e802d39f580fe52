"""The hippocampus: stores latents, replays them, mixes them (paper §4.1, §4.3.1)."""

from __future__ import annotations

import torch

from pad_core.errors import PadError
from pad_core.model.condition import Mixture


def mix(
    current: torch.Tensor, previous: torch.Tensor, noise: torch.Tensor, mixture: Mixture
) -> torch.Tensor:
    """λ′(λZ + (1−λ)Z_old) + (1−λ′)σε: the latents of a REM dream (Algorithm 1).

    Args:
        current, previous: memories Z and Z_old, (B, Z) or broadcastable.
        noise: ε ~ N(0, I), (B, Z).
        mixture: λ, λ′ and the noise level σ.
    """
    memories = mixture.lam * current + (1.0 - mixture.lam) * previous
    spontaneous = mixture.noise_level * noise
    return mixture.lam_prime * memories + (1.0 - mixture.lam_prime) * spontaneous


class Hippocampus:
    """Keeps the latents of the current and the previous mini-batch while a network trains."""

    def __init__(self) -> None:
        self.current: torch.Tensor | None = None
        self.previous: torch.Tensor | None = None

    def store(self, latents: torch.Tensor) -> None:
        """Keep new latents (B, Z), without their gradient; the current ones become previous."""
        self.previous, self.current = self.current, latents.detach()

    def replay(self) -> torch.Tensor:
        """The latents stored last, as they are: single memories."""
        if self.current is None:
            raise PadError("The hippocampus is empty: store latents before replaying them.")
        return self.current

    def replay_mixed(self, mixture: Mixture, random: torch.Generator) -> torch.Tensor:
        """Mixtures of current and previous memories with fresh noise."""
        current = self.replay()
        noise = torch.randn(current.shape, generator=random, device=current.device)
        # The first cycle has no previous memories; there the published code, too, mixes the
        # current ones with noise alone.
        previous = current if self.previous is None else self.previous
        return mix(current, previous, noise, mixture)
