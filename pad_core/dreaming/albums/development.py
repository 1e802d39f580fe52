"""The dreaming development: dreams of the same memories at the epochs that are at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch

from pad_core.checkpoint.file import PadNetwork, load, load_header
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings
from pad_core.dreaming.albums.bands import SEED, SPLIT, Band, album, pairs
from pad_core.dreaming.development import Stage, likeness, newborn, stage, stages
from pad_core.errors import PadError
from pad_core.model.dreams import pick_memories
from pad_core.model.networks import Networks, encode_all

N_COMPARED = 64  # pictures that activity is compared on
LAYERS = ("conv1", "z")
SLEEPS = ("rem", "nrem", "recalled")

SETTINGS = {
    "split": SPLIT,
    "seed": SEED,
    "asleep": Setting("rem", SLEEPS, "which dreams"),
}


class Age(NamedTuple):
    """One epoch: dreams, and how like Wake's the activity in sleep is, layer by layer.

    alike: empty until it is measured.
    """

    stage: Stage
    alike: Mapping[str, Mapping[str, float]]


def ages(network: PadNetwork, others: Sequence[PadNetwork], settings: Settings) -> Iterator[Age]:
    """The network before any experience, at other epochs of its training, and as it is.

    Pictures that the grown network recalls stand for what is seen awake: a checkpoint holds no
    photographs. The unborn network has no memories; it encodes those pictures. Each epoch comes
    twice: its dreams, and once more when its activity has been compared.

    Args:
        others: checkpoints of the same training.
    """
    split, seed, mixture = settings["split"], settings["seed"], network.condition.rem_mixture
    memories = network.memories[split]
    places = torch.cat(pairs(memories, seed))
    n = min(N_COMPARED, len(memories))
    seen = network.generate(memories.latents[pick_memories(len(memories), n, seed, "seen")])
    grown = sorted([network, *others], key=lambda one: one.header.epoch)
    lived: list[tuple[int, Networks, torch.Tensor]] = [
        (one.header.epoch, one.networks, one.memories[split].latents[places]) for one in grown
    ]
    try:
        unborn = newborn(network)
    except PadError:
        pass
    else:
        recalled = network.generate(memories.latents[places])
        lived.insert(0, (0, unborn, encode_all(unborn.encoder, recalled)))
    for epoch, networks, latents in lived:
        current, previous = latents.split(len(places) // 2)
        dreams = stage(networks, epoch, current, previous, mixture, seed)
        yield Age(dreams, {})
        yield Age(dreams, likeness(networks, seen, mixture, seed))


def bands(network: PadNetwork, found: Iterable[Age], settings: Settings) -> list[Band]:
    """A band an epoch, of the last that was found of it."""
    pictures = {"rem": "dreamed", "nrem": "perturbed", "recalled": "recalled"}[settings["asleep"]]
    judged = network.condition.trains_discriminator and settings["asleep"] == "rem"
    shown = []
    for epoch, age in _last(found).items():
        captions = [f"d {d:.2f}" for d in age.stage.realness] if judged and epoch else ()
        name = f"Epoch {epoch}" if epoch else "Before any experience"
        images = getattr(age.stage, pictures)
        shown.append(Band(f"epoch-{epoch}", name, told(age), images, captions))
    return shown


def told(age: Age) -> str:
    """How like Wake's sleep's activity is, in a line: 'z: NREM 0.93, REM 0.50'; or nothing yet."""
    parts = []
    for layer in LAYERS if age.alike else ():
        found = age.alike[layer]
        parts.append(f"{layer}: NREM {found['wake-nrem']:.2f}, REM {found['wake-rem']:.2f}")
    return "; ".join(parts)


def siblings(network: PadNetwork) -> list[PadNetwork]:
    """Checkpoints of the same training in the same folder, those with as many memories."""
    headers = {}
    for path in sorted(network.path.parent.glob("*.safetensors")):
        try:
            headers[str(path)] = load_header(path)
        except PadError:
            continue  # another kind of file, or a damaged one, is no sibling
    known = str(network.path)
    if known not in headers:
        return []
    found = [load(path) for path in stages(headers, known).values() if path != known]
    return alike(network, found)


def alike(network: PadNetwork, others: Sequence[PadNetwork]) -> list[PadNetwork]:
    """Those that store memories of the same images as the network."""
    return [
        one
        for one in others
        if all(
            torch.equal(one.memories[split].indices, network.memories[split].indices)
            for split in ("train", "test")
        )
    ]


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """The album of one network and of its siblings in its folder."""
    network = networks[0]
    found = list(ages(network, siblings(network), settings))
    facts = {
        str(epoch): {layer: dict(values) for layer, values in age.alike.items()}
        for epoch, age in _last(found).items()
    }
    return album(bands(network, found, settings), {"correlation": facts})


def _last(found: Iterable[Age]) -> dict[int, Age]:
    return {age.stage.epoch: age for age in found}


KIND = Kind("dreams of the same memories over the epochs of training", SETTINGS, make, many=False)
