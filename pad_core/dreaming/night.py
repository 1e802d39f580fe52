"""A dream night: many REM dreams, and a filter that forgets most of them.

Kong and Aarabi (2023, §IV) hold that a dreaming machine needs more than dreams: neurons that
release melanin-concentrating hormone make a sleeper forget most of them, and emotional ones pass.
Which measures stand for that here, and how they are weighed, is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch

from pad_core.checkpoint.file import Memories
from pad_core.dreaming.goals import INDEXED, Goal, Seen, objective
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.model.condition import Mixture
from pad_core.model.dreams import rem_dreams
from pad_core.system.randomness import MAX_SEED, generator

BATCH = 50  # dreams of a step
MEASURES = ("realness", "novelty", "coherence", "salience")


class Dreams(NamedTuple):
    """The N dreams of a night.

    images: (N, 3, 32, 32) in [−1, 1]; encoded: what the encoder makes of each, (N, Z);
    realness: d, (N,); first, second: places of the memories mixed, (N,).
    """

    images: torch.Tensor
    encoded: torch.Tensor
    realness: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor


@dataclass(frozen=True)
class Scores:
    """What a night's dreams are like; (N,) each.

    realness: d, 0 to 1; novelty: distance from an encoded dream to the nearest memory, in units of
    the memories' own spacing; coherence: the probe's probability of its likeliest class, the
    reference world that a sleeping prefrontal cortex ignores; salience: how much there is in it of
    what the viewer marked as emotional, 0 to 1; 0 where nothing is.
    """

    realness: torch.Tensor
    novelty: torch.Tensor
    coherence: torch.Tensor
    salience: torch.Tensor


@dataclass(frozen=True)
class Weights:
    """How much each measure keeps a dream from being forgotten; below 0 it is held against it."""

    realness: float = 1.0
    novelty: float = 1.0
    coherence: float = 1.0
    salience: float = 1.0


@dataclass(frozen=True)
class Morning:
    """What is left of a night.

    kept: places of the dreams that are remembered, the strongest first; strength: of each dream,
    (N,); shares: what each measure adds to it, (N, 4) in the order of MEASURES; threshold: the
    strength of the last dream kept.
    """

    kept: torch.Tensor
    strength: torch.Tensor
    shares: torch.Tensor
    threshold: float

    def reason(self, place: int) -> str:
        """The measure that decided most for a dream that was kept, or against one that wasn't.

        It is compared with the mean dream, whose ranks are all ½.
        """
        mean = self.shares.mean(dim=0)
        apart = self.shares[place] - mean
        kept = bool((self.kept == place).any())
        return MEASURES[int(apart.argmax() if kept else apart.argmin())]


def dreaming(
    reader: Reader, memories: Memories, n: int, mixture: Mixture, seed: int
) -> Iterator[Dreams]:
    """A night of n REM dreams as it grows, ``BATCH`` dreams a step.

    Memories are drawn with replacement. A longer night begins with the dreams of a shorter one
    where these are whole steps.

    Raises:
        PadError: no memories, or fewer than one dream.
    """
    if len(memories) == 0 or n < 1:
        raise PadError(f"A night of {n} dreams of {len(memories)} memories holds nothing.")
    night: Dreams | None = None
    for start in range(0, n, BATCH):
        new = _some(reader, memories, min(BATCH, n - start), mixture, seed, start)
        night = new if night is None else Dreams(*map(torch.cat, zip(night, new, strict=True)))
        yield night


def dream(reader: Reader, memories: Memories, n: int, mixture: Mixture, seed: int) -> Dreams:
    """A whole night of n dreams; see ``dreaming``."""
    *_, night = dreaming(reader, memories, n, mixture, seed)
    return night


@torch.inference_mode()
def _some(
    reader: Reader, memories: Memories, n: int, mixture: Mixture, seed: int, start: int
) -> Dreams:
    random = generator(seed, "night", start)
    first, second = torch.randint(len(memories), (2, n), generator=random)
    noise = int(torch.randint(MAX_SEED, (1,), generator=random))
    one, other = memories.latents[first], memories.latents[second]
    found = rem_dreams(reader.network.networks, one, other, mixture, noise)
    return Dreams(found.dreams, found.encoded, found.realness, first, second)


def score(reader: Reader, dreams: Dreams, marked: Sequence[Goal] = ()) -> Scores:
    """Score dreams.

    Args:
        marked: what the viewer calls emotional: classes of the probe, and units or components of
            latent space, whose upper ends are meant. A dream is as salient as its most salient
            trait: the probability of a class, or the share of a normal distribution with the
            memories' mean and spread that lies below it along a direction.

    Raises:
        PadError: a class, unit or component that the network hasn't, or d, which is scored anyway.
    """
    readings = reader.interpret(dreams.encoded, dreams.realness.numpy())
    probabilities = torch.from_numpy(readings.probabilities)
    novelty = torch.from_numpy(readings.distance)
    salience = _salience(reader, dreams, marked)
    return Scores(dreams.realness, novelty, probabilities.amax(dim=1), salience)


def remember(scores: Scores, weights: Weights, forgetting: float) -> Morning:
    """Forget all but the strongest dreams.

    A dream's strength is the weighted sum of its ranks, 0 for the least of the night and 1 for
    the most, in each measure: units do not matter, and no measure outweighs another by its
    spread. Equal values share their mean rank; of equal strengths, the earlier dream is kept.

    Args:
        forgetting: the share forgotten, from 0 to below 1; at least one dream is kept.

    Raises:
        PadError: a share outside of that.
    """
    if not 0.0 <= forgetting < 1.0:
        raise PadError(f"The share forgotten lies from 0 to below 1, not {forgetting}.")
    ranks = torch.stack([_ranks(getattr(scores, name)) for name in MEASURES], dim=1)
    shares = ranks * torch.tensor([getattr(weights, f.name) for f in fields(weights)])
    strength = shares.sum(dim=1)
    wanted = max(1, round((1.0 - forgetting) * len(strength)))
    kept = strength.argsort(descending=True, stable=True)[:wanted]
    return Morning(kept, strength, shares, float(strength[kept[-1]]))


def diversity(encoded: torch.Tensor) -> float:
    """Mean distance between encoded dreams (N, Z), N ≥ 2, over all pairs."""
    return float(torch.pdist(encoded.float()).mean())


def _salience(reader: Reader, dreams: Dreams, marked: Sequence[Goal]) -> torch.Tensor:
    traits = [torch.zeros(len(dreams.encoded))]
    seen = Seen(dreams.images, dreams.encoded, dreams.realness.logit())
    for goal in marked:
        if goal.kind not in INDEXED:
            raise PadError(f"Classes, units and components can be emotional, not {str(goal)!r}.")
        found = objective(reader, goal)(seen)  # log-odds of a class, or standard deviations
        traits.append(found.sigmoid() if goal.kind == "class" else torch.special.ndtr(found))
    return torch.stack(traits).amax(dim=0)


def _ranks(values: torch.Tensor) -> torch.Tensor:
    """Ranks of (N,) from 0 to 1, equal values sharing their mean; ½ where all are equal."""
    if len(values) == 1:
        return torch.full((1,), 0.5)
    _, place, counts = values.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).float()
    return ((last - (counts.float() + 1) / 2)[place]) / (len(values) - 1)
