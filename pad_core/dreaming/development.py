"""The dreaming development: the same memories, dreamed of at several epochs of one training.

PAD's authors predict that activity in sleep becomes like that of wakefulness with learning, while
REM's stays apart from it (Discussion, 'Signatures of generative learning'); they add that the
dreams of children begin plain and become full of life.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.checkpoint.schema import Header
from pad_core.data.images import as_unit
from pad_core.dreaming.hopfield import OCCLUSION_PX
from pad_core.errors import PadError
from pad_core.evaluation.state_similarity import (
    LAYERS,
    PAIRS,
    activities,
    pattern_correlation,
    state_images,
)
from pad_core.model.condition import Mixture
from pad_core.model.dreams import nrem_dreams, rem_dreams
from pad_core.model.networks import Networks, build_networks

INTENSITY = 0.3  # share of squares that NREM's dreams lose


@dataclass(frozen=True)
class Stage:
    """B memories asleep at one epoch; images (B, 3, 32, 32) in [−1, 1].

    recalled: G(z); perturbed: NREM's dream, partly occluded; dreamed: REM's; realness: d of
    that, (B,).
    """

    epoch: int
    recalled: torch.Tensor
    perturbed: torch.Tensor
    dreamed: torch.Tensor
    realness: torch.Tensor


def stages(headers: Mapping[str, Header], key: str) -> dict[int, str]:
    """The checkpoints of the same recipe, data and seed as ``key``, itself among them, by epoch.

    Of several of one epoch the first listed is taken, but for ``key`` itself.
    """
    wanted = _training_of(headers[key])
    found = {headers[key].epoch: key}
    for other, header in headers.items():
        if _training_of(header) == wanted:
            found.setdefault(header.epoch, other)
    return dict(sorted(found.items()))


def newborn(network: PadNetwork) -> Networks:
    """The networks before any experience, as the training's seed made them.

    Raises:
        PadError: a network that was trained elsewhere, so that its seed is not known.
    """
    if not network.header.recipe:
        raise PadError(f"{network.path.name} does not say from which seed it was trained.")
    networks = build_networks(network.header.seed)
    for part in networks:
        part.eval().requires_grad_(False).to(network.device)
    return networks


@torch.inference_mode()
def stage(
    networks: Networks,
    epoch: int,
    current: torch.Tensor,
    previous: torch.Tensor,
    mixture: Mixture,
    seed: int,
) -> Stage:
    """Dream of memories (B, Z) and those that they mix with, with the same masks and noise."""
    nrem = nrem_dreams(networks, current, INTENSITY, OCCLUSION_PX, seed)
    rem = rem_dreams(networks, current, previous, mixture, seed)
    return Stage(epoch, nrem.dreams, nrem.occluded, rem.dreams, rem.realness)


@torch.inference_mode()
def likeness(
    networks: Networks, images: torch.Tensor, mixture: Mixture, seed: int
) -> dict[str, dict[str, float]]:
    """How alike activity is in sleep and in Wake: layer → 'wake-nrem', 'wake-rem', 'nrem-rem'.

    Pearson's correlation of the encoder's patterns, that of ``state_similarity``, without the
    other measure that it takes, which would be most of the time.

    Args:
        images: what is seen awake, (N, 3, 32, 32), uint8 or in [−1, 1], N ≥ 3: those of the
            world, or pictures that stand for them.
    """
    seen = state_images(networks, as_unit(images), mixture, seed)
    activity = {state: activities(networks.encoder, shown) for state, shown in seen.items()}
    means = {layer: activity["wake"][layer].mean(dim=0) for layer in LAYERS}
    return {
        layer: {
            f"{a}-{b}": pattern_correlation(activity[a][layer], activity[b][layer], means[layer])
            for a, b in PAIRS
        }
        for layer in LAYERS
    }


def _training_of(header: Header) -> tuple[Any, ...]:
    """What checkpoints of one recipe, data and seed share, whatever the machine and the epochs."""
    free = ("epochs", "device", "torch")
    # Recipes of before there was the field had Adam rest.
    recipe = {"adam_coasts": False} | {k: v for k, v in header.recipe.items() if k not in free}
    data = header.dataset_name, header.dataset.get("n_train")
    return *data, header.condition, header.seed, str(sorted(recipe.items()))
