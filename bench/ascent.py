"""How long a step of an ascent takes, and the first picture of each sight of the Lab.

    python -m bench.ascent [--quick]

On the server, with one thread, as the explorer has it. A first picture is timed from the loaded
network, its probe not yet fitted, to pictures as arrays; the browser comes on top.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch

from bench.checkpoints import different
from bench.measure import (
    MatrixProduct,
    Result,
    arguments,
    device_and_threads,
    flops_of,
    in_turn,
    p95,
    report,
    row,
)
from pad_core.checkpoint.file import PadNetwork, load
from pad_core.data.images import picture_grid
from pad_core.dreaming.ascent import State, Step
from pad_core.dreaming.canvas import Canvas
from pad_core.dreaming.deepdream import CONTRAST, in_pixels, palette_of
from pad_core.dreaming.goals import Goal, objective
from pad_core.dreaming.lucid import rem_start, steer
from pad_core.dreaming.metamers import seek
from pad_core.dreaming.reader import Reader
from pad_core.dreaming.units import intervene, unit

CPU = torch.device("cpu")
CLASS = Goal("class", 3)


def climbs(reader: Reader) -> dict[str, Iterator[Step]]:
    """Ascents without end, by what they are called in the table."""
    palette, aim = palette_of(reader), objective(reader, CLASS)
    small, large = Canvas(palette), Canvas(palette, 64)
    latents = rem_start(reader.network, "test", seed=0)
    return {
        "eight pictures of 32×32, pixels, with jitter": in_pixels(
            reader, small, small.noise(8, CONTRAST, 0), aim, 0
        ),
        "four pictures of 64×64, pixels, with jitter": in_pixels(
            reader, large, large.noise(4, CONTRAST, 0), aim, 0
        ),
        "eight dreams through G": steer(reader, State.start(latents), aim, 0.3),
        "eight metamers": seek(reader, small, reader.memories[:8], small.noise(8, CONTRAST, 0)),
    }


def steps(reader: Reader, n: int, product: MatrixProduct) -> list[Result]:
    """A step of each ascent beside the arithmetic that it takes."""
    found, where = [], device_and_threads(CPU)
    for name, climb in climbs(reader).items():
        next(climb)
        flops = flops_of(lambda climb=climb: next(climb))
        seconds = in_turn(n, CPU, step=lambda climb=climb: next(climb), product=product)
        milliseconds = [1000 * s for s in seconds["step"]]
        floor = [1000 * flops * s / product.flops for s in seconds["product"]]
        of = "its arithmetic at an fp32 matrix product's rate"
        title = f"a step of ascent, {name}"
        found.append(row(f"{title}, median", "ms", milliseconds, where, None, floor, of))
        found.append(row(f"{title}, p95 of {n}", "ms", [p95(milliseconds)], where))
    return found


def firsts(network: PadNetwork, n: int) -> list[Result]:
    """The first picture of each sight, its probe's fit in it."""

    def lucid() -> object:
        reader = Reader.fit(network)
        start = State.start(rem_start(network, "test", seed=0))
        (step,) = islice(steer(reader, start, objective(reader, CLASS), 0.3), 1)
        return picture_grid(step.seen.images, 8)

    def deep() -> object:
        reader = Reader.fit(network)
        canvas = Canvas(palette_of(reader))
        start = canvas.noise(8, CONTRAST, 0)
        (step,) = islice(in_pixels(reader, canvas, start, objective(reader, CLASS), 0), 1)
        return picture_grid(step.seen.images, 8)

    def units() -> object:
        reader = Reader.fit(network)
        found = unit(reader, 7)
        at = torch.cat([found.order[:8], found.order[-8:]])
        held = intervene(reader, rem_start(network, "test", seed=0), 7, (0.0, 4.0))
        images = [network.generate(reader.memories[at]), *(one.images for one in held)]
        return picture_grid(torch.cat(images), 8)

    def metamers() -> object:
        reader = Reader.fit(network)
        pictures = network.generate(network.memories["test"].latents[:8])
        canvas = Canvas(palette_of(reader, pictures))
        climb = seek(reader, canvas, network.encode(pictures), canvas.noise(8, 0.5, 0))
        (step,) = islice(climb, 1)
        return picture_grid(step.seen.images, 8)

    tasks = {"lucid": lucid, "deep": deep, "units": units, "metamers": metamers}
    seconds = in_turn(n, CPU, **tasks)
    return [
        row(f"Lab, {name}: first picture", "ms", [1000 * s for s in seconds[name]],
            device_and_threads(CPU))
        for name in tasks
    ]  # fmt: skip


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(1)  # as the explorer does
    with tempfile.TemporaryDirectory() as scratch:
        network = load(different(Path(scratch), 1)[0])
    n = 2 if options.quick else 40
    product = MatrixProduct(CPU, torch.float32, options.quick)
    report([*steps(Reader.fit(network), n, product), *firsts(network, max(2, n // 4))], options.out)


if __name__ == "__main__":
    main()
