"""Deep dreams as an album: for each network where it begins, half-way and the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import torch

from pad_core.checkpoint.file import SPLITS, PadNetwork
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings, rounded, tiles
from pad_core.dreaming.ascent import Step
from pad_core.dreaming.canvas import SIDES_PX, Canvas, Palette
from pad_core.dreaming.deepdream import (
    CONTRAST,
    STARTS,
    in_pixels,
    noise_latents,
    palette_of,
    through_generator,
)
from pad_core.dreaming.goals import Goal, check_learnt, objective
from pad_core.dreaming.reader import Reader
from pad_core.model.dreams import pick_memories
from pad_core.system.randomness import MAX_SEED

_N = 8  # pictures of each network


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """A PNG of each network, from the same noise and colours; values as facts."""
    goal = Goal.parse(settings["goal"])
    for network in networks:
        check_learnt(network, goal)
    pictures, facts, palette = {}, [], None
    for i, network in enumerate(networks):
        reader = Reader.fit(network)
        palette = palette or palette_of(reader)  # the first network's: the same noise for all
        steps = list(islice(_climb(reader, settings, palette), settings["steps"] + 1))
        shown = [steps[0], steps[len(steps) // 2], steps[-1]]
        images = torch.cat([step.seen.images for step in shown])
        pictures[f"{i + 1}-{network.path.stem}.png"] = tiles(images, _N)
        facts.append({"network": network.name, "value": [rounded(s.value) for s in shown]})
    return Album(pictures, {"steps": facts})


def _climb(reader: Reader, settings: Settings, palette: Palette) -> Iterator[Step]:
    network, seed = reader.network, settings["seed"]
    aim = objective(reader, Goal.parse(settings["goal"]))
    memories = network.memories[settings["split"]]
    latents = None
    if settings["begin"] == "memory":
        latents = memories.latents[pick_memories(len(memories), _N, seed, "memories")]
    if settings["through"] == "generator":
        start = noise_latents(_N, seed) if latents is None else latents
        return through_generator(reader, start, aim, settings["prior"])
    canvas = Canvas(palette, settings["side"])
    if latents is None:
        return in_pixels(reader, canvas, canvas.noise(_N, CONTRAST, seed), aim, seed)
    return in_pixels(reader, canvas, canvas.parameters(network.generate(latents)), aim, seed)


KIND = Kind(
    "pictures that drive a class, d, a unit or a component most, in pixels or through G",
    {
        "goal": Setting("class:0", Goal.parse, "class:K, unit:K, component:K, real or unreal"),
        "steps": Setting(60, range(1, 401), "of the ascent"),
        "through": Setting("pixels", ("pixels", "generator"), "what climbs"),
        "begin": Setting("noise", STARTS, "with what"),
        "side": Setting(32, SIDES_PX, "of the canvas in pixels, where pixels climb"),
        "prior": Setting(0.0, (0.0, 100.0), "weight of the prior, through the generator"),
        "split": Setting("test", SPLITS, "whose memories"),
        "seed": Setting(0, range(MAX_SEED + 1), "of the noise, the jitter and the memories"),
    },
    make,
)
