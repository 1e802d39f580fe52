"""Lesions: what becomes of dreams when *d* or the hippocampus is damaged.

PAD's Discussion names adversarial learning as a mechanism of reality monitoring whose failure may
explain delusions (after Gershman 2019); which damage, and how much, is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch

from pad_core.checkpoint.file import Memories
from pad_core.errors import PadError
from pad_core.model.dreams import pick_memories
from pad_core.model.networks import Encoder
from pad_core.system.randomness import generator

Lesion = Literal["silence", "scale", "invert"]
LESIONS: tuple[Lesion, ...] = ("silence", "scale", "invert")
Damage = Literal["noise", "pairings", "one_class", "few"]
DAMAGES: tuple[Damage, ...] = ("noise", "pairings", "one_class", "few")
MOST_NOISE = 2.0  # standard deviations of the memories


@dataclass(frozen=True)
class Monitor:
    """The head of *d* after a lesion, on the healthy encoder's trunk.

    weight: (F,) with F = 4096, one number a synapse; bias: ().
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Features of the trunk (B, 256, 4, 4) → logits (B,); > 0 is external."""
        return features.flatten(1) @ self.weight + self.bias

    def realness(self, features: torch.Tensor) -> torch.Tensor:
        """*d* in (0, 1), (B,)."""
        return self.logits(features).sigmoid()

    def taken_for_real(self, features: torch.Tensor) -> float:
        """The share of pictures with *d* above ½, 0 to 1: of dreams, the rate of hallucination."""
        return (self.logits(features) > 0).double().mean().item()


@torch.inference_mode()
def monitor(encoder: Encoder, kind: Lesion, amount: float, seed: int) -> Monitor:
    """Damage the head of *d*; its bias, the readiness to call anything external, stays.

    Args:
        kind: 'silence': a share of the synapses, drawn, is cut; 'scale': all are weaker by that
            share; 'invert': a share of them, drawn, has the opposite sign.
        amount: the share, from 0, healthy, to 1.
        seed: of the synapses drawn. More of an amount keeps those damaged before.

    Raises:
        PadError: another kind, or an amount outside of 0 to 1.
    """
    _check(kind, LESIONS, "A lesion", amount)
    weight, bias = encoder.dis.weight.flatten(), encoder.dis.bias
    assert bias is not None, "every layer of the encoder has a bias"
    drawn = torch.rand(len(weight), generator=generator(seed, "lesion", kind)).to(weight.device)
    hit = drawn < amount
    factors = {
        "silence": (~hit).float(),
        "scale": torch.full_like(weight, 1.0 - amount),
        "invert": 1.0 - 2.0 * hit.float(),
    }
    return Monitor(weight * factors[kind], bias.squeeze())


class Point(NamedTuple):
    """Of a hallucination curve: percent of dreams, and of other pictures, taken for real.

    amount: of damage, 0 to 1.
    """

    amount: float
    dreams: float
    pictures: float


@torch.inference_mode()
def hallucination_curve(
    encoder: Encoder,
    dreams: torch.Tensor,
    pictures: torch.Tensor,
    kind: Lesion,
    amounts: Sequence[float],
    seed: int,
) -> list[Point]:
    """How often dreams, and other pictures, are taken for real as *d* is damaged.

    Args:
        dreams, pictures: (N, 3, 32, 32) and (M, 3, 32, 32) in [−1, 1]; photographs should be
            taken for real, recalled memories, which G made, should not.
    """
    inner, outer = encoder.trunk(dreams), encoder.trunk(pictures)
    found = []
    for amount in amounts:
        damaged = monitor(encoder, kind, amount, seed)
        shares = (100 * damaged.taken_for_real(features) for features in (inner, outer))
        found.append(Point(amount, *shares))
    return found


@dataclass(frozen=True)
class Replay:
    """What a hippocampus gives to dream of.

    latents: (N, Z); places: of the memory that each is or was, (N,).
    """

    latents: torch.Tensor
    places: torch.Tensor


@torch.inference_mode()
def replay(
    memories: Memories, n: int, kind: Damage, amount: float, seed: int, label: int = 0
) -> Replay:
    """Replay n memories from a damaged hippocampus.

    Args:
        kind: 'noise': each has noise of up to ``MOST_NOISE`` times the spread of each dimension;
            'pairings': a share of its components comes each from
            another memory, so that what belonged together no longer does; 'one_class': that
            share of what is replayed is of the class ``label`` instead; 'few': only
            M^(1 − amount) of M memories are left to draw from.
        amount: from 0, healthy, to 1.
        seed: of the memories and all that is drawn. More of an amount keeps what was lost before.
        label: of the class that is over-represented, which has to have a memory.

    Raises:
        PadError: another kind, an amount outside of 0 to 1, too few memories, or none of the class.
    """
    _check(kind, DAMAGES, "A damage", amount)
    available = len(memories)
    places = pick_memories(available, n, seed, "replay")
    random = generator(seed, "damage", kind)
    if kind == "few":
        left = max(1, round(available ** (1.0 - amount)))
        order = torch.randperm(available, generator=random)
        places = places if left == available else order[places % left]
    if kind == "one_class":
        members = (memories.labels.cpu() == label).nonzero().flatten()
        if len(members) == 0:
            raise PadError(f"No memory of the class {label} is stored.")
        others = members[torch.randint(len(members), (n,), generator=random)]
        places = torch.where(torch.rand(n, generator=random) < amount, others, places)
    latents = memories.latents[places.to(memories.latents.device)]
    if kind == "noise":
        noise = torch.randn(latents.shape, generator=random).to(latents.device)
        latents = latents + amount * MOST_NOISE * memories.latents.std(dim=0) * noise
    if kind == "pairings":
        shape, device = latents.shape, latents.device
        swapped = torch.rand(shape, generator=random).to(device) < amount
        others = torch.randint(available, shape, generator=random).to(device)
        latents = torch.where(swapped, memories.latents.gather(0, others), latents)
    return Replay(latents, places)


def _check(kind: str, known: Sequence[str], what: str, amount: float) -> None:
    if kind not in known:
        raise PadError(f"{what} is {', '.join(known)}, not {kind!r}.")
    if not 0.0 <= amount <= 1.0:
        raise PadError(f"An amount of damage lies between 0 and 1, not {amount}.")
