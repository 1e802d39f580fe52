"""Train and measure the gallery (``pad_core/training/gallery.py``) in a budget of minutes.

    python tools/gallery.py train --data cifar10=parquet:DIR --budget 9 --out gallery
    python tools/gallery.py unpack gallery/packed --into checkpoints
    python tools/gallery.py rehearse

``train`` trains as much of the queue as fits, the most important first, on a GPU if there is one.
It writes finished networks to OUT, and packs them into a few files in OUT/packed. The same command
continues with the rest. On a CPU, run it in the background: ``nice -n 19``. ``rehearse`` trains the
whole queue in a tiny size on the CPU, kills that in the middle, resumes it and unpacks the result.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))

from pad_core.checkpoint.file import load
from pad_core.checkpoint.training_config import Recipe
from pad_core.cli.display import SweepDisplay
from pad_core.cli.options import add_options
from pad_core.data.load import DataSet, load_dataset
from pad_core.errors import PadError
from pad_core.evaluation.evaluate import Protocol
from pad_core.system.hardware import choose_device, save_every_s
from pad_core.training.gallery import (
    QUEUE,
    RECORDS,
    Budget,
    Grid,
    Measuring,
    items,
    pack,
    run,
    unpack,
)
from pad_core.training.request import TrainingRequest
from pad_core.training.sweep import Settings
from pad_core.training.sweep_streams import MOST_AT_ONCE, StreamEngine

PROBE_SEEDS = 10


def train(options: argparse.Namespace) -> int:
    """Train, measure, pack; the exit status says whether all started networks are complete."""
    started = time.monotonic()
    device = choose_device(options.device)
    on_gpu = device.type == "cuda"
    asked = TrainingRequest(precision=options.precision, batch_size=options.batch_size)
    grids = {grid.name: grid for grid in QUEUE}
    names = options.grids.split(",") if options.grids else list(grids)
    if unknown := [name for name in names if name not in grids]:
        raise PadError(f"There is no grid {unknown[0]!r}; there are {', '.join(grids)}.")
    queue = [grids[name] for name in names]
    if options.seeds is not None:
        queue = [replace(grid, seeds=min(grid.seeds, options.seeds)) for grid in queue]
    if not 60 * options.budget > options.reserve:
        raise PadError(
            f"{options.budget:g} minutes leave nothing to train in: {options.reserve:g} s of them "
            "are reserved for measuring; give a larger --budget or a smaller --reserve."
        )
    data = {}
    for pair in options.data:
        name, _, spec = pair.partition("=")
        if not spec or name not in {grid.data for grid in QUEUE}:
            raise PadError(f"{pair!r} is not NAME=SPEC with cifar10, fashion-mnist or svhn.")
        data[name] = load_dataset(spec)
        print(f"{name}: {len(data[name].train):,} images, {time.monotonic() - started:.1f} s")
    protocol = Protocol(readout_seeds=PROBE_SEEDS)
    return gallery(queue, data, protocol, asked.recipe(device), device, started, options, on_gpu)


def gallery(
    queue: list[Grid],
    data: dict[str, DataSet],
    protocol: Protocol,
    template: Recipe,
    device: torch.device,
    started: float,
    options: argparse.Namespace,
    on_gpu: bool,
) -> int:
    until = started + 60 * options.budget
    planned = items(queue, data, options.runs, template)
    engine = StreamEngine(device, options.jobs)
    for dataset in data.values():
        engine.share(dataset)
    sizes = {dataset.spec: len(dataset.train) for dataset in data.values()}
    budget = Budget(
        until - options.reserve, sizes, lambda: engine.work_per_s if engine.settled else 0.0
    )
    settings = Settings(device=str(device), save_every_s=save_every_s(device) * 4)
    measuring = Measuring(
        options.out, data, protocol, str(device), options.measuring, max(1, options.threads)
    )
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    told = 0.0

    def tell(states: list) -> None:
        nonlocal told
        display.on_change(states)
        if not on_gpu or time.monotonic() - told < 10:
            return
        told = time.monotonic()
        going = sum(state.status == "training" for state in states)
        done = sum(state.status == "finished" for state in states)
        memory = torch.cuda.memory_reserved() / 1e9
        print(
            f"{told - started:.0f} s: {engine.images_per_s:,.0f} images/s with {going} networks "
            f"(at most {engine.jobs}), {done} finished, {memory:.1f} GB",
            flush=True,
        )

    display = SweepDisplay(Console(quiet=on_gpu))
    with display:
        states = run(planned, engine, settings, budget, measuring, tell, lambda: asked)
    trained = time.monotonic() - started
    files = measuring.finish(until - 10)
    order = {item.name: place for place, item in enumerate(planned)}
    files.sort(key=lambda path: order.get(path.stem, len(order)))
    if options.weights_of:
        wanted = options.weights_of.split(",")
        first = [path for path in files if any(word in path.name for word in wanted)]
        files = first + [path for path in files if path not in first]
    packed = pack(files, options.out / "packed")
    for state in states:
        if state.status not in ("finished", "waiting"):
            print(f"{state.cell.folder.name}: {state.status} {state.error}")
    for name, why in measuring.failed.items():
        print(f"{name}: {why}")
    print(
        f"Trained until {trained:.0f} s, done at {time.monotonic() - started:.0f} s: "
        f"{len(files)} networks measured, {len(packed)} packed with weights."
    )
    return 0 if not measuring.failed else 1


def rehearse(options: argparse.Namespace) -> int:
    """Train the whole queue in a tiny size: kill, resume, pack, unpack and open it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through 'finally'
    root = Path(tempfile.mkdtemp(prefix="gallery-"))
    command = [sys.executable, __file__, "rehearse", "--once", str(root)]
    started = time.monotonic()
    first = second = None
    try:
        first = subprocess.Popen(command)
        while first.poll() is None and len(list(root.glob("out/[!.]*.safetensors"))) < 3:
            time.sleep(0.2)
        first.kill()  # like a machine that is taken away
        first.wait()
        before = len(list(root.glob("out/[!.]*.safetensors")))
        print(f"Killed with {before} networks measured, {time.monotonic() - started:.0f} s.")
        second = subprocess.Popen(command)
        status = second.wait()
        planned = sum(len(grid.conditions) * grid.seeds for grid in tiny_queue())
        packed = root / "out" / "packed"
        records = json.loads((packed / RECORDS).read_text("utf-8"))
        found = list(unpack(packed, root / "unpacked"))
        for path in found:
            network = load(path)
            missing = {"linear_separability", "occlusion", "frechet"} - network.metrics.keys()
            if missing or not network.history:
                print(f"{path.name} lacks {missing or 'its history'}.")
                status = 1
        print(
            f"{len(records)} of {planned} networks trained and measured, {len(found)} of them "
            f"packed with weights and unpacked, in {time.monotonic() - started:.0f} s."
        )
        return status or int(len(records) != planned or not found)
    finally:
        for child in (first, second):
            if child is not None:
                child.kill()
                child.wait()
        shutil.rmtree(root, ignore_errors=True)


