"""Lucid dreams: a latent is steered by gradient toward what the dreamer wants to see.

The paper's Discussion ('Adversarial learning and lucid dreaming') supposes that a lucid dreamer
has access to the conductor that sets the target of *d*. To steer by it, by the probe or toward a
picture is ours, and speculative. What is steered is z; what counts is what the network sees in
the dream, E(G(z)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from pad_core.checkpoint.file import Memories, PadNetwork
from pad_core.dreaming.ascent import State, Step, ascend
from pad_core.dreaming.goals import Goal, Objective, Seen, objective
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.model.dreams import pick_memories, rem_latents
from pad_core.system.randomness import generator

RATE = 0.05  # of Adam; a latent's numbers have a standard deviation of about 1
PICTURE_RATE = 0.1  # toward a picture: after 300 steps 10 to 40 % nearer than with RATE
MOST_STEPS, MOST_LEGS = 400, 8
LEG = f"GOAL,STEPS,WEIGHT with STEPS from 1 to {MOST_STEPS}, WEIGHT from 0 to 99.99"
N_DREAMS = 8  # at once
_LEG = re.compile(r"([a-z]+(?::\d+)?),([1-9]\d{0,2}),(\d{1,2}(?:\.\d{1,2})?)")


def steer(
    reader: Reader, state: State, wanted: Objective, weight: float, rate: float = RATE
) -> Iterator[Step]:
    """Steer latents (B, Z) through G, for ever; the start comes first.

    Args:
        weight: of ``off_prior``: 0 leaves the dream free.
    """
    encoder, dreamer = reader.network.networks

    def see(latents: torch.Tensor) -> Seen:
        images = dreamer(latents)
        return Seen(images, *encoder(images))

    return ascend(state, see, wanted, rate, off_prior, weight)


def off_prior(latents: torch.Tensor) -> torch.Tensor:
    """How unlike a draw from the prior N(0, 1) each latent is, (B, Z) → (B,), 0 at best.

    In nats: the Kullback-Leibler divergence of the paper's Eq. 4, of a latent's 256 numbers where
    the paper takes a mini-batch's of one dimension, and summed over these numbers.
    """
    mean, variance = latents.mean(dim=1), latents.var(dim=1)
    apart = mean.square() + variance - 1.0 - variance.clamp_min(1e-12).log()
    return 0.5 * latents.shape[1] * apart


@dataclass(frozen=True)
class Leg:
    """A part of a lucid dream: toward a goal, for some steps, at a weight of the prior."""

    goal: Goal
    steps: int
    weight: float

    def __str__(self) -> str:
        return f"{self.goal},{self.steps},{self.weight:g}"


Course = tuple[Leg, ...]
"""The legs of a lucid dream. A dream that was stopped and steered elsewhere has several."""


def parse_course(text: str) -> Course:
    """A course as its text says, 'class:3,40,0.1;real,60,0': goal, steps and weight of each leg.

    Raises:
        PadError: any other text; too many legs or steps.
    """
    legs = []
    for part in text.split(";") if text else []:
        found = _LEG.fullmatch(part)
        if found is None:
            raise PadError(
                f"A leg is {LEG}, two decimals at most, such as class:3,60,0.1, not {part[:40]!r}."
            )
        legs.append(Leg(Goal.parse(found[1]), int(found[2]), float(found[3])))
    if len(legs) > MOST_LEGS or sum(leg.steps for leg in legs) > MOST_STEPS:
        raise PadError(f"A lucid dream has {MOST_LEGS} legs and {MOST_STEPS} steps at most.")
    return tuple(legs)


def course_text(course: Sequence[Leg]) -> str:
    """The text that ``parse_course`` reads."""
    return ";".join(map(str, course))


def until(course: Course, step: int) -> Course:
    """The course as it was when so many steps were taken."""
    kept: list[Leg] = []
    for leg in course:
        if step <= 0:
            break
        kept.append(Leg(leg.goal, min(step, leg.steps), leg.weight))
        step -= leg.steps
    return tuple(kept)


def follow(
    reader: Reader,
    latents: torch.Tensor,
    course: Course,
    picture: torch.Tensor | None = None,
    known: Sequence[Step] = (),
) -> Iterator[Step]:
    """The steps of a lucid dream, from the start to the end of its last leg.

    Args:
        latents: where it starts, (B, Z).
        picture: what the goal 'picture' means, (3, 32, 32) in [−1, 1].
        known: its first steps, where they are at hand: they are not made again.

    Raises:
        PadError: a goal that the network hasn't.
    """
    wanted = [objective(reader, leg.goal, picture) for leg in course]
    yield from known
    state = known[-1].state if known else State.start(latents)
    told, taken = bool(known), max(0, len(known) - 1)  # ``taken``: of the leg's steps, so far
    for leg, aim in zip(course, wanted, strict=True):
        if taken >= leg.steps:
            taken -= leg.steps
            continue
        if taken == 0:  # a leg begins where the one before it ended, without its momentum
            state = State.start(state.parameters)
        rate = PICTURE_RATE if leg.goal.kind == "picture" else RATE
        for step in steer(reader, state, aim, leg.weight, rate):
            if step.number > taken or not told:
                yield step
            told = True
            if step.number >= leg.steps:
                state = step.state
                break
        taken = 0


def shared_steps(one: Course, other: Course) -> int:
    """How many steps two courses from one start have in common."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if (a.goal, a.weight) != (b.goal, b.weight):
            break
        shared += min(a.steps, b.steps)
        if a.steps != b.steps:
            break
    return shared


def rem_start(
    network: PadNetwork, split: str, seed: int, first: int = -1, second: int = -1
) -> torch.Tensor:
    """Latents of up to N_DREAMS REM dreams, mixed as the network was trained: (n, Z).

    Args:
        split, seed: of the memories and the noise, as everywhere in the explorer.
        first, second: places of the memories that the first dream mixes, or -1 for the seed's.

    Raises:
        PadError: the checkpoint holds fewer than two memories, or not those chosen.
    """
    memories = network.memories[split]
    places = night_places(memories, seed, first, second)
    current, previous = memories.latents[places].chunk(2)
    return rem_latents(current, previous, network.condition.rem_mixture, seed)


def night_places(memories: Memories, seed: int, first: int = -1, second: int = -1) -> torch.Tensor:
    """Places of up to N_DREAMS memories, and after them of as many that REM mixes with them.

    Args and raises as ``rem_start``.
    """
    n = min(N_DREAMS, len(memories) // 2)
    if n == 0 or max(first, second) >= len(memories):
        raise PadError(
            f"There are {len(memories)} stored memories, counted from 0; a dream mixes two of them."
        )
    places = pick_memories(len(memories), 2 * n, seed, "memories")
    for i, place in ((0, first), (n, second)):
        places[i] = place if place >= 0 else places[i]
    return places


def inversion_starts(
    reader: Reader, picture: torch.Tensor, seed: int, n: int = N_DREAMS
) -> tuple[torch.Tensor, tuple[str, ...]]:
    """Where to begin to look for the latent of a picture: E(x), the nearest memory, draws of the
    prior.

    Args:
        picture: (3, 32, 32) in [−1, 1].
        n: starts, 2 or more.

    Returns:
        Latents (n, Z), and what each is.
    """
    code = reader.network.encode(picture[None])
    nearest = torch.cdist(code, reader.memories).argmin()
    drawn = torch.randn((n - 2, code.shape[1]), generator=generator(seed, "inversion"))
    names = ("E(x)", "nearest memory", *(f"prior {i + 1}" for i in range(n - 2)))
    return torch.cat([code, reader.memories[nearest][None], drawn]), names
