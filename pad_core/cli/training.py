"""``train`` and ``sweep``: networks in run folders."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

from msgspec import Meta

from pad_core.cli.options import Option, Without
from pad_core.cli.shared import Root, as_pairs, load_images
from pad_core.system.exit_status import STOPPED
from pad_core.training.request import TrainingRequest


@dataclass(frozen=True)
class Train:
    """Train one network in a run folder."""

    training: Annotated[TrainingRequest, Without("condition")]
    condition: Annotated[str, Meta(description="a built-in condition or a .json file")] = "pad"
    overrides: Annotated[
        tuple[str, ...],
        Option("--set", metavar="FIELD=VALUE", repeated=True),
        Meta(description="change a field of the condition, such as lam_prime=0.8; may be repeated"),
    ] = ()
    root: Root = "data"
    run: Annotated[
        Path | None, Meta(description="run folder (default: runs/DATA-CONDITION-seedS)")
    ] = None
    resume: Annotated[bool, Meta(description="continue the run in the run folder")] = False

    def request(self) -> TrainingRequest:
        """The requested training; PadError for an unknown condition."""
        from pad_core.model.condition import find_condition

        pairs = as_pairs(self.overrides, "lam_prime=0.8")
        return replace(self.training, condition=find_condition(self.condition, pairs))


def run_train(options: Train) -> int:
    """Exit status 0 after the last epoch, 130 if stopped before."""
    from pad_core.training.lock import occupied

    folder = options.run  # a named folder is locked while the images load, too
    with occupied(folder) if folder else contextlib.nullcontext():
        return _train(options)


def _train(options: Train) -> int:
    from pad_core.cli.display import TrainingDisplay
    from pad_core.system.hardware import choose_device, save_every_s
    from pad_core.training.loop import train
    from pad_core.training.run_folder import RECIPE, epochs_done, own_precision, run_folder

    asked = options.request()
    device = choose_device(asked.device)
    recipe = asked.recipe(device)
    dataset = load_images(asked.dataset, options.root)
    folder = options.run or run_folder(Path("runs"), dataset.name, recipe.condition, recipe.seed)
    if options.resume and asked.precision == "auto":
        recipe = own_precision(recipe, folder)
    if options.resume and not (folder / RECIPE).exists():
        print(f"{folder} holds no run yet: a new one begins.", file=sys.stderr)
    before = epochs_done(folder)
    stop = _stop_on_signals()
    with TrainingDisplay(folder, recipe, device) as display:
        run = train(
            folder,
            recipe,
            dataset,
            device=device,
            resume=options.resume,
            probe_every=asked.probe_every,
            keep_epochs=asked.keep_epochs,
            save_every_s=save_every_s(device),
            on_progress=display.on_progress,
            on_epoch=display.on_epoch,
            should_stop=stop,
        )
    if run.epoch < recipe.epochs:
        print(f"Stopped in epoch {run.epoch + 1}; the same command with --resume goes on.")
        return STOPPED
    if before >= recipe.epochs:
        print(f"{folder} already had {before} epochs; a larger --epochs trains it further.")
    epochs = f"{run.epoch} epoch{'s' * (run.epoch != 1)}"
    export = shlex.join(["python", "-m", "pad_core", "export", str(folder), "--out"])
    print(f"{folder} has {epochs}. To make it a checkpoint: {export} FILE.safetensors")
    return 0


@dataclass(frozen=True)
class Sweep:
    """Train a grid of conditions × seeds."""

    training: Annotated[TrainingRequest, Without("condition", "seed")]
    conditions: Annotated[
        str,
        Meta(
            description="all, table1 (the five of the paper's Table 1), paper (its nine), "
            "discussion (what its Discussion proposes), or names and .json files with commas "
            "between"
        ),
    ] = "table1"
    seeds: Annotated[int, Meta(description="how many, from 0")] = 4
    root: Root = "data"
    runs: Annotated[Path, Meta(description="where run folders lie")] = Path("runs")
    jobs: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="networks that train at once (default: 1 on a CPU; on a GPU as many as "
            "raise the speed, at most 32); on a Ray cluster, networks that share a machine's cores "
            "or a GPU"
        ),
    ] = None
    ray: Annotated[
        str | None,
        Option(metavar="ADDRESS"),
        Meta(
            description="train on a Ray cluster: its address, or 'local' (needs pip install -e "
            "'.[cluster]')"
        ),
    ] = None


def run_sweep(options: Sweep) -> int:
    """Exit status 0 if all cells are trained, 130 if stopped, 1 if a cell failed."""
    from pad_core.checkpoint.same_data import comparable_record
    from pad_core.cli.display import SweepDisplay
    from pad_core.system.hardware import choose_device, save_every_s
    from pad_core.training.run_folder import own_precision
    from pad_core.training.sweep import Settings, plan, sweep

    asked = options.training
    device = choose_device(asked.device)
    dataset = load_images(asked.dataset, options.root)
    cells = plan(
        asked.recipe(device),
        dataset.name,
        options.conditions,
        options.seeds,
        options.runs,
        asked.keep_epochs,
        comparable_record(dataset),
    )
    if asked.precision == "auto":
        cells = [replace(c, recipe=own_precision(c.recipe, c.folder)) for c in cells]
    engine = _engine(options, device, dataset)
    settings = Settings(
        root=options.root,
        device=str(device),
        threads=max(1, (os.cpu_count() or 1) // (options.jobs or 1)),
        probe_every=asked.probe_every,
        save_every_s=save_every_s(device),
    )
    stop = _stop_on_signals()
    with SweepDisplay() as display:
        states = sweep(cells, settings, engine, display.on_change, stop)
    failed = [state for state in states if state.status == "failed"]
    for state in failed:
        print(f"{state.cell.folder}: {state.error}")
    if failed:
        return 1
    if any(state.status != "finished" for state in states):
        print("Stopped; the same command goes on.")
        return STOPPED
    return 0


def _engine(options: Sweep, device: Any, dataset: Any) -> Any:
    """Where a sweep's cells train: a Ray cluster, the streams of a GPU, or processes."""
    if options.ray:
        from pad_core.training.sweep_ray import RayEngine

        return RayEngine(options.ray, 1 / (options.jobs or 1) if device.type == "cuda" else 0.0)
    if device.type == "cuda":
        from pad_core.training.sweep_streams import MOST_AT_ONCE, StreamEngine

        engine = StreamEngine(device, options.jobs or MOST_AT_ONCE)
        engine.share(dataset)
        return engine
    from pad_core.training.sweep import LocalEngine

    return LocalEngine(options.jobs or 1)


def _stop_on_signals() -> Callable[[], bool]:
    """Request a stop at Ctrl-C or SIGTERM; a second Ctrl-C stops at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        print("\nStopping after this mini-batch …", file=sys.stderr)

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return lambda: asked
