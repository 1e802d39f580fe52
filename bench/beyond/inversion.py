"""Inversion: how near does a search for z come, from several starts?"""

from __future__ import annotations

from collections import defaultdict

import torch

from bench.beyond.common import SEEDS, images, networks, print_table, spread
from pad_core.data.images import to_unit
from pad_core.dreaming.ascent import State, Step
from pad_core.dreaming.goals import likeness
from pad_core.dreaming.lucid import PICTURE_RATE, inversion_starts, rem_start, steer
from pad_core.dreaming.reader import Reader

STEPS, N = 100, 3
STARTS = ("E(x)", "nearest memory", "prior", "best of four")


@torch.inference_mode(False)
def measure() -> None:
    """Print the tables."""
    photographs = to_unit(images().test.images[:N])
    readers = [Reader.fit(network) for name in SEEDS for network in networks(name)[:2]]
    of_photographs: dict[str, list[list[float]]] = defaultdict(list)
    of_dreams: dict[str, list[list[float]]] = defaultdict(list)
    for reader in readers:
        name = reader.network.condition.name
        of_photographs[name].append(_found(reader, photographs)[0])
        planted = rem_start(reader.network, "test", seed=0)[:N]
        errors, latents = _found(reader, reader.network.generate(planted).clone())
        apart = [(part - planted).norm(dim=1) / planted.norm(dim=1) for part in latents]
        of_dreams[name].append([*errors, *(float(one.mean()) for one in apart)])
    starts = [f"{when} {start}" for start in STARTS for when in ("at", "from")][:-2]
    head = ("condition", "n", *starts, STARTS[-1])
    print_table(
        f"Photographs, {N} of the test set: root mean square error in levels of 255, at the start "
        f"and after {STEPS} steps",
        head,
        _rows(of_photographs),
    )
    print_table(
        f"The same of {N} REM dreams, whose z is known; ‖z′ − z‖/‖z‖ at E(x), and in the end from "
        "E(x) and of the best",
        (*head, "z at E(x)", "z from E(x)", "z of the best"),
        _rows(of_dreams),
    )


def _found(reader: Reader, pictures: torch.Tensor) -> tuple[list[float], list[torch.Tensor]]:
    """Mean errors at and from each start and of the best; latents at E(x), from it, the best."""
    starts = torch.cat(
        [inversion_starts(reader, x, seed=i, n=4)[0] for i, x in enumerate(pictures)]
    )
    target = pictures.repeat_interleave(4, dim=0)
    first = last = None
    for step in steer(reader, State.start(starts), likeness(target), 0.0, PICTURE_RATE):
        first = first or step
        last = step
        if step.number == STEPS:
            break
    assert first is not None and last is not None
    before, after = _levels(first), _levels(last)
    best = after.min(dim=1)
    cells: list[float] = []
    for columns in ([0], [1], [2, 3]):
        cells += [float(before[:, columns].mean()), float(after[:, columns].mean())]
    latents = last.state.parameters.view(len(pictures), 4, -1)
    chosen = latents[torch.arange(len(pictures)), best.indices]
    return [*cells, float(best.values.mean())], [
        starts.view_as(latents)[:, 0],
        latents[:, 0],
        chosen,
    ]


def _levels(step: Step) -> torch.Tensor:
    """Root mean square errors of each picture's four starts, in levels of 0 to 255: (N, 4)."""
    return ((-step.value).sqrt() * 127.5).view(-1, 4)


def _rows(found: dict[str, list[list[float]]]) -> list[list[str]]:
    rows = []
    for name, networks_ in found.items():
        columns = zip(*networks_, strict=True)
        cells = [spread(c, 1 if i < 7 else 2) for i, c in enumerate(columns)]
        rows.append([name, str(len(networks_)), *cells])
    return rows
