"""Units: how selective are single numbers of z, and does a dream follow a unit that is held?"""

from __future__ import annotations

from collections import defaultdict

import torch
from scipy.stats import f

from bench.beyond.common import SEEDS, networks, print_table, spread
from pad_core.dreaming.lucid import rem_start
from pad_core.dreaming.reader import Reader
from pad_core.dreaming.units import explained, intervene, see

HELD_SD = 4.0
EVERY = 8  # of the 256 units are held


def measure() -> None:
    """Print the table."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    for name in SEEDS:
        for network in networks(name):
            found[name].append(_of(Reader.fit(network)))
    print_table(
        "3,000 memories of each network; every eighth unit held at 4 SD, and at its mean, in eight "
        "REM dreams",
        ("condition", "n", "η², mean", "η², greatest", "units above chance, %", "gain",
         "encoding moves, driven", "silenced", "class read changes, driven, %", "silenced, %"),
        [
            [name, str(len(rows)), *(spread(c, d) for c, d in zip(
                zip(*rows, strict=True), (3, 3, 1, 2, 2, 2, 1, 1), strict=True))]
            for name, rows in found.items()
        ],
    )  # fmt: skip


def _of(reader: Reader) -> list[float]:
    share = explained(reader.memories, reader.labels)
    # Where classes mean nothing, η²/(1 − η²) · (M − K)/(K − 1) has an F distribution.
    between, within = len(reader.network.class_names) - 1, len(reader.labels) - 10
    rare = float(f.isf(0.05 / share.numel(), between, within)) * between
    chance = rare / (rare + within)
    dreams = see(reader, rem_start(reader.network, "test", seed=0))
    before = reader.probe.predict(dreams.encoded)
    latents = rem_start(reader.network, "test", seed=0)
    gains, moved, changed = [], {0.0: [], HELD_SD: []}, {0.0: [], HELD_SD: []}
    for index in range(0, reader.memories.shape[1], EVERY):
        low, silent, high = intervene(reader, latents, index, (-HELD_SD, 0.0, HELD_SD))
        gain = (high.encoded - low.encoded)[:, index].mean() / reader.memories[:, index].std()
        gains.append(float(gain) / (2 * HELD_SD))
        for value, held in ((0.0, silent), (HELD_SD, high)):
            apart = (held.encoded - dreams.encoded).norm(dim=1).mean() / reader.spacing
            moved[value].append(float(apart))
            other = (reader.probe.predict(held.encoded) != before).double().mean()
            changed[value].append(100 * float(other))
    means = [torch.tensor(v).mean().item() for v in (gains, moved[HELD_SD], moved[0.0],
                                                     changed[HELD_SD], changed[0.0])]  # fmt: skip
    above = 100 * float((share > chance).double().mean())
    return [float(share.mean()), float(share.max()), above, *means]
