"""A unit as an album: the memories that drive it most and least, and dreams in which it is held."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pad_core.checkpoint.file import SPLITS, PadNetwork
from pad_core.dreaming.albums.album import Album, Kind, Setting, Settings, tiles
from pad_core.dreaming.lucid import rem_start
from pad_core.dreaming.reader import Reader
from pad_core.dreaming.units import DRIVEN_SD, intervene, unit
from pad_core.model.networks import LATENT_SIZE
from pad_core.system.randomness import MAX_SEED

_SHOWN = 8


def make(networks: Sequence[PadNetwork], settings: Settings) -> Album:
    """Two PNGs of each network: recalled memories, and dreams, a row each value."""
    pictures, facts = {}, []
    for i, network in enumerate(networks):
        reader = Reader.fit(network)
        found = unit(reader, settings["unit"])
        at = torch.cat([found.order[:_SHOWN], found.order[-_SHOWN:].flip(0)])
        latents = rem_start(network, settings["split"], settings["seed"])
        held = torch.cat([one.images for one in intervene(reader, latents, found.index)])
        name = f"{i + 1}-{network.path.stem}"
        pictures[f"{name}-memories.png"] = tiles(network.generate(reader.memories[at]), _SHOWN)
        pictures[f"{name}-held.png"] = tiles(held, len(latents))
        facts.append(
            {
                "network": network.name,
                "preferred": network.class_names[found.preferred],
                "d_prime": round(found.d_prime, 4),
                "explained": round(found.explained, 4),
                "held_at_sd": list(DRIVEN_SD),
            }
        )
    return Album(pictures, {"units": facts})


KIND = Kind(
    "the memories that drive a unit of z most and least, and dreams in which it is held",
    {
        "unit": Setting(0, range(LATENT_SIZE), "of z"),
        "split": Setting("test", SPLITS, "whose memories the dreams mix"),
        "seed": Setting(0, range(MAX_SEED + 1), "of the dreams"),
    },
    make,
)
