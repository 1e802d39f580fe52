"""How fast the full model trains: images a second through whole wake-sleep cycles.

    python -m bench.train [--quick] [--device cuda]

On a CPU: this code in the precision that ``train`` would choose, beside ``plain.py``. On a GPU:
the cycle as one captured CUDA graph, and several networks at once, each with its own graph on
its own stream. The floor is the arithmetic of a cycle at the rate of a large matrix product.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch

from bench.measure import (
    MatrixProduct,
    Row,
    arguments,
    describe,
    forget_peak,
    in_turn,
    peak_memory_mb,
    report,
    resident_mb,
    row,
)
from bench.plain import Training
from pad_core.conditions import PAD
from pad_core.datasets import ImageSet, load_dataset
from pad_core.images import to_unit
from pad_core.recipe import Recipe, choose_precision
from pad_core.trainer import Trainer

AT_ONCE = 8

# Channels of the image's and of the latents' side, pixels of the latter, and how often a cycle
# of PAD goes through the layer: forward, and back to its input and to its weights.
LAYERS = {
    "conv1": (3, 64, 256, 2 + 2 + 3),  # only in REM does the gradient reach the image
    "conv2": (64, 128, 64, 3 + 3 + 3),
    "conv3": (128, 256, 16, 3 + 3 + 3),
    "conv4": (256, 256, 1, 3 + 3 + 0),
    "dis": (256, 1, 1, 3 + 0 + 3),
    "tconv1": (256, 256, 1, 3 + 1 + 2),
    "tconv2": (128, 256, 16, 3 + 1 + 3),
    "tconv3": (64, 128, 64, 3 + 1 + 3),
    "tconv4": (3, 64, 256, 3 + 1 + 3),
}
FLOPS_PER_IMAGE = sum(2.0 * 16 * a * b * pixels * n for a, b, pixels, n in LAYERS.values())


@dataclass(frozen=True)
class Size:
    """How much is measured: images in the set, of a mini-batch, cycles of a round, rounds."""

    images: int
    batch_size: int
    cycles: int
    rounds: int


FULL, QUICK = Size(5_000, 64, 4, 9), Size(64, 8, 1, 2)
FULL_GPU = Size(5_000, 64, 200, 9)


def batches(images: ImageSet, batch_size: int, device: torch.device) -> Iterator[torch.Tensor]:
    """Mini-batches without end, as a run makes them: the data set lies on the device."""
    stored = images.images.to(device)
    while True:
        order = torch.randperm(len(stored)).to(device)
        for chosen in order.split(batch_size):
            if len(chosen) == batch_size:
                yield to_unit(stored[chosen])


def ours(images: ImageSet, size: Size, device: torch.device, precision: str, seed: int = 0):
    """A trainer of the full model, and its mini-batches."""
    recipe = Recipe("bench", PAD, 1, seed, size.batch_size, precision=precision)
    return Trainer(recipe, device), batches(images, size.batch_size, device)


def live(cycle: Callable, images: Iterator[torch.Tensor], n: int) -> None:
    """n cycles, their losses summed up as a run does."""
    sums: dict[str, torch.Tensor] = {}
    for _ in range(n):
        for name, loss in cycle(next(images)).items():
            sums[name] = sums.get(name, 0.0) + loss.double()


class Fleet:
    """Networks that train at once on a GPU: a graph each, replayed on a stream each."""

    def __init__(self, images: ImageSet, size: Size, device: torch.device, precision: str) -> None:
        self.cycles = size.cycles
        self.members = []
        for seed in range(AT_ONCE):
            trainer, fed = ours(images, size, device, precision, seed)
            self.members.append((torch.cuda.Stream(device), trainer.fastest_cycle(), fed))
        torch.cuda.synchronize(device)

    def __call__(self) -> None:
        for _ in range(self.cycles):
            for stream, cycle, fed in self.members:
                with torch.cuda.stream(stream):
                    live(cycle, fed, 1)


def peak_memory(images: ImageSet, size: Size, device: torch.device, whose: str) -> float:
    """Most memory that training takes beside the images and the program, in 10⁶ bytes."""
    forget_peak()
    before = resident_mb()
    if whose == "plain":
        Training(images, size.batch_size, device).cycles(size.cycles)
    else:
        trainer, fed = ours(images, size, device, choose_precision(device))
        live(trainer.fastest_cycle(), fed, size.cycles)
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return peak_memory_mb() - before


def peak_memory_elsewhere(device: torch.device, quick: bool, whose: str) -> float:
    """``peak_memory`` in a process of its own."""
    command = [sys.executable, "-m", "bench.train", "--device", str(device), "--memory-of", whose]
    command += ["--quick"] if quick else []
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rows(images: ImageSet, size: Size, device: torch.device, quick: bool) -> list[Row]:
    """The table's lines about training."""
    on_gpu = device.type == "cuda"
    precision = choose_precision(device)
    product = MatrixProduct(device, torch.bfloat16 if precision == "bf16" else torch.float32, quick)
    trainer, fed = ours(images, size, device, precision)
    plain = Training(images, size.batch_size, device, workers=4 if on_gpu else 0)
    plain_cycles = min(size.cycles, 20)
    tasks = {
        "ours": partial(live, trainer.cycle, fed, size.cycles),
        "plain": partial(plain.cycles, plain_cycles),
        "product": product,
    }
    if on_gpu:
        graphed, graphed_fed = ours(images, size, device, precision)
        tasks["graph"] = partial(live, graphed.fastest_cycle(), graphed_fed, size.cycles)
        tasks["fleet"] = Fleet(images, size, device, precision)
    seconds = in_turn(size.rounds, device, **tasks)

    def speed(task: str, cycles: int = size.cycles) -> list[float]:
        return [cycles * size.batch_size / s for s in seconds[task]]

    where = describe(device)
    rate = [product.flops / s for s in seconds["product"]]
    beside = {
        "plain": speed("plain", plain_cycles),
        "floor": [r / FLOPS_PER_IMAGE for r in rate],
        "floor_of": f"arithmetic at the rate of a {precision} matrix product",
    }
    name = f"training pad, batch {size.batch_size}, {precision}"
    found = [
        row(f"matrix product, {precision}", "GFLOP/s", [r / 1e9 for r in rate], where),
        row(name, "images/s", speed("ours"), where, **beside),
    ]
    if on_gpu:
        one, all_of_them = speed("graph"), speed("fleet", AT_ONCE * size.cycles)
        found.append(row(f"{name}, one CUDA graph", "images/s", one, where, **beside))
        found.append(
            row(f"{name}, {AT_ONCE} networks at once", "images/s", all_of_them, where, **beside)
        )
        found.append(
            row(
                f"{AT_ONCE} networks at once beside one at a time", "images/s", all_of_them, where,
                plain=one,
            )
        )  # fmt: skip
    memory = {whose: [peak_memory_elsewhere(device, quick, whose)] for whose in ("ours", "plain")}
    found.append(row(f"{name}: peak memory", "MB", memory["ours"], where, plain=memory["plain"]))
    return found


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--memory-of", choices=("ours", "plain"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    device = options.device
    size = QUICK if options.quick else FULL_GPU if device.type == "cuda" else FULL
    images = load_dataset("fashion-mini").train.first(size.images)
    if options.memory_of:
        print(peak_memory(images, size, device, options.memory_of))
    else:
        report(rows(images, size, device, options.quick), options.out)


if __name__ == "__main__":
    main()