def tiny_queue() -> list[Grid]:
    """Every grid with one seed and two epochs, and two more if it continues another."""
    return [
        replace(s, seeds=1, epochs=4 if s.continues else 2, probed=(3,) if s.continues else (1,))
        for s in QUEUE
    ]


def rehearse_once(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    full = load_dataset("fashion-mini")
    data = {
        name: DataSet(
            name, f"rehearsal {name}", full.train.first(128), full.test.first(100),
            full.class_names, "",
        )
        for name in ("cifar10", "fashion-mnist", "svhn")
    }  # fmt: skip
    protocol = Protocol(
        readout_seeds=2, occlusion_images=20, dreams=20, frechet_images=100, robustness_images=20,
        state_images=20,
    )  # fmt: skip
    options.runs, options.out = options.once / "runs", options.once / "out"
    options.budget, options.reserve = 10.0, 60.0
    device = torch.device("cpu")
    return gallery(
        tiny_queue(), data, protocol, Recipe(), device, time.monotonic(), options, on_gpu=False
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    trainer = commands.add_parser("train", help="as much of the queue as fits into the budget")
    trainer.add_argument("--data", action="append", required=True, metavar="NAME=SPEC",
                         help="cifar10, fashion-mnist or svhn, and its spec")  # fmt: skip
    trainer.add_argument("--budget", type=float, required=True, help="minutes in all")
    trainer.add_argument("--reserve", type=float, default=60.0,
                         help="seconds of it for measuring and packing (default: 60)")  # fmt: skip
    trainer.add_argument("--grids", help=f"of {', '.join(s.name for s in QUEUE)} (default: all)")
    seeds = range(1, 1 + max(grid.seeds for grid in QUEUE))
    trainer.add_argument(
        "--seeds", type=int, choices=seeds, help="largest number of seeds a condition"
    )
    trainer.add_argument("--runs", type=Path, default=Path("runs/gallery"))
    trainer.add_argument("--out", type=Path, default=Path("gallery"))
    add_options(trainer, TrainingRequest, only=("device", "precision", "batch_size"))
    trainer.add_argument("--weights-of", help="words in names whose weights are packed first")
    rehearsal = commands.add_parser(
        "rehearse", help="train the whole queue in a tiny size, on the CPU"
    )
    rehearsal.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    for one in (trainer, rehearsal):
        one.add_argument(
            "--jobs", type=int, default=MOST_AT_ONCE, help="largest number of networks at once"
        )
        one.add_argument("--measuring", type=int, default=1, help="processes that measure")
        one.add_argument("--threads", type=int, default=1, help="CPU threads of each")
        one.set_defaults(weights_of=None)
    opener = commands.add_parser("unpack", help="write the checkpoints of archives to a folder")
    opener.add_argument("folder", type=Path)
    opener.add_argument("--into", type=Path, required=True)
    options = parser.parse_args()
    try:
        if options.command == "train":
            return train(options)
        if options.command == "rehearse":
            return rehearse_once(options) if options.once else rehearse(options)
        for path in unpack(options.folder, options.into):
            print(path)
    except PadError as error:
        print(f"gallery: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
