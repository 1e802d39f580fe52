"""Walks through dreams, and the numbers of dreams, for files that leave the explorer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from explorer.choices import Choices
from explorer.compute.dreams import recall
from pad_core.checkpoint import Memories, PadNetwork
from pad_core.conditions import Mixture
from pad_core.dreams import nrem_dreams, rem_dreams, walk, walk_along
from pad_core.metrics import principal_components

ALONG = ("lam", "lam_prime", "pc1", "pc2", "pc3")
REACH_SD = 2.5  # how far a walk goes along a component, to either side of the dream


def frames(network: PadNetwork, choices: Choices, along: str, steps: int) -> Iterator[torch.Tensor]:
    """Images (8, 3, 32, 32) of the eight REM dreams at each step of a walk.

    Args:
        along: 'lam': from the first memories to the second; 'lam_prime': from noise to
            memories; 'pc1' to 'pc3': along a principal component of the split's memories, from
            −2.5 to 2.5 of its standard deviations off each dream. The other dials stay.
        steps: how many, 2 or more.
    """
    recalled = recall(network, choices)
    mixture = Mixture(choices.lam, choices.lam_prime, choices.noise_level)
    pair = (network.networks, recalled.current, recalled.previous)
    shares = np.linspace(0.0, 1.0, steps).tolist()
    if along == "lam":
        path = [Mixture(1.0 - s, mixture.lam_prime, mixture.noise_level) for s in shares]
        dreams = walk(*pair, path, choices.seed)
    elif along == "lam_prime":
        path = [Mixture(mixture.lam, s, mixture.noise_level) for s in shares]
        dreams = walk(*pair, path, choices.seed)
    else:
        place = int(along.removeprefix("pc")) - 1
        # In float64, so that the last digit of a sum can't move a pixel.
        memories = network.memories[choices.split].latents.double()
        component = principal_components(memories, place + 1).components[place]
        direction = torch.from_numpy(component)
        sd = float((memories @ direction).std())
        here = rem_dreams(*pair, mixture, choices.seed).latents
        reach = [REACH_SD * sd * (2.0 * s - 1.0) for s in shares]
        dreams = walk_along(network.networks, here, direction.float(), reach)
    for dream in dreams:
        yield dream.dreams


def table(network: PadNetwork, choices: Choices) -> Iterator[dict[str, Any]]:
    """Latents and scores of all that the Dream page shows, one row a picture.

    Rows have 'picture' (what it is), 'place' (1 to 8), 'index', 'label' and 'class' (of the
    memory it comes from, in its data set; of a REM dream the first one's; empty for what the
    checkpoint hasn't stored), 'realness' (d of G(z)), 'nearest_memory_distance' (Euclidean, of
    z to the nearest stored code of the split) and 'z_0' to 'z_255'.
    """
    recalled = recall(network, choices)
    mixture = Mixture(choices.lam, choices.lam_prime, choices.noise_level)
    pair = (network.networks, recalled.current, recalled.previous)
    nrem = nrem_dreams(
        network.networks, recalled.current, choices.intensity, choices.size_px, choices.seed
    )
    kinds = {
        "memory": recalled.current,
        "second memory": recalled.previous,
        "recovered": network.encode(nrem.occluded),
        "REM dream": rem_dreams(*pair, mixture, choices.seed).latents,
    }
    memories = network.memories[choices.split]
    for kind, latents in kinds.items():
        realness = network.realness(network.generate(latents))
        source = recalled.previous if kind == "second memory" else recalled.current
        for i, (z, origin) in enumerate(zip(latents, source, strict=True)):
            yield {
                "picture": kind,
                "place": i + 1,
                **_identity(network, memories, origin),
                "realness": f"{realness[i]:.6f}",
                "nearest_memory_distance": f"{_distances(z, memories).min():.6f}",
                **{f"z_{j}": f"{value:.7g}" for j, value in enumerate(z.tolist())},
            }


def _distances(latent: torch.Tensor, memories: Memories) -> torch.Tensor:
    return (memories.latents.double() - latent.double()).norm(dim=1)


def _identity(network: PadNetwork, memories: Memories, latent: torch.Tensor) -> dict[str, Any]:
    """Which stored memory a latent is: index and label in its data set, and the class's name."""
    distances = _distances(latent, memories)
    place = int(distances.argmin())
    if distances[place] > 0:
        return {"index": "", "label": "", "class": ""}
    label = int(memories.labels[place])
    return {
        "index": int(memories.indices[place]),
        "label": label,
        "class": network.class_names[label],
    }
