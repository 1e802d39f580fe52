"""The ablation wall: the same memories, masks and noise through several networks."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from explorer.dreaming.dreams import N_DREAMS, judged, mixture
from explorer.dreaming.memories import memories_of
from explorer.session.choices import Dream
from pad_core.checkpoint.file import Header, Memories, PadNetwork
from pad_core.data.images import picture_grid
from pad_core.model.condition import TABLE_1
from pad_core.model.dreams import nrem_dreams, pick_memories, rem_dreams

N_REPLAYED = N_DREAMS // 2  # in NREM, where each memory takes two pictures


@dataclass(frozen=True)
class Columns:
    """The memories of the wall: z and the z_old that REM mixes with it.

    indices, labels: places in the data set and classes of the N_DREAMS memories and, after
    them, of as many that they are mixed with, (2·N_DREAMS,).
    """

    indices: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True)
class Strip:
    """One network's row: N_DREAMS pictures side by side, uint8 (32, 32·N_DREAMS, 3).

    captions: realness d or error ℓ of each, empty where there is none; levels: d of each, 0 to 1,
    or none: in NREM, and where the network never trained it.
    """

    picture: np.ndarray
    captions: tuple[str, ...]
    levels: Sequence[float] = ()


def columns(network: PadNetwork, dream: Dream) -> Columns:
    """Which memories a network shows: the Dream page's, by split and seed.

    Raises:
        PadError: fewer memories stored than are shown.
    """
    memories, places = _memories(network, dream)
    return Columns(memories.indices[places], memories.labels[places])


def same_images(one: PadNetwork, other: PadNetwork, dream: Dream) -> bool:
    """Whether two networks' memories are latents of the same images, column by column."""
    if not one.header.data.is_same(other.header.data):
        return False
    return torch.equal(columns(one, dream).indices, columns(other, dream).indices)


def strip(network: PadNetwork, dream: Dream, pictures: str) -> Strip:
    """What ``WallChoices.pictures`` asks for: recalled memories, NREM or REM dreams.

    In NREM each of the first memories takes two pictures: occluded, then recovered.
    """
    memories, places = _memories(network, dream)
    current, previous = memories.latents[places].split(N_DREAMS)
    if pictures == "nrem":
        replay = nrem_dreams(network.networks, current, dream.intensity, dream.size_px, dream.seed)
        pairs = torch.stack([replay.occluded, replay.recovered], dim=1)[:N_REPLAYED].flatten(0, 1)
        captions = [text for error in replay.error[:N_REPLAYED] for text in ("", f"ℓ {error:.2f}")]
        return Strip(picture_grid(pairs, N_DREAMS), tuple(captions))
    if pictures == "rem":
        here = mixture(network, dream)
        dreams = rem_dreams(network.networks, current, previous, here, dream.seed)
        images, realness = dreams.dreams, dreams.realness
    else:
        images = network.generate(current)
        realness = network.realness(images)
    if not network.condition.trains_discriminator:
        return Strip(picture_grid(images, N_DREAMS), ("",) * N_DREAMS)
    captions, levels = judged(network, realness.numpy())
    return Strip(picture_grid(images, N_DREAMS), tuple(captions), levels)


def difference(one: Strip, reference: Strip, amplified: int) -> Strip:
    """|one − reference| pixel by pixel, times a factor; black where both agree.

    Its captions give the mean difference of each picture in percent of the pixels' range.
    """
    apart = np.abs(one.picture.astype(int) - reference.picture)
    picture = (apart * amplified).clip(0, 255).astype(np.uint8)
    means = 100 * apart.reshape(len(apart), N_DREAMS, -1).mean(axis=(0, 2)) / 255
    return Strip(picture, tuple(f"Δ {mean:.1f} %" for mean in means))


def lacking(networks: Sequence[PadNetwork]) -> list[str]:
    """Names of the paper's five conditions that none of these networks lived through."""
    here = {network.condition.name for network in networks}
    return [name for name in TABLE_1 if name not in here]


def training_command(header: Header, condition: str) -> str:
    """The command that trains a condition as another network of these images was trained."""
    command = ["python", "-m", "pad_core", "train"]
    command += ["--dataset", str(header.dataset.get("spec", header.dataset_name))]
    command += ["--condition", condition, "--epochs", str(header.epoch)]
    return shlex.join([*command, "--seed", str(header.seed)])


def _memories(network: PadNetwork, dream: Dream) -> tuple[Memories, torch.Tensor]:
    memories = memories_of(network, dream.split)
    return memories, pick_memories(len(memories), 2 * N_DREAMS, dream.seed, "memories")
