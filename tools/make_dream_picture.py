"""Make docs/dreams.png, the picture at the top of the README, from a shipped checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

import pad_core
from pad_core.data.images import picture_grid, png_bytes
from pad_core.model.dreams import nrem_dreams, pick_memories, rem_dreams

N, SEED, SCALE = 10, 0, 3


def main() -> None:
    network = pad_core.load(sys.argv[1])
    memories = network.memories["test"].latents
    places = pick_memories(len(memories), 2 * N, SEED, "memories")
    current, previous = memories[places].split(N)
    nrem = nrem_dreams(network.networks, current, 0.4, 4, SEED)
    rem = rem_dreams(network.networks, current, previous, network.condition.rem_mixture, SEED)
    rows = torch.cat([nrem.dreams, nrem.occluded, nrem.recovered, rem.dreams])
    picture = picture_grid(rows, columns=N, gap_px=2, background=255)
    margin = np.pad(picture, ((2, 2), (2, 2), (0, 0)), constant_values=255)
    Path("docs/dreams.png").write_bytes(png_bytes(margin, SCALE))


if __name__ == "__main__":
    main()
