"""The speed of training the full model: images a second through whole wake-sleep cycles.

    python -m bench.train [--quick] [--device cuda]

This code runs in the precision that ``train`` would choose, ``plain.py`` in another process. On a
GPU, a cycle is one captured CUDA graph, and several networks also train at once, each with its own
graph on its own stream. The floor is the arithmetic of a cycle at the rate of a large matrix
product, or Adam's reading and writing at the memory's bandwidth, whichever takes longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import torch

from bench.measure import (
    Copy,
    Elsewhere,
    MatrixProduct,
    PeakMemory,
    Result,
    arguments,
    device_and_threads,
    in_turn,
    report,
    row,
)
from bench.plain import Training
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.images import to_unit
from pad_core.data.imagesets import ImageSet
from pad_core.data.load import load_dataset
from pad_core.model.condition import PAD
from pad_core.model.networks import Networks
from pad_core.system.hardware import choose_precision
from pad_core.training.cuda_graph import EAGER_CYCLES
from pad_core.training.cycle import Trainer

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
# As usual, operations on the padding count, too; without them there were 17 % fewer.
FLOPS_PER_IMAGE = sum(2.0 * 16 * a * b * pixels * n for a, b, pixels, n in LAYERS.values())


@dataclass(frozen=True)
class Size:
    """How much is measured: images in the set and in a mini-batch, cycles a round, rounds."""

    images: int
    batch_size: int
    cycles: int
    plain_cycles: int
    rounds: int


FULL, QUICK = Size(5_000, 64, 4, 2, 9), Size(64, 8, 1, 1, 2)
FULL_GPU = Size(5_000, 64, 100, 20, 9)
QUICK_GPU = replace(QUICK, cycles=EAGER_CYCLES + 1)  # captured before anything is timed


def images_of(size: Size) -> ImageSet:
    """The training images."""
    return load_dataset("fashion-mini").train.first(size.images)


def batches(
    images: ImageSet,
    batch_size: int,
    device: torch.device,
    random: torch.Generator | None = None,
) -> Iterator[torch.Tensor]:
    """Endless mini-batches, as in a run: the data set lies on the device."""
    stored = images.images.to(device)
    while True:
        order = torch.randperm(len(stored), generator=random).to(device)
        for chosen in order[: len(order) // batch_size * batch_size].split(batch_size):
            yield to_unit(stored[chosen])


def ours(images: ImageSet, size: Size, device: torch.device, precision: str, seed: int = 0):
    """A trainer of the full model, and its mini-batches."""
    recipe = Recipe("bench", PAD, 1, seed, size.batch_size, precision=precision)
    return Trainer(recipe, device), batches(images, size.batch_size, device)


def live(cycle: Callable, images: Iterator[torch.Tensor], n: int) -> None:
    """Run n cycles and add up their losses, as a run does."""
    sums: dict[str, torch.Tensor] = {}
    for _ in range(n):
        for name, loss in cycle(next(images)).items():
            sums[name] = sums.get(name, 0.0) + loss.double()


class Fleet:
    """Networks that train at once on a GPU, each with its own graph and stream."""

    def __init__(self, images: ImageSet, size: Size, device: torch.device, precision: str) -> None:
        self.cycles = size.cycles
        self.members = []
        for seed in range(AT_ONCE):
            trainer, fed = ours(images, size, device, precision, seed)
            self.members.append((torch.cuda.Stream(device), trainer.fastest(trainer.cycle), fed))
        torch.cuda.synchronize(device)

    def __call__(self) -> None:
        for _ in range(self.cycles):
            for stream, cycle, fed in self.members:
                with torch.cuda.stream(stream):
                    live(cycle, fed, 1)


def adam_bytes(networks: Networks) -> float:
    """Bytes that Adam reads and writes in a cycle of PAD, whose phases train one network or both.

    For each weight it reads the gradient, two moments and the weight, and writes all but the
    gradient.
    """
    encoder, generator = (sum(p.numel() for p in n.parameters()) for n in networks)
    return 7 * 4.0 * (3 * encoder + 2 * generator)


def plain_cycles(size: Size, device: torch.device) -> partial:
    """A round's cycles in plain code."""
    workers = 4 if device.type == "cuda" else 0
    training = Training(images_of(size), size.batch_size, device, workers)
    return partial(training.cycles, size.plain_cycles)


def rows(size: Size, device: torch.device, quick: bool) -> list[Result]:
    """The results about training."""
    on_gpu = device.type == "cuda"
    precision = choose_precision(device)
    images = images_of(size)
    trainer, fed = ours(images, size, device, precision)
    cycle = trainer.fastest(trainer.cycle)
    next(fed)  # the images lie on the device from now on
    memory = PeakMemory(device)
    live(cycle, fed, size.cycles)
    peak = memory.mb()
    product = MatrixProduct(device, torch.bfloat16 if precision == "bf16" else torch.float32, quick)
    copy = Copy(device, quick)
    with Elsewhere(device, plain_cycles, size, device) as plain:
        tasks = {
            "ours": partial(live, cycle, fed, size.cycles),
            "plain": plain,
            "product": product,
            "copy": copy,
        }
        if on_gpu:
            eager, eager_fed = ours(images, size, device, precision)
            tasks["eager"] = partial(live, eager.cycle, eager_fed, size.cycles)
            tasks["fleet"] = Fleet(images, size, device, precision)
        seconds = in_turn(size.rounds, device, **tasks)
        plain_peak = plain.peak_memory_mb()

    def speed(task: str, cycles: int = size.cycles) -> list[float]:
        return [cycles * size.batch_size / s for s in seconds[task]]

    where = device_and_threads(device)
    rate = [product.flops / s for s in seconds["product"]]
    bandwidth = [copy.bytes / s for s in seconds["copy"]]
    adam = adam_bytes(trainer.networks) / size.batch_size
    beside = {
        "plain": speed("plain", size.plain_cycles),
        "floor": [min(r / FLOPS_PER_IMAGE, b / adam) for r, b in zip(rate, bandwidth, strict=True)],
        "floor_of": f"the longer of arithmetic at the rate of a {precision} matrix product and of "
        "what Adam reads and writes",
    }
    name = f"training pad, batch {size.batch_size}, {precision}"
    how = ", one CUDA graph" if on_gpu else ""
    found = [
        row(f"matrix product, {precision}", "GFLOP/s", [r / 1e9 for r in rate], where),
        row(name + how, "images/s", speed("ours"), where, **beside),
        row(f"{name}: memory at its peak", "MB", [peak], where, [plain_peak]),
    ]
    if on_gpu:
        fleet = speed("fleet", AT_ONCE * size.cycles)
        at_once = f"{AT_ONCE} networks at once"
        found.append(row(f"{name}, kernel by kernel", "images/s", speed("eager"), where, **beside))
        found.append(row(f"{name}, {at_once}", "images/s", fleet, where, **beside))
        found.append(
            row(f"{at_once}, beside one graph", "images/s", fleet, where, speed("ours"),
                plain_of="one network's graph")
        )  # fmt: skip
    return found


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    device = options.device
    on_gpu = device.type == "cuda"
    size = (QUICK_GPU if on_gpu else QUICK) if options.quick else FULL_GPU if on_gpu else FULL
    report(rows(size, device, options.quick), options.out)


if __name__ == "__main__":
    main()
