"""Training: a run folder filled epoch by epoch, safe against interruption."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from pad_core import checkpoint
from pad_core.datasets import DataSet
from pad_core.errors import PadError
from pad_core.evaluation import separability
from pad_core.files import write_atomically, write_tensors
from pad_core.hardware import describe_hardware
from pad_core.images import to_unit
from pad_core.occupancy import asked_to_stop, occupied
from pad_core.randomness import generator
from pad_core.recipe import Recipe
from pad_core.runfolder import (
    STATE,
    Progress,
    RunState,
    check_same_data,
    check_same_recipe,
    describe_data,
    read_state,
)
from pad_core.trainer import DIVERGED, Trainer


class Run:
    """A run folder that this process trains in."""

    def __init__(
        self, folder: Path, recipe: Recipe, dataset: DataSet, device: torch.device
    ) -> None:
        self.folder = folder
        self.recipe = recipe
        self.dataset = dataset
        self.trainer = Trainer(recipe, device)
        self.cycle = self.trainer.fastest_cycle()
        self.history: list[dict[str, Any]] = []
        self.epoch = 0  # finished epochs
        self.step = 0  # finished cycles of the next one
        self.sums: dict[str, torch.Tensor] = {}  # of the losses over those cycles
        self.seconds = 0.0  # that those cycles took
        self.data = describe_data(dataset)
        self.train = dataset.train.to(device)
        self.steps = len(self.train) // recipe.batch_size  # the last partial batch is dropped
        if self.steps == 0:
            raise PadError(
                f"{dataset.name} has {len(self.train)} training images, fewer than one "
                f"mini-batch of {recipe.batch_size}; use a smaller --batch-size."
            )

    def resume(self) -> None:
        """Load the folder's state; a folder without one starts from the beginning.

        Raises:
            PadError: a damaged state, or one of another recipe, kind of device or data set.
        """
        if not (self.folder / STATE).exists():
            return
        tensors, state = read_state(self.folder)
        self._check_fits(state)
        try:
            self.trainer.restore(tensors)
            self.sums = {
                name: tensors[f"sum.{name}"].reshape(()).to(self.trainer.device)
                for name in self.recipe.condition.loss_weights
                if f"sum.{name}" in tensors
            }
        except (PadError, RuntimeError) as error:
            raise PadError(f"{self.folder / STATE} is damaged: {error}") from None
        self.epoch, self.step = state.epoch, state.step
        self.history, self.seconds = state.history, state.seconds
        self._write_history()

    def _check_fits(self, state: RunState) -> None:
        data_known = state.data is not None and "sha256" in state.data
        check_same_recipe(state.recipe, self.recipe, self.folder, data_known)
        was, now = state.device.partition(" ")[0], self.trainer.device.type
        if was != now:  # their random streams have nothing in common
            raise PadError(
                f"{self.folder} was trained on {was} and can't go on on {now}; resume it with "
                f"--device {was}, or export it, which works anywhere."
            )
        if state.data is not None:
            check_same_data(state.data, self.dataset, self.folder)
        if state.step >= self.steps:
            raise PadError(
                f"{self.folder / STATE} is {state.step} mini-batches into an epoch, which has "
                f"{self.steps} with these data: it was trained on others."
            )

    def run_state(self) -> RunState:
        """What the state says of itself."""
        return RunState(
            recipe=self.recipe,
            device=describe_hardware(self.trainer.device),
            torch=torch.__version__,
            epoch=self.epoch,
            step=self.step,
            seconds=self.seconds,
            history=self.history,
            data=self.data,
        )

    def save(self) -> None:
        """Write the state; the files agree whenever the process dies."""
        header = self.run_state().to_dict()
        sums = {f"sum.{name}": value for name, value in self.sums.items()}
        write_tensors(self.folder / STATE, self.trainer.state() | sums, header)
        self._write_history()

    def batches(self) -> Iterator[torch.Tensor]:
        """The rest of this epoch's mini-batches, (B, 3, 32, 32) in [−1, 1]."""
        # From seed and epoch alone: an interrupted epoch finds its order again.
        random = generator(self.recipe.seed, "order", self.epoch + 1)
        order = torch.randperm(len(self.train), generator=random).to(self.trainer.device)
        size = self.recipe.batch_size
        for step in range(self.step, self.steps):
            yield to_unit(self.train.images[order[step * size : (step + 1) * size]])

    def mean_losses(self) -> dict[str, float]:
        """Means over the cycles of this epoch so far, always in the same order."""
        names = [name for name in self.recipe.condition.loss_weights if name in self.sums]
        return {name: self.sums[name].item() / max(self.step, 1) for name in names}

    def check_finite(self) -> None:
        """PadError where the losses or the weights are no longer finite: nothing can mend that."""
        losses = self.mean_losses()
        if not all(map(math.isfinite, losses.values())):
            raise PadError(f"The losses of epoch {self.epoch + 1} are not finite; {DIVERGED}")
        self.trainer.check_finite()

    def export_latest(self, *names: str) -> None:
        """Write the network as it is now, at 16 bits, under these file names."""
        networks = self.trainer.networks
        header = self.run_state().header(self.dataset)
        memories = checkpoint.choose_memories(self.dataset, networks.encoder)
        for name in names:
            path = self.folder / f"{name}.safetensors"
            checkpoint.save(path, networks, header, memories, bits=16)

    def _write_history(self) -> None:
        lines = "".join(json.dumps(entry) + "\n" for entry in self.history)
        write_atomically(self.folder / "history.jsonl", lines.encode())


