"""How long the Lab's sights of sleep take until there is a first picture.

    python -m bench.explorer_sleep [--quick]

Each row is what the server computes from a loaded network to the page's HTML, on one thread, as
it gives a viewer. The network's probe, which a viewer's first sight fits once, is a row of its own.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from bench.checkpoints import different
from bench.measure import (
    Result,
    arguments,
    as_the_explorer,
    device_and_threads,
    in_turn,
    p95,
    report,
    row,
)
from explorer.views.lab.rows import as_html
from pad_core.checkpoint.file import PadNetwork, load
from pad_core.dreaming.albums import KINDS, development, hybrids, lesions, night, recall
from pad_core.dreaming.albums.album import choose
from pad_core.dreaming.albums.bands import Band
from pad_core.dreaming.reader import Reader

CPU = torch.device("cpu")


def first_pictures(network: PadNetwork, n: int) -> list[Result]:
    """Seconds to the first picture of each sight; a new seed each time."""
    reader = Reader.fit(network)
    seeds = itertools.count()

    def task(kind: str, show: Callable[[dict[str, Any]], Sequence[Band]], **given: Any) -> Any:
        return lambda: as_html(kind, show(choose(KINDS[kind], {"seed": next(seeds), **given})))

    def searched(settings: dict[str, Any]) -> Sequence[Band]:
        found = next(hybrids.looking(reader, settings))
        return hybrids.found_bands(reader, found, settings)

    def asleep(settings: dict[str, Any]) -> Sequence[Band]:
        dreams = next(night.nights(reader, settings))
        return night.bands(reader, dreams, *night.morning(reader, dreams, settings))

    def grown(settings: dict[str, Any]) -> Sequence[Band]:
        age = next(development.ages(network, [], settings))
        return development.bands(network, [age], settings)

    tasks = {
        "the network's probe, fitted once": lambda: Reader.fit(network),
        "hybrids, 100 dreams": task("hybrids", lambda s: hybrids.matrix_bands(reader, s)),
        "hybrids, a search's first step": task("hybrids", searched, kin="search"),
        "a night's first 50 dreams": task("night", asleep),
        "lesions": task("lesions", lambda s: lesions.bands(network, s)),
        "lesions, the curves below": lambda: lesions.curve(
            network, choose(lesions.KIND, {"seed": next(seeds)})
        ),
        "recall": task("recall", lambda s: recall.bands(network, s)),
        "development, the first epoch": task("development", grown),
    }
    names = {f"task{i}": name for i, name in enumerate(tasks)}
    seconds = in_turn(n, CPU, **dict(zip(names, tasks.values(), strict=True)))
    where = device_and_threads(CPU)
    found = []
    for key, name in names.items():
        found.append(row(f"Lab: {name}, median", "s", seconds[key], where))
        found.append(row(f"Lab: {name}, p95 of {n}", "s", [p95(seconds[key])], where))
    return found


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    as_the_explorer()
    with tempfile.TemporaryDirectory() as scratch:
        network = load(different(Path(scratch), 1)[0])
        found = first_pictures(network, 2 if options.quick else 20)
    report(found, options.out)


if __name__ == "__main__":
    main()
