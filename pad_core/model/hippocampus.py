"""The hippocampus: stores latents, replays them, mixes them (paper §4.1, §4.3.1).

Older memories than those of the last mini-batch, more than two of them, and mixtures by
components follow the paper's Discussion. Nothing here waits for the device, and no shape depends
on what was drawn or on how long a network has lived: a cycle can be captured in a graph.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from pad_core.errors import PadError
from pad_core.model.condition import Mixture, Recollection


def mix(
    current: torch.Tensor,
    previous: torch.Tensor,
    noise: torch.Tensor,
    mixture: Mixture,
    uniforms: torch.Tensor | None = None,
) -> torch.Tensor:
    """λ′(λZ + (1−λ)Z_old) + (1−λ′)σε: the latents of a REM dream (Algorithm 1).

    Args:
        current, previous: memories Z and Z_old, (B, Z) or broadcastable.
        noise: ε ~ N(0, I), (B, Z).
        mixture: λ, λ′, the noise level σ, and how memories are mixed.
        uniforms: in [0, 1), (B, Z), for mixtures by components, as in mixup of latents with a
            Bernoulli mask (Beckham and others 2019): below λ, a component is Z's.
    """
    if mixture.mixing == "components":
        if uniforms is None:
            raise PadError("Mixing by components needs a uniform number for each component.")
        memories = torch.where(uniforms < mixture.lam, current, previous)
    else:
        memories = mixture.lam * current + (1.0 - mixture.lam) * previous
    spontaneous = mixture.noise_level * noise
    return mixture.lam_prime * memories + (1.0 - mixture.lam_prime) * spontaneous


def draw_components(
    latents: torch.Tensor, mixture: Mixture, random: torch.Generator
) -> torch.Tensor | None:
    """The uniform numbers that ``mix`` needs for latents (B, Z); None where it needs none."""
    if mixture.mixing != "components":
        return None
    return torch.rand(latents.shape, generator=random, device=random.device).to(latents.device)


def as_one(memories: torch.Tensor, mixture: Mixture, random: torch.Generator) -> torch.Tensor:
    """Older memories (n, B, Z) as the one that ``mix`` takes for Z_old, (B, Z).

    A convex mixture has their mean; by components, each one is that of a memory drawn among
    them. Both give them equal shares. Nothing is drawn for a single one.
    """
    if len(memories) == 1:
        return memories[0]
    if mixture.mixing == "convex":
        return memories.mean(dim=0)
    shape = (1, *memories.shape[1:])
    chosen = torch.randint(len(memories), shape, generator=random, device=random.device)
    return memories.gather(0, chosen.to(memories.device))[0]


class Hippocampus:
    """Keeps the latents of the current mini-batch and of those before while a network trains.

    Args:
        span: how many mini-batches before the current one are kept.
    """

    def __init__(self, span: int = 1) -> None:
        self._span = span
        self._stored: list[torch.Tensor] = []  # newest first

    @property
    def current(self) -> torch.Tensor | None:
        """Latents (B, Z) of the current mini-batch; None before the first."""
        return self._stored[0] if self._stored else None

    @property
    def previous(self) -> torch.Tensor | None:
        """Those of the mini-batch before. In the first cycle the current ones take their place."""
        return self._stored[1] if self._stored else None

    def store(self, latents: torch.Tensor) -> None:
        """Keep new latents (B, Z), without their gradient; the current ones become previous."""
        self.restore([latents.detach(), *self._stored])

    def refresh(self, latents: torch.Tensor) -> None:
        """Let new latents (B, Z) of the same images take the place of the current ones."""
        old, new = self.replay(), latents.detach()
        # In the first cycle, the current ones stand in for those before, too.
        self._stored = [new if one is old else one for one in self._stored]

    def kept(self) -> list[torch.Tensor]:
        """What the next cycle can still mix in, newest first: ``span`` times (B, Z), or nothing."""
        return self._stored[: self._span]

    def restore(self, stored: Sequence[torch.Tensor]) -> None:
        """Go on with what ``kept`` gave.

        Where memories are too few, the oldest ones stand in for those before; in the first cycle
        that is what the published code does, too: it mixes the current ones with noise alone.
        """
        self._stored = [*stored, *[stored[-1]] * self._span][: self._span + 1]

    def replay(self) -> torch.Tensor:
        """The latents stored last, as they are: single memories."""
        if self.current is None:
            raise PadError("The hippocampus is empty: store latents before replaying them.")
        return self.current

    def replay_mixed(
        self,
        mixture: Mixture,
        random: torch.Generator,
        recollection: Recollection | None = None,
    ) -> torch.Tensor:
        """Mixtures of current and older memories with fresh noise, (B, Z)."""
        current = self.replay()
        noise = torch.randn(current.shape, generator=random, device=current.device)
        older = self._older(recollection or Recollection(), mixture, random)
        uniforms = draw_components(current, mixture, random)
        return mix(current, older, noise, mixture, uniforms)

    def _older(
        self, recollection: Recollection, mixture: Mixture, random: torch.Generator
    ) -> torch.Tensor:
        """What stands for Z_old, (B, Z): the older memories of each mixture, made one."""
        current, earlier = self.replay(), self._stored[1:]
        n = recollection.memories - 1
        if n == 1 and recollection.span == 1:
            return earlier[0]  # of the same place in the mini-batch before, as in the paper
        shape, device = (n, len(current)), current.device
        ages = draw_ages(shape, recollection, random, device)
        rows = torch.randint(len(current), shape, generator=random, device=device)
        return as_one(torch.stack(earlier)[ages, rows], mixture, random)


def draw_ages(
    shape: Sequence[int],
    recollection: Recollection,
    random: torch.Generator,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Ages of memories, int64 from 0 (the mini-batch before) to span − 1.

    Age a has a probability in proportion to qᵃ with q = 1 − recency. Its distribution function
    (1 − qᵃ⁺¹)/(1 − q^span) is inverted in closed form.
    """
    uniforms = torch.rand(tuple(shape), generator=random, device=device)
    span, q = recollection.span, 1.0 - recollection.recency
    if q == 1.0:
        ages = uniforms * span
    elif q > 0.0:
        ages = torch.log1p(-uniforms * (1.0 - q**span)) / math.log(q)
    else:
        ages = torch.zeros_like(uniforms)
    return ages.floor().to(torch.int64).clamp_(0, span - 1)