def train(
    folder: Path,
    recipe: Recipe,
    dataset: DataSet,
    *,
    device: torch.device | str = "cpu",
    resume: bool = False,
    probe_every: int = 0,
    keep_epochs: Sequence[int] = (),
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda entry: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Run:
    """Train a network in a run folder until its last epoch, or until it should stop.

    Args:
        resume: go on where the folder's state stands; otherwise the folder must be new.
        probe_every: measure linear separability every so many epochs, and after the first
            and the last; 0 never. Without classes there is none.
        keep_epochs: epochs after which the network is kept as a file of its own.
        on_progress: called after a mini-batch, a few times a second at most.
        on_epoch: called with each finished epoch's history entry.
        should_stop: asked after each mini-batch; when true, or when ``occupancy.ask_to_stop``
            was called for the folder, the state is written and the run returns.

    Raises:
        PadError: a folder in use or not fitting the recipe, or a run that has diverged, whose
            state then stays that of the epoch before.
    """
    if probe_every < 0:
        raise PadError(f"probe_every is 0 or a number of epochs, not {probe_every}.")
    check_kept(keep_epochs, recipe)
    with occupied(folder):
        if (folder / "run.json").exists() and not resume:
            raise PadError(
                f"{folder} already holds a run; add --resume to go on, or give another --run."
            )
        run = Run(folder, recipe, dataset, torch.device(device))
        if resume:
            run.resume()
        if run.epoch >= recipe.epochs:
            return run
        description = json.dumps(recipe.to_dict(), indent=2, ensure_ascii=False)
        write_atomically(folder / "run.json", description.encode())
        while run.epoch < recipe.epochs:
            if not _train_epoch(run, on_progress, should_stop):
                run.check_finite()
                run.save()
                return run
            entry = _finish_epoch(run, probe_every)
            names = ["latest"]
            if run.epoch in keep_epochs:
                names.append(f"epoch-{run.epoch:04d}")
            run.export_latest(*names)
            run.save()
            on_epoch(entry)
        return run


def check_kept(keep_epochs: Sequence[int], recipe: Recipe) -> None:
    """PadError where an epoch can't be kept because it never comes."""
    for epoch in keep_epochs:
        if not 1 <= epoch <= recipe.epochs:
            raise PadError(f"Epoch {epoch} can't be kept: the epochs are 1 to {recipe.epochs}.")


def _train_epoch(
    run: Run, on_progress: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> bool:
    """Live through the rest of an epoch; False if it was stopped before its end."""
    started, shown, written = time.perf_counter(), 0.0, 0.0
    first_step, seconds_before = run.step, run.seconds
    for images in run.batches():
        for name, loss in run.cycle(images).items():
            run.sums[name] = run.sums.get(name, 0.0) + loss.double()
        run.step += 1
        now = time.perf_counter()
        # Reading a loss waits for the device: a few times a second, not at every step.
        if now - shown > 0.25 or run.step == run.steps:
            losses = run.mean_losses()
            shown = now = time.perf_counter()  # that wait counts: until then, steps were only asked
            progress = _progress(run, losses, (run.step - first_step) / (now - started))
            on_progress(progress)
            if now - written > 1.0 or run.step == run.steps:
                written = now
                report = asdict(progress) | {"pid": os.getpid(), "time": time.time()}
                write_atomically(run.folder / "progress.json", json.dumps(report).encode())
        run.seconds = seconds_before + now - started
        if should_stop() or asked_to_stop(run.folder):
            return run.step == run.steps
    return True


def _progress(run: Run, losses: dict[str, float], cycles_per_s: float) -> Progress:
    cycles_left = (run.recipe.epochs - run.epoch) * run.steps - run.step
    return Progress(
        epoch=run.epoch + 1,
        epochs=run.recipe.epochs,
        step=run.step,
        steps=run.steps,
        images_per_s=cycles_per_s * run.recipe.batch_size,
        seconds_left=cycles_left / cycles_per_s,
        losses=losses,
    )


def _finish_epoch(run: Run, probe_every: int) -> dict[str, Any]:
    run.check_finite()
    losses = run.mean_losses()
    run.epoch += 1
    entry: dict[str, Any] = {
        "epoch": run.epoch,
        "losses": {name: round(value, 6) for name, value in losses.items()},
        "seconds": round(run.seconds, 2),
        "images_per_s": round(run.steps * run.recipe.batch_size / run.seconds, 1),
    }
    last = run.epoch == run.recipe.epochs
    due = probe_every and (run.epoch % probe_every == 0 or run.epoch == 1 or last)
    if due and run.dataset.has_classes:
        entry |= separability(run.trainer.networks.encoder, run.dataset)
    run.history.append(entry)
    run.step, run.sums, run.seconds = 0, {}, 0.0
    return entry
