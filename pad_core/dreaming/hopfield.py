"""An associative hippocampus: a modern Hopfield network over stored latents.

Memories are no longer read from a list: a cue is taken to what it reminds the network of, by the
update ξ ← Xᵀ softmax(β X ξ) (Ramsauer and others 2021, 'Hopfield Networks is All You Need',
Eq. 3). PAD's paper has no such memory; Spens and Burgess (2024) let one teach a generative
network, with noise as its cue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from pad_core.errors import PadError
from pad_core.model.networks import Networks
from pad_core.model.occlusion import draw_uniforms, masks
from pad_core.system.randomness import generator

Cue = Literal["noisy", "partial", "occluded", "noise"]
CUES: tuple[Cue, ...] = ("noisy", "partial", "occluded", "noise")
OCCLUSION_PX = 4  # side of the squares that hide parts of a seen cue
MOST_UPDATES = 50
_SETTLED = 1e-5  # how far an update moves a state that has come to rest


@dataclass(frozen=True)
class Recall:
    """Where cues have come to after some updates.

    state: ξ, (B, Z), in the space of unit patterns; weights: softmax(β X ξ) of the state, over
    the stored memories, (B, M); latents: Σ weight · memory, (B, Z); energy: E(ξ), (B,).
    """

    state: torch.Tensor
    weights: torch.Tensor
    latents: torch.Tensor
    energy: torch.Tensor

    @property
    def blended(self) -> torch.Tensor:
        """How many memories are in each recall: 1/Σ weight², from 1 to M, (B,)."""
        return 1.0 / self.weights.square().sum(dim=1)

    @property
    def strongest(self) -> torch.Tensor:
        """The place of the memory with most weight, (B,)."""
        return self.weights.argmax(dim=1)


@dataclass(frozen=True)
class Hopfield:
    """Stored latents that are recalled from cues.

    A pattern is a memory's direction from the mean of all: products of latents as they are favour
    the long ones (their lengths differ by a quarter in a trained network), and β would mean
    something else in each network.

    memories: (M, Z); mean: (Z,); patterns: (M, Z), of length 1; beta: β > 0, the inverse
    temperature: the larger, the fewer memories blend into a recall.
    """

    memories: torch.Tensor
    mean: torch.Tensor
    patterns: torch.Tensor
    beta: float

    @classmethod
    def of(cls, memories: torch.Tensor, beta: float) -> Hopfield:
        """Store latents (M, Z).

        Raises:
            PadError: no memories, or β that isn't above 0.
        """
        if memories.ndim != 2 or len(memories) == 0:
            raise PadError(f"A memory stores latents (M, Z), M ≥ 1, not {tuple(memories.shape)}.")
        if not 0.0 < beta < float("inf"):
            raise PadError(f"β is a number above 0, not {beta}.")
        # A single memory would be its own mean, and have no direction from it.
        mean = memories.mean(dim=0) if len(memories) > 1 else torch.zeros_like(memories[0])
        return cls(memories, mean, _directions(memories - mean), beta)

    def start(self, cues: torch.Tensor) -> Recall:
        """Cues (B, Z), latents, as first states."""
        return self._recall(_directions(cues - self.mean))

    def update(self, recall: Recall) -> Recall:
        """One update: ξ ← Σ weight · pattern. It never raises the energy."""
        return self._recall(recall.weights @ self.patterns)

    def updates(self, cues: torch.Tensor, most: int = MOST_UPDATES) -> Iterator[Recall]:
        """First states, then one update after the other, until all are at rest."""
        recall = self.start(cues)
        yield recall
        for _ in range(most):
            before, recall = recall, self.update(recall)
            yield recall
            if float((recall.state - before.state).norm(dim=1).max()) < _SETTLED:
                return

    def recall(self, cues: torch.Tensor, most: int = MOST_UPDATES) -> Recall:
        """What cues (B, Z) come to in the end, or after so many updates."""
        *_, last = self.updates(cues, most)
        return last

    def _recall(self, state: torch.Tensor) -> Recall:
        scores = self.beta * state @ self.patterns.T
        weights = scores.softmax(dim=1)
        # E = −β⁻¹ log Σ exp(β xᵢ·ξ) + ½‖ξ‖², their Eq. 2 less its constants.
        energy = 0.5 * state.square().sum(dim=1) - scores.logsumexp(dim=1) / self.beta
        return Recall(state, weights, weights @ self.memories, energy)


@torch.inference_mode()
def cues(
    networks: Networks, memories: torch.Tensor, kind: Cue, amount: float, seed: int
) -> torch.Tensor:
    """What is left of memories to recall them by, latents (B, Z).

    Args:
        memories: (B, Z).
        kind: 'noisy': (1 − amount) z + amount ε; 'partial': a share of the components, drawn for
            each memory, is 0; 'occluded': what the encoder sees of the recalled picture behind
            grey squares that cover a share of it; 'noise': ε alone, whatever the memory.
        amount: from 0, the memory itself, to 1, nothing of it.
        seed: of all that is drawn. More of an amount keeps what was lost before.

    Raises:
        PadError: another kind, or an amount outside of 0 to 1.
    """
    if not 0.0 <= amount <= 1.0:
        raise PadError(f"The amount lost of a cue lies between 0 and 1, not {amount}.")
    random = generator(seed, "cue", kind)
    if kind == "noisy" or kind == "noise":
        share = amount if kind == "noisy" else 1.0
        noise = torch.randn(memories.shape, generator=random).to(memories.device)
        return (1.0 - share) * memories + share * noise
    if kind == "partial":
        kept = torch.rand(memories.shape, generator=random).to(memories.device) >= amount
        return memories * kept
    if kind == "occluded":
        uniforms = draw_uniforms(len(memories), random).to(memories.device)
        seen = networks.generator(memories) * masks(uniforms, amount, OCCLUSION_PX)
        return networks.encoder.latents(seen)
    raise PadError(f"A cue is {', '.join(CUES)}, not {kind!r}.")


def _directions(vectors: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(vectors, dim=1)
