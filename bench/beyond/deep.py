"""Deep dreams: which way of climbing makes pictures of a class that others recognise?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

import torch

from bench.beyond.common import SEEDS, networks, print_table, spread
from bench.beyond.judges import classifier, own, right, right_by_others
from pad_core.dreaming.ascent import Step
from pad_core.dreaming.canvas import Canvas, Palette
from pad_core.dreaming.deepdream import (
    CONTRAST,
    in_pixels,
    noise_latents,
    palette_of,
    through_generator,
)
from pad_core.dreaming.goals import Objective, Seen, log_odds
from pad_core.dreaming.reader import Reader

STEPS, N = 30, 2  # pictures of each class
CLASSES = torch.arange(10).repeat_interleave(N)
PLAIN = Palette(torch.zeros(3), torch.eye(3) * 0.5)
METHODS = ("plain pixels", "Fourier, colours, jitter", "through G")


@torch.inference_mode(False)
def measure() -> None:
    """Print the table."""
    readers = [Reader.fit(network) for name in SEEDS for network in networks(name)]
    judge = classifier()
    rows = []
    for method in METHODS:
        found: dict[str, list[list[float]]] = defaultdict(list)
        for i, reader in enumerate(readers):
            first, *_, last = islice(_climb(reader, method), STEPS + 1)
            pictures = last.seen.images
            cells = [
                float(first.value.mean()),
                float(last.value.mean()),
                right(own(reader), pictures, CLASSES),
                right_by_others(readers, i, pictures, CLASSES),
                right(judge, pictures, CLASSES),
                float(last.realness.mean()),
            ]
            found[reader.network.condition.name].append(cells)
        for name, networks_ in found.items():
            columns = zip(*networks_, strict=True)
            cells_ = [spread(c, 2 if j == 5 else 1) for j, c in enumerate(columns)]
            rows.append([method, name, str(len(networks_)), *cells_])
    print_table(
        f"{N} pictures of each of ten classes, {STEPS} steps, from noise",
        ("climb", "condition", "n", "log-odds before", "after", "read so, %",
         "by the others' probes, %", "by a classifier, %", "d"),
        rows,
    )  # fmt: skip


def _climb(reader: Reader, method: str) -> Iterator[Step]:
    def aim(seen: Seen) -> torch.Tensor:
        scores = reader.probe.scores(seen.encoded)
        return torch.cat([log_odds(part, k) for k, part in enumerate(scores.split(N))])

    wanted: Objective = aim
    if method == METHODS[2]:
        latents = noise_latents(N, 0).repeat(10, 1)
        return through_generator(reader, latents, wanted)
    plain = method == METHODS[0]
    canvas = Canvas(PLAIN, decay=0.0) if plain else Canvas(palette_of(reader))
    start = canvas.noise(N, CONTRAST, 0).repeat(10, 1, 1, 1, 1)
    return in_pixels(reader, canvas, start, wanted, 0, jitter_px=0 if plain else 3)
