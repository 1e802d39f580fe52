"""Lucid dreams: how often is the goal reached, who else sees it, and what becomes of d?"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

import torch

from bench.beyond.common import SEEDS, networks, print_table, spread
from bench.beyond.judges import classifier, own, right, right_by_others
from pad_core.dreaming.ascent import State, Step
from pad_core.dreaming.goals import Goal, Objective, Seen, log_odds, objective
from pad_core.dreaming.lucid import rem_start, steer
from pad_core.dreaming.reader import Reader

STEPS, WEIGHT = 30, 0.3
N = 4  # REM dreams, each steered toward each class
CLASSES = torch.arange(10).repeat_interleave(N)


@torch.inference_mode(False)
def measure() -> None:
    """Print the tables."""
    readers = [Reader.fit(network) for name in SEEDS for network in networks(name)]
    ends = [_toward_classes(reader, WEIGHT) for reader in readers]
    _by_condition(readers, ends)
    _by_class(readers, ends)
    _by_weight(readers, ends)
    _realness(readers)


def _toward_classes(reader: Reader, weight: float) -> tuple[Step, Step]:
    """The first and the last step of N dreams toward each of ten classes."""
    start = rem_start(reader.network, "test", seed=0)[:N].repeat(10, 1)

    def aim(seen: Seen) -> torch.Tensor:
        scores = reader.probe.scores(seen.encoded)
        return torch.cat([log_odds(part, k) for k, part in enumerate(scores.split(N))])

    return _ends(reader, start, aim, weight)


def _ends(reader: Reader, start: torch.Tensor, aim: Objective, weight: float) -> tuple[Step, Step]:
    first, *_, last = islice(steer(reader, State.start(start), aim, weight), STEPS + 1)
    return first, last


def _by_condition(readers: list[Reader], ends: list[tuple[Step, Step]]) -> None:
    found: dict[str, list[list[float]]] = defaultdict(list)
    judge = classifier()
    for i, (reader, (first, last)) in enumerate(zip(readers, ends, strict=True)):
        before, after = first.seen.images, last.seen.images
        distance = reader.interpret(last.seen.encoded, last.realness.numpy()).distance
        found[reader.network.condition.name].append(
            [
                right(own(reader), before, CLASSES),
                right(own(reader), after, CLASSES),
                right_by_others(readers, i, after, CLASSES),
                right(judge, after, CLASSES),
                float(first.realness.mean()),
                float(last.realness.mean()),
                float(last.cost.mean()),
                float(distance.mean()),
            ]
        )
    digits = (1, 1, 1, 1, 2, 2, 1, 2)
    print_table(
        f"{N} REM dreams toward each of ten classes, {STEPS} steps, weight {WEIGHT}",
        ("condition", "n", "read so before, %", "after, %", "by the others' probes, %",
         "by a classifier, %", "d before", "d after", "off the prior, nats", "δ"),
        [
            [name, str(len(rows)), *(spread(c, d) for c, d in zip(zip(*rows, strict=True), digits,
                                                                   strict=True))]
            for name, rows in found.items()
        ],
    )  # fmt: skip


def _by_class(readers: list[Reader], ends: list[tuple[Step, Step]]) -> None:
    names, judge = readers[0].network.class_names, classifier()
    rows = []
    for k, name in enumerate(names):
        mine = slice(N * k, N * k + N)
        cells: dict[str, list[float]] = defaultdict(list)
        for i, (reader, (_, last)) in enumerate(zip(readers, ends, strict=True)):
            if reader.network.condition.name == "pad":
                pictures, wanted = last.seen.images[mine], CLASSES[mine]
                cells["own"].append(right(own(reader), pictures, wanted))
                cells["others"].append(right_by_others(readers, i, pictures, wanted))
                cells["classifier"].append(right(judge, pictures, wanted))
                cells["d"].append(float(last.realness[mine].mean()))
        rows.append([name, *(spread(v, 2 if c == "d" else 0) for c, v in cells.items())])
    head = ("class", "read so, %", "by the others' probes, %", "by a classifier, %", "d")
    print_table("The same of PAD's three networks, class by class", head, rows)


def _by_weight(readers: list[Reader], ends: list[tuple[Step, Step]]) -> None:
    mine = [i for i, reader in enumerate(readers) if reader.network.condition.name == "pad"]
    rows, judge = [], classifier()
    for weight in (0.0, WEIGHT, 3.0):
        last = [
            (ends[i] if weight == WEIGHT else _toward_classes(readers[i], weight))[1] for i in mine
        ]
        rows.append(
            [
                f"{weight:g}",
                spread([float(end.value.mean()) for end in last]),
                spread([float(end.cost.mean()) for end in last]),
                spread([right(own(readers[i]), end.seen.images, CLASSES)
                        for i, end in zip(mine, last, strict=True)]),
                spread([right(judge, end.seen.images, CLASSES) for end in last]),
                spread([float(end.realness.mean()) for end in last], 2),
            ]
        )  # fmt: skip
    head = (
        "weight",
        "log-odds, nats",
        "off the prior, nats",
        "read so, %",
        "by a classifier, %",
        "d",
    )
    print_table("What the weight of the prior does, PAD's three networks", head, rows)


def _realness(readers: list[Reader]) -> None:
    found: dict[str, list[list[float]]] = defaultdict(list)
    for i, reader in enumerate(readers):
        if not reader.network.condition.trains_discriminator:
            continue
        start = rem_start(reader.network, "test", seed=0)
        cells = []
        for kind in ("real", "unreal"):
            aim = objective(reader, Goal(kind))
            first, last = _ends(reader, start, aim, WEIGHT)
            others = [
                float(other.network.realness(last.seen.images).mean())
                for j, other in enumerate(readers)
                if j != i and other.network.condition.trains_discriminator
            ]
            cells += [float(last.realness.mean()), sum(others) / len(others)]
        found[reader.network.condition.name].append([float(first.realness.mean()), *cells])
    print_table(
        f"Eight REM dreams toward higher and lower d, {STEPS} steps, weight {WEIGHT}",
        ("condition", "n", "d before", "d, steered up", "to the others", "d, steered down",
         "to the others"),
        [
            [name, str(len(rows)), *(spread(c, 2) for c in zip(*rows, strict=True))]
            for name, rows in found.items()
        ],
    )  # fmt: skip
