"""Hybrids: dreams of two classes, and how much they are of both.

Kong and Aarabi (2023, §IV) see what sets dreams apart from waking imagination in images of people
and animals in which both are combined. REM's mixture of two memories is PAD's; measuring how
hybrid a dream is, and searching for the most hybrid ones, is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import torch

from pad_core.checkpoint.file import Memories
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.model.condition import Mixture
from pad_core.model.dreams import pick_memories, rem_dreams
from pad_core.system.randomness import generator

_BATCH = 64  # dreams that a step of the search tries


def hybridness(
    probabilities: torch.Tensor, first: torch.Tensor, second: torch.Tensor
) -> torch.Tensor:
    """2 · min(p₁, p₂): 1 where two classes share all probability equally, 0 where one has none.

    It is what both classes have together less what either has more than the other.

    Args:
        probabilities: of a classifier, (B, K); first, second: the two classes of each, int64 (B,).
    """
    one = probabilities.gather(1, first[:, None])
    other = probabilities.gather(1, second[:, None])
    return 2.0 * torch.minimum(one, other).flatten()


class Hybrids(NamedTuple):
    """B dreams of two classes each.

    images: (B, 3, 32, 32) in [−1, 1]; latents: Z_mix, (B, Z); realness: d, (B,); first, second:
    places of the memories mixed, (B,); classes: of these, (B, 2); probabilities: of the probe,
    (B, K); hybridness: by them, (B,).
    """

    images: torch.Tensor
    latents: torch.Tensor
    realness: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor
    classes: torch.Tensor
    probabilities: torch.Tensor
    hybridness: torch.Tensor

    def at(self, places: torch.Tensor) -> Hybrids:
        """Those at some places, in that order."""
        return Hybrids(*(values[places] for values in self))


@torch.inference_mode()
def hybrids(
    reader: Reader,
    memories: Memories,
    first: torch.Tensor,
    second: torch.Tensor,
    mixture: Mixture,
    seed: int,
) -> Hybrids:
    """Dream of pairs of memories and measure how hybrid each dream is.

    Args:
        memories: of which ``first`` and ``second`` are places, (B,) each.
        mixture: λ is the share of the first.
        seed: of the noise.
    """
    latents, labels = memories.latents, memories.labels
    dreams = rem_dreams(reader.network.networks, latents[first], latents[second], mixture, seed)
    probabilities = reader.probe.probabilities(dreams.encoded)
    classes = torch.stack([labels[first], labels[second]], dim=1)
    both = hybridness(probabilities, classes[:, 0], classes[:, 1])
    return Hybrids(
        dreams.dreams,
        dreams.latents,
        dreams.realness,
        first,
        second,
        classes,
        probabilities,
        both,
    )


def matrix(reader: Reader, memories: Memories, mixture: Mixture, seed: int) -> Hybrids:
    """A dream of each pair of classes: K² of them, row by row of the first memory's class.

    One memory of each class, drawn by the seed, is the first of its row, another one the second
    of its column, so that the diagonal mixes two memories of one class.

    Raises:
        PadError: a class without two memories.
    """
    pairs = [members(memories, k, 2, seed) for k in range(len(reader.network.class_names))]
    chosen = torch.stack(pairs)
    n = len(chosen)
    first = chosen[:, 0].repeat_interleave(n)
    return hybrids(reader, memories, first, chosen[:, 1].repeat(n), mixture, seed)


def of_classes(
    reader: Reader,
    memories: Memories,
    classes: tuple[int, int],
    n: int,
    mixture: Mixture,
    seed: int,
) -> Hybrids:
    """n dreams of memories of two classes, each pair of memories and noise of its own.

    Raises:
        PadError: the same class twice, or a class with fewer memories than dreams.
    """
    _check_classes(classes)
    first, second = (members(memories, k, n, seed) for k in classes)
    return hybrids(reader, memories, first, second, mixture, seed)


@dataclass(frozen=True)
class Found:
    """The most hybrid dreams of a search after some steps.

    best: most hybrid first; tried: dreams so far.
    """

    best: Hybrids
    tried: int


def search(
    reader: Reader,
    memories: Memories,
    classes: tuple[int, int],
    wanted: int,
    mixture: Mixture,
    seed: int,
) -> Iterator[Found]:
    """Look for the most hybrid dreams of two classes among pairs of memories and noise, for ever.

    Each step tries as many new pairs, drawn with replacement, with new noise, and keeps the best
    of all so far: what is found never becomes less hybrid.

    Raises:
        PadError: the same class twice, or a class without memories.
    """
    _check_classes(classes)
    places = [_members(memories, k) for k in classes]
    best: Hybrids | None = None
    for step in count():
        random = generator(seed, "hybrid search", step)
        first, second = (
            some[torch.randint(len(some), (_BATCH,), generator=random)] for some in places
        )
        noise = int(torch.randint(2**31, (1,), generator=random))
        new = hybrids(reader, memories, first, second, mixture, noise)
        known = new if best is None else Hybrids(*map(torch.cat, zip(best, new, strict=True)))
        best = known.at(known.hybridness.argsort(descending=True, stable=True)[:wanted])
        yield Found(best, (step + 1) * _BATCH)


def members(memories: Memories, label: int, n: int, seed: int) -> torch.Tensor:
    """Places of n different memories of a class, by seed; PadError where there are fewer."""
    places = _members(memories, label)
    return places[pick_memories(len(places), n, seed, f"class {label}")]


def _members(memories: Memories, label: int) -> torch.Tensor:
    places = (memories.labels == label).nonzero().flatten().cpu()
    if len(places) == 0:
        raise PadError(f"No memory of class {label} is stored, so that none can be mixed.")
    return places


def _check_classes(classes: tuple[int, int]) -> None:
    if classes[0] == classes[1]:
        raise PadError("A hybrid is of two different classes; choose another second one.")
