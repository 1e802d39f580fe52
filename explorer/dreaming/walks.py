"""Walks through dreams, and tables of dreams' numbers, for exported files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from explorer.dreaming.dreams import Recalled, mixture, replay
from explorer.dreaming.memories import memories_of, names_of
from explorer.session.choices import Dream
from pad_core.checkpoint.file import Memories, PadNetwork
from pad_core.dreaming.reader import Reader
from pad_core.evaluation.formulas import principal_components
from pad_core.model.dreams import rem_dreams, walk, walk_along

ALONG = ("lam", "lam_prime", "pc1", "pc2", "pc3")
REACH_SD = 2.5  # length of a walk along a component, to either side of the dream


def frames(
    network: PadNetwork, recalled: Recalled, dream: Dream, along: str, steps: int
) -> Iterator[torch.Tensor]:
    """Images (N, 3, 32, 32) of the REM dreams, for each step of a walk.

    Args:
        along: 'lam': from the first memories to the second; 'lam_prime': from noise to
            memories; 'pc1' to 'pc3': along a principal component of the split's memories, from
            −2.5 to 2.5 of its standard deviations off each dream. The other dials stay.
        steps: how many, 2 or more.
    """
    here = mixture(network, dream)
    pair = (network.networks, recalled.current, recalled.previous)
    shares = np.linspace(0.0, 1.0, steps).tolist()
    if along == "lam":
        path = [replace(here, lam=1.0 - s) for s in shares]
        dreams = walk(*pair, path, dream.seed)
    elif along == "lam_prime":
        path = [replace(here, lam_prime=s) for s in shares]
        dreams = walk(*pair, path, dream.seed)
    else:
        place = int(along.removeprefix("pc")) - 1
        # In float64, so that rounding can't change a pixel.
        memories = network.memories[dream.stored.split].latents.double()
        component = principal_components(memories, place + 1).components[place]
        direction = torch.from_numpy(component)
        sd = float((memories @ direction).std())
        middle = rem_dreams(*pair, here, dream.seed).latents
        reach = [REACH_SD * sd * (2.0 * s - 1.0) for s in shares]
        dreams = walk_along(network.networks, middle, direction.float(), reach)
    for step in dreams:
        yield step.dreams


def table(network: PadNetwork, recalled: Recalled, dream: Dream) -> Iterator[dict[str, Any]]:
    """Latents and scores of all pictures on the Dream page, one row a picture.

    Rows have 'picture' (what it is), 'place' (1 to N), 'index', 'label' and 'class' (of the
    memory it comes from, in its data set; of a REM dream the first one's; empty for an uploaded
    picture), 'realness' (empty where nothing trained it), 'read_as', 'probability' and
    'nearest_memory_distance' (what the network reads in the picture, see ``Readings``), and 'z_0'
    to 'z_255' (what it is made of).
    """
    pair = (network.networks, recalled.current, recalled.previous)
    nrem = replay(network, recalled, dream)
    kinds = {
        "memory": recalled.current,
        "second memory": recalled.previous,
        "recovered": network.encode(nrem.occluded),
        "REM dream": rem_dreams(*pair, mixture(network, dream), dream.seed).latents,
    }
    memories, reader = memories_of(network, dream.split), Reader.fit(network)
    class_names = names_of(network, dream.split)
    trained = network.condition.trains_discriminator
    for kind, latents in kinds.items():
        readings = reader.read(network.generate(latents))
        tops = readings.top(network.class_names)
        places = recalled.previous_places if kind == "second memory" else recalled.places
        for i, (z, place) in enumerate(zip(latents, places, strict=True)):
            read_as, probability = tops[i]
            yield {
                "picture": kind,
                "place": i + 1,
                **_identity(class_names, memories, place),
                "realness": f"{readings.realness[i]:.6f}" if trained else "",
                "read_as": read_as,
                "probability": f"{probability:.6f}",
                "nearest_memory_distance": f"{readings.distance[i]:.6f}",
                **{f"z_{j}": f"{value:.7g}" for j, value in enumerate(z.tolist())},
            }


def _identity(class_names: Sequence[str], memories: Memories, place: int) -> dict[str, Any]:
    if place < 0:
        return {"index": "", "label": "", "class": ""}
    label = int(memories.labels[place])
    return {
        "index": int(memories.indices[place]),
        "label": label,
        "class": class_names[label],
    }
