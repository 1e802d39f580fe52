"""Lucid dreams as an album: where they begin, and every tenth step of their course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from pad_core.checkpoint.file import SPLITS, PadNetwork
from pad_core.dreaming import lucid
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings, rounded, tiles
from pad_core.dreaming.ascent import Step
from pad_core.dreaming.goals import check_learnt
from pad_core.dreaming.reader import Reader
from pad_core.errors import PadError
from pad_core.system.randomness import MAX_SEED

_EVERY = 10  # steps


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """Eight dreams side by side, a row each tenth step; all their numbers as facts."""
    (network,) = networks
    course = lucid.parse_course(settings["course"])
    if not course:
        raise PadError("The course is empty; give one, such as --set course=class:3,60,0.3")
    for leg in course:
        check_learnt(network, leg.goal)
    reader = Reader.fit(network)
    picture, split = None, settings["split"]
    if any(leg.goal.kind == "picture" for leg in course):
        picture = recalled(network, split, settings["picture"])
    if picture is not None and course[0].goal.kind == "picture":
        latents, _ = lucid.inversion_starts(reader, picture, settings["seed"])
    else:
        places = settings["first"], settings["second"]
        latents = lucid.rem_start(network, split, settings["seed"], *places)
    steps = list(lucid.follow(reader, latents, course, picture))
    shown = [*steps[:-1:_EVERY], steps[-1]]
    pictures = {"course.png": tiles(torch.cat([s.seen.images for s in shown]), len(latents))}
    pictures["dreams.png"] = tiles(steps[-1].seen.images, len(latents))
    return Album(pictures, {"steps": [_facts(reader, network, step) for step in shown]})


def recalled(network: PadNetwork, split: str, place: int) -> torch.Tensor:
    """What the network recalls of a stored memory: (3, 32, 32) in [−1, 1]."""
    memories = network.memories[split]
    if place >= len(memories):
        raise PadError(f"There is no memory {place} among {len(memories)} {split} memories.")
    return network.generate(memories.latents[place : place + 1])[0]


def _facts(reader: Reader, network: PadNetwork, step: Step) -> dict[str, Any]:
    readings = reader.interpret(step.seen.encoded, step.realness.numpy())
    return {
        "value": rounded(step.value),
        "off_prior": rounded(step.cost),
        "realness": rounded(step.realness) if network.condition.trains_discriminator else None,
        "read_as": [name for name, _ in readings.top(network.class_names)],
    }


_PLACES = range(-1, 10_000_000)
KIND = Kind(
    "dreams steered through latent space toward goals",
    {
        "course": Setting(
            "class:0,60,0.3",
            lucid.parse_course,
            f"legs {lucid.LEG}; with ; between, {lucid.MOST_LEGS} at most, of {lucid.MOST_STEPS} "
            "steps in all; the weight is that of the prior, a goal is class:K, unit:K, "
            "component:K, real, unreal or picture",
        ),
        "split": Setting("test", SPLITS, "whose memories"),
        "seed": Setting(0, range(MAX_SEED + 1), "of the memories and the noise"),
        "first": Setting(-1, _PLACES, "the first dream's memory, -1 for the seed's"),
        "second": Setting(-1, _PLACES, "the memory that it is mixed with"),
        "picture": Setting(0, _PLACES[1:], "the memory that the goal 'picture' recalls"),
    },
    make,
    many=False,
)
