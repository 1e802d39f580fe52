"""Metamers: how near do other pictures come to an encoding, and who sees through them?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

import torch

from bench.beyond.common import SEEDS, images, networks, print_table, spread
from bench.beyond.judges import classifier
from pad_core.data.images import to_unit
from pad_core.dreaming.canvas import Canvas, Palette
from pad_core.dreaming.metamers import CONTRAST, TOLERANCE, judge, seek, unlike
from pad_core.dreaming.reader import Reader

STEPS, N = 80, 8


@torch.inference_mode(False)
def measure() -> None:
    """Print the tables."""
    data = images()
    pictures = to_unit(data.test.images[:N])
    canvas = Canvas(Palette.of(to_unit(data.train.images[:500])))
    readers = [Reader.fit(network) for name in SEEDS for network in networks(name)]
    names = [reader.network.condition.name for reader in readers]
    starts = {
        "noise": canvas.noise(N, CONTRAST, 0),
        "other pictures": canvas.parameters(pictures.roll(1, 0)),
    }
    look = classifier()
    for begin, start in starts.items():
        made, rows = [], defaultdict(list)
        for reader in readers:
            codes = reader.network.encode(pictures)
            *_, last = islice(seek(reader, canvas, codes, start), STEPS + 1)
            made.append(last.seen.images)
        for i, (reader, found) in enumerate(zip(readers, made, strict=True)):
            own = judge(reader, pictures, found)
            others = [judge(r, pictures, found) for j, r in enumerate(readers) if j != i]
            same = _mean(other.same_class.double() for other in others)
            with torch.inference_mode():
                classified = (look(pictures) == look(found)).double()
            rows[names[i]].append(
                [
                    float(own.distance.mean()),
                    100 * float((own.distance < TOLERANCE).double().mean()),
                    float(unlike(pictures, found).mean()),
                    100 * float(own.same_class.double().mean()),
                    _mean(other.distance for other in others),
                    100 * same,
                    100 * _mean(other.passed for other in others),
                    100 * float(classified.mean()),
                ]
            )
        print_table(
            f"{N} test photographs, metamers begin with {begin}, {STEPS} steps",
            ("condition", "n", "δ reached", f"below {TOLERANCE:g}, %", "1 − correlation",
             "same class, own probe, %", "δ to the others", "same class, others, %",
             "memories farther, others, %", "same class, classifier, %"),
            [
                [name, str(len(cells)), *(spread(c, d) for c, d in zip(
                    zip(*cells, strict=True), (3, 0, 2, 0, 2, 0, 0, 0), strict=True))]
                for name, cells in rows.items()
            ],
        )  # fmt: skip
        _matrix(begin, readers, names, pictures, made)


def _matrix(
    begin: str,
    readers: list[Reader],
    names: list[str],
    pictures: torch.Tensor,
    made: list[torch.Tensor],
) -> None:
    """δ of the row's metamers to the column's networks, the maker itself left out."""
    rows = []
    for maker in SEEDS:
        row = [maker]
        for judging in SEEDS:
            apart = [
                float(judge(readers[j], pictures, made[i]).distance.mean())
                for i, one in enumerate(names) for j, other in enumerate(names)
                if one == maker and other == judging and i != j
            ]  # fmt: skip
            row.append(spread(apart, 2))
        rows.append(row)
    print_table(f"δ, begun with {begin}: metamers of (row) to (column)", ("", *SEEDS), rows)


def _mean(values: Iterable[torch.Tensor]) -> float:
    return float(torch.stack([value.double().mean() for value in values]).mean())
