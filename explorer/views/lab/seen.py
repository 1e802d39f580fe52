"""Real pictures for the Lab's sights, or what a network recalls in their place."""

from __future__ import annotations

import torch

from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import to_unit
from pad_core.data.load import DataSet
from pad_core.model.dreams import pick_memories


def places(network: PadNetwork, split: str, seed: int, n: int) -> torch.Tensor:
    """Places of up to n memories that the seed draws, the same as on the other pages."""
    available = len(network.memories[split])
    drawn = pick_memories(available, min(available, 2 * n), seed, "memories")
    return drawn[:n]


def pictures(
    network: PadNetwork, images: DataSet | None, split: str, at: torch.Tensor
) -> torch.Tensor:
    """Of memories, their photographs or else G(z): (n, 3, 32, 32) in [−1, 1]."""
    memories = network.memories[split]
    if images is None:
        return network.generate(memories.latents[at])
    return to_unit(getattr(images, split).images[memories.indices[at]])
