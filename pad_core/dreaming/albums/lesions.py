"""Dreams and the judgement of them when *d* or the hippocampus is damaged."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pad_core.checkpoint.file import Memories, PadNetwork
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings
from pad_core.dreaming.albums.bands import SEED, SPLIT, Band, N, album
from pad_core.dreaming.lesions import (
    DAMAGES,
    LESIONS,
    Point,
    Replay,
    hallucination_curve,
    monitor,
    replay,
)
from pad_core.errors import PadError
from pad_core.model.dreams import RemDreams, pick_memories, rem_dreams

N_CURVE = 100  # dreams, and recalled memories, of the curve
AMOUNTS = tuple(i / 20 for i in range(21))

SETTINGS = {
    "split": SPLIT,
    "seed": SEED,
    "lesion": Setting("invert", LESIONS, "what is done to d"),
    "hurt": Setting(0.5, (0.0, 1.0), "share of d's synapses that it is done to"),
    "damage": Setting("pairings", DAMAGES, "what is done to the hippocampus"),
    "harm": Setting(0.5, (0.0, 1.0), "how much of that, 0 for none"),
    "over": Setting(0, range(100_000), "the class over-represented, from 0"),
}


@torch.inference_mode()
def bands(network: PadNetwork, settings: Settings) -> list[Band]:
    """Healthy and damaged replay, REM dreams of both, and d before and after its lesion."""
    encoder = network.networks.encoder
    hurt = monitor(encoder, settings["lesion"], settings["hurt"], settings["seed"])
    sound, ill = (_replay(network, settings, amount) for amount in (0.0, settings["harm"]))
    names, labels = network.class_names, network.memories[settings["split"]].labels

    def memories(replayed: Replay, name: str, title: str, text: str) -> Band:
        shown, places = replayed.latents[: _n(replayed)], replayed.places[: _n(replayed)]
        captions = [names[label] for label in labels[places]]
        return Band(name, title, text, network.generate(shown), captions)

    def dreams(replayed: Replay, name: str, title: str, text: str) -> Band:
        found = _dream(network, replayed, settings["seed"])
        if not network.condition.trains_discriminator:
            return Band(name, title, text, found.dreams)
        after = hurt.realness(encoder.trunk(found.dreams)).tolist()
        pairs = list(zip(found.realness.tolist(), after, strict=True))
        captions = [f"d {a:.2f} → {b:.2f}" for a, b in pairs]
        notes = ["taken for real" if b > 0.5 else "" for _, b in pairs]
        return Band(name, title, text, found.dreams, captions, notes, after)

    return [
        memories(sound, "healthy", "Replayed", "by a healthy hippocampus"),
        dreams(sound, "dream", "REM dream", "d, healthy → hurt"),
        memories(ill, "damaged", "Replayed, damaged", "what is left of it"),
        dreams(ill, "nightmare", "REM dream of that", "d, healthy → hurt"),
    ]


@torch.inference_mode()
def curve(network: PadNetwork, settings: Settings) -> dict[str, list[Point]]:
    """Hallucination curves of each lesion, of healthy dreams and of recalled memories.

    Raises:
        PadError: a network that never trained d, or too few memories.
    """
    if not network.condition.trains_discriminator:
        raise PadError("This network never trained d: whether it hallucinates can't be asked.")
    memories, seed = network.memories[settings["split"]], settings["seed"]
    n = _at_most(N_CURVE, memories)
    one, other = memories.latents[pick_memories(len(memories), 2 * n, seed, "curve")].split(n)
    dreams = rem_dreams(network.networks, one, other, network.condition.rem_mixture, seed).dreams
    pictures = network.generate(one)
    encoder = network.networks.encoder
    return {
        kind: hallucination_curve(encoder, dreams, pictures, kind, AMOUNTS, seed)
        for kind in LESIONS
    }


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """The album of one network; its facts have the curves, where d was trained."""
    network = networks[0]
    curves = curve(network, settings) if network.condition.trains_discriminator else {}
    facts = {kind: [point._asdict() for point in points] for kind, points in curves.items()}
    return album(bands(network, settings), {"hallucinations": facts})


def _replay(network: PadNetwork, settings: Settings, amount: float) -> Replay:
    memories = network.memories[settings["split"]]
    n = _at_most(N, memories)
    return replay(memories, 2 * n, settings["damage"], amount, settings["seed"], settings["over"])


def _at_most(wanted: int, memories: Memories) -> int:
    """How many dreams of two memories each there can be; PadError for none."""
    n = min(wanted, len(memories) // 2)
    if n == 0:
        raise PadError(f"This network stores {len(memories)} such memories; a dream mixes two.")
    return n


def _n(replayed: Replay) -> int:
    return len(replayed.latents) // 2


def _dream(network: PadNetwork, replayed: Replay, seed: int) -> RemDreams:
    one, other = replayed.latents.split(_n(replayed))
    return rem_dreams(network.networks, one, other, network.condition.rem_mixture, seed)


KIND = Kind("dreams under lesions of d and of the hippocampus", SETTINGS, make, many=False)
