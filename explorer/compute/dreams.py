"""From networks and choices to pictures and numbers; knows nothing of Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from explorer.choices import Choices
from pad_core.checkpoint import PadNetwork
from pad_core.conditions import Mixture
from pad_core.dreams import nrem_dreams, pick_memories, rem_dreams
from pad_core.images import picture_grid

N_DREAMS = 8


@dataclass(frozen=True)
class Recalled:
    """Eight memories and the eight they mix with in REM, all different.

    current, previous: z and z_old, (8, 256); classes, previous_classes: their class names;
    picture: G(z) side by side, uint8 (32, 256, 3).
    """

    current: torch.Tensor
    previous: torch.Tensor
    classes: tuple[str, ...]
    previous_classes: tuple[str, ...]
    picture: np.ndarray


@dataclass(frozen=True)
class Perturbed:
    """NREM: occluded dreams above recovered ones, uint8 (64, 256, 3); error of each, (8,)."""

    picture: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class Adversarial:
    """REM: G(z_old) above the dreams, uint8 (64, 256, 3); realness d of each dream, (8,)."""

    picture: np.ndarray
    realness: np.ndarray


def recall(network: PadNetwork, choices: Choices) -> Recalled:
    """Choose memories by split and seed and recall them.

    Raises:
        PadError: the checkpoint holds fewer than sixteen memories of the split.
    """
    memories = network.memories[choices.split]
    places = pick_memories(len(memories), 2 * N_DREAMS, choices.seed, "memories")
    current, previous = memories.latents[places].split(N_DREAMS)
    names = tuple(network.class_names[label] for label in memories.labels[places])
    return Recalled(
        current,
        previous,
        names[:N_DREAMS],
        names[N_DREAMS:],
        picture_grid(network.generate(current), N_DREAMS),
    )


def perturb(network: PadNetwork, recalled: Recalled, choices: Choices) -> Perturbed:
    """NREM: occlude the recalled memories and let the network recover them."""
    dreams = nrem_dreams(
        network.networks, recalled.current, choices.intensity, choices.size_px, choices.seed
    )
    rows = torch.cat([dreams.occluded, dreams.recovered])
    return Perturbed(picture_grid(rows, N_DREAMS), dreams.error.numpy())


def mix(network: PadNetwork, recalled: Recalled, choices: Choices) -> Adversarial:
    """REM: dream of mixed memories and noise."""
    mixture = Mixture(choices.lam, choices.lam_prime, choices.noise_level)
    dreams = rem_dreams(
        network.networks, recalled.current, recalled.previous, mixture, choices.seed
    )
    rows = torch.cat([network.generate(recalled.previous), dreams.dreams])
    return Adversarial(picture_grid(rows, N_DREAMS), dreams.realness.numpy())
