"""Compute a viewer's dreams: from a network and choices to pictures and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from explorer.dreaming.memories import memories_of, names_of
from explorer.session.choices import PICTURE, Dream
from pad_core.checkpoint.file import Memories, PadNetwork
from pad_core.data.images import SIDE_PX, picture_grid
from pad_core.errors import PadError
from pad_core.model.condition import Mixture
from pad_core.model.dreams import (
    SQUARES,
    NremDreams,
    nrem_dreams,
    pick_memories,
    rem_dreams,
    rem_plane,
)

N_DREAMS = 8
N_NIGHTS = 8  # rows of 'many dreams'
PLANE_STEPS = 11  # along λ and along λ′, from 0 to 1
Pictures = Mapping[str, torch.Tensor]
"""Pictures that a viewer uploaded as memory 'first' or 'second': uint8 (3, 32, 32)."""


@dataclass(frozen=True)
class Recalled:
    """N ≤ 8 memories and the N they mix with in REM.

    current, previous: z and z_old, (N, 256); places, previous_places: of each among the
    split's memories, or PICTURE; classes, previous_classes: their names; picture, previous_picture:
    G(z) and G(z_old) side by side, uint8 (32, 32·N, 3).
    """

    current: torch.Tensor
    previous: torch.Tensor
    places: tuple[int, ...]
    previous_places: tuple[int, ...]
    classes: tuple[str, ...]
    previous_classes: tuple[str, ...]
    picture: np.ndarray
    previous_picture: np.ndarray

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True)
class Perturbed:
    """NREM: perturbed dreams above recovered ones, uint8 (64, 32·N, 3); the error of each, (N,)."""

    picture: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class Adversarial:
    """REM dreams.

    images: (M, 3, 32, 32) in [−1, 1]; encoded: what the encoder makes of each, (M, Z); realness:
    d of each, (M,); picture: of them all, N to a row, from ``mix`` below a row of G(z_old).
    """

    images: torch.Tensor
    encoded: torch.Tensor
    picture: np.ndarray
    realness: np.ndarray


def judged(network: PadNetwork, realness: np.ndarray) -> tuple[list[str], list[float]]:
    """*d* of pictures as captions and bars; 'd –' and no bars if it was never trained."""
    if not network.condition.trains_discriminator:
        return ["d –"] * len(realness), []
    return [f"d {d:.2f}" for d in realness], [float(d) for d in realness]


def recall(network: PadNetwork, dream: Dream, pictures: Pictures | None = None) -> Recalled:
    """Choose memories by split and seed, or by the viewer's choice of A and B, and recall them.

    A and B are the first memory and the first one to mix with. A picture that isn't in
    ``pictures`` (an address can't carry it) is replaced by the seed's choice.

    Raises:
        PadError: the checkpoint lacks two memories of the split, or the chosen ones.
    """
    memories = memories_of(network, dream.split)
    class_names = names_of(network, dream.split)
    n = min(N_DREAMS, len(memories) // 2)
    if n == 0:
        raise PadError(
            f"This network stores {len(memories)} {dream.split} memories; a dream mixes two."
        )
    places = pick_memories(len(memories), 2 * n, dream.seed, "memories")
    latents = memories.latents[places]
    names = [class_names[label] for label in memories.labels[places]]
    shown: list[int] = places.tolist()
    for i, name in ((0, "first"), (n, "second")):
        place = getattr(dream, name)
        check_place(place, memories, dream.split)
        if place == PICTURE and pictures and name in pictures:
            latents[i] = network.encode(pictures[name][None])[0]
            shown[i], names[i] = PICTURE, "your picture"
        elif place >= 0:
            latents[i] = memories.latents[place]
            shown[i], names[i] = place, class_names[memories.labels[place]]
    current, previous = latents.split(n)
    return Recalled(
        current,
        previous,
        tuple(shown[:n]),
        tuple(shown[n:]),
        tuple(names[:n]),
        tuple(names[n:]),
        picture_grid(network.generate(current), n),
        picture_grid(network.generate(previous), n),
    )


def check_place(place: int, memories: Memories, split: str) -> None:
    """PadError if a place is beyond the stored memories."""
    if place >= len(memories):
        raise PadError(
            f"There is no memory {place} among {len(memories)} {split} memories; they count from 0."
        )


def seen(
    network: PadNetwork,
    recalled: Recalled,
    dream: Dream,
    images: torch.Tensor | None,
    pictures: Pictures | None = None,
) -> np.ndarray | None:
    """The memories' images, side by side: uint8 (32, 32·N, 3).

    Args:
        images: of the split, uint8 (M, 3, 32, 32), or None if they are not on this machine.

    Returns:
        None if none of them is here; single missing ones are grey.
    """
    places = [("first", place) for place in recalled.places]
    return _seen(network, places, dream, images, pictures)


def seen_pair(
    network: PadNetwork,
    recalled: Recalled,
    dream: Dream,
    images: torch.Tensor | None,
    pictures: Pictures | None = None,
) -> np.ndarray | None:
    """The images of A and B, as ``seen``: uint8 (32, 64, 3)."""
    places = [("first", recalled.places[0]), ("second", recalled.previous_places[0])]
    return _seen(network, places, dream, images, pictures)


def _seen(
    network: PadNetwork,
    places: Sequence[tuple[str, int]],
    dream: Dream,
    images: torch.Tensor | None,
    pictures: Pictures | None,
) -> np.ndarray | None:
    indices = memories_of(network, dream.split).indices
    rows = torch.full((len(places), 3, 32, 32), 128, dtype=torch.uint8)
    found = False
    for i, (name, place) in enumerate(places):
        if place == PICTURE and pictures and name in pictures:
            rows[i], found = pictures[name], True
        elif place >= 0 and images is not None:
            rows[i], found = images[indices[place]], True
    return picture_grid(rows, len(places)) if found else None


def blank(n: int) -> np.ndarray:
    """Grey in place of n images that are on their way: uint8 (32, 32·n, 3)."""
    return np.full((SIDE_PX, SIDE_PX * n, 3), 128, np.uint8)


def perturb(network: PadNetwork, recalled: Recalled, dream: Dream) -> Perturbed:
    """NREM: perturb the recalled memories, and have the network recover them."""
    dreams = replay(network, recalled, dream)
    rows = torch.cat([dreams.occluded, dreams.recovered])
    return Perturbed(picture_grid(rows, len(recalled)), dreams.error.numpy())


def replay(network: PadNetwork, recalled: Recalled, dream: Dream) -> NremDreams:
    """The recalled memories in NREM: occluded, or perturbed as the network's condition does."""
    kinds = network.condition.perturbation
    return nrem_dreams(
        network.networks, recalled.current, dream.intensity, dream.size_px, dream.seed, kinds
    )


def occludes(network: PadNetwork) -> bool:
    """Whether squares alone perturb the network's dreams in NREM, as in the paper."""
    return network.condition.perturbation == SQUARES


def mix(network: PadNetwork, recalled: Recalled, dream: Dream, nights: int = 1) -> Adversarial:
    """REM: dream of mixed memories and noise.

    Args:
        nights: rows of dreams of the same memories, each with its own noise; their number does
            not change the first one.
    """
    dreams = rem_dreams(
        network.networks,
        recalled.current.repeat(nights, 1),
        recalled.previous.repeat(nights, 1),
        mixture(network, dream),
        dream.seed,
    )
    rows = picture_grid(dreams.dreams, len(recalled))
    picture = np.vstack([recalled.previous_picture, rows])
    return Adversarial(dreams.dreams, dreams.encoded, picture, dreams.realness.numpy())


def plane(network: PadNetwork, recalled: Recalled, noise_level: float, seed: int) -> Adversarial:
    """Dreams of A and B over the plane of mixtures: λ grows along a row, λ′ falls down a column.

    Both take ``PLANE_STEPS`` values from 0 to 1, at one σ (``noise_level``) and seed.
    """
    steps = [i / (PLANE_STEPS - 1) for i in range(PLANE_STEPS)]
    mixing = network.condition.mixing
    dreams = rem_plane(
        network.networks,
        recalled.current[:1],
        recalled.previous[:1],
        [Mixture(lam, share, noise_level, mixing) for share in steps[::-1] for lam in steps],
        seed,
    )
    picture = picture_grid(dreams.dreams, PLANE_STEPS)
    return Adversarial(dreams.dreams, dreams.encoded, picture, dreams.realness.numpy())


def mixture(network: PadNetwork, dream: Dream) -> Mixture:
    """The viewer's mixture, by the method of the network's condition."""
    return Mixture(dream.lam, dream.lam_prime, dream.noise_level, network.condition.mixing)
