"""The training loop: fill a run folder epoch by epoch, safe against interruption.

``portions`` hands the device a portion of cycles at a time, and its caller waits until they are
done: ``train`` for one network, ``sweep_streams.py`` for several at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from pad_core.checkpoint import file as checkpoint
from pad_core.checkpoint.same_data import check_same_data, comparable_record
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.images import to_unit, whole_number
from pad_core.data.imagesets import ImageSet
from pad_core.data.load import DataSet, checked, load_dataset
from pad_core.errors import PadError
from pad_core.evaluation.evaluate import separability
from pad_core.model.phases import Losses
from pad_core.system.files import as_path
from pad_core.system.hardware import choose_device, device_name, widest_float
from pad_core.system.randomness import generator
from pad_core.training.cycle import DIVERGED, Trainer
from pad_core.training.lock import asked_to_stop, occupied
from pad_core.training.request import check_kept
from pad_core.training.run_folder import (
    RECIPE,
    STATE,
    Progress,
    RunState,
    check_same_recipe,
    read_state,
    write_history,
    write_progress,
    write_recipe,
    write_state,
)

# A portion for a GPU: long beside the moment in which it waits for the next one.
_PORTION_S = 0.2


class Run:
    """A run folder that this process trains in."""

    def __init__(
        self,
        folder: Path,
        recipe: Recipe,
        dataset: DataSet,
        device: torch.device,
        images: ImageSet | None = None,
    ) -> None:
        self.folder = folder
        self.recipe = recipe
        self.dataset = dataset
        self.trainer = Trainer(recipe, device)
        self.cycle = self.trainer.fastest(self._live)
        self.history: list[dict[str, Any]] = []
        self.epoch = 0  # finished epochs
        self.step = 0  # finished cycles of the current epoch
        # Sums of the losses over those cycles, in the order of ``trainer.losses``.
        self.sums = torch.zeros(len(self.trainer.losses), dtype=widest_float(device), device=device)
        self.seconds = 0.0  # duration of those cycles
        self.lived = 0  # cycles in this process
        self.cycles_at_once = 1
        self.data = comparable_record(dataset)
        self.train = dataset.train.to(device) if images is None else images
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
            for place, name in enumerate(self.trainer.losses):
                if f"sum.{name}" in tensors:
                    self.sums[place] = tensors[f"sum.{name}"].reshape(())
        except (PadError, RuntimeError) as error:
            raise PadError(f"{self.folder / STATE} is damaged: {error}") from None
        self.epoch, self.step = state.epoch, state.step
        self.history, self.seconds = state.history, state.seconds
        write_history(self.folder, self.history)

    def _check_fits(self, state: RunState) -> None:
        data_known = state.data is not None and "sha256" in state.data
        check_same_recipe(state.recipe, self.recipe, self.folder, data_known)
        was, now = state.device.partition(" ")[0], self.trainer.device.type
        if was != now:  # different devices have different random streams
            raise PadError(
                f"{self.folder} was trained on {was} and can't continue on {now}; resume it with "
                f"--device {was}, or export it, which works anywhere."
            )
        if state.data is not None:
            check_same_data(state.data, self.dataset, self.folder)
        if state.step >= self.steps:
            raise PadError(
                f"{self.folder / STATE} is {state.step} mini-batches into an epoch, which has "
                f"{self.steps} with these data; give the data that it was trained on."
            )

    def run_state(self) -> RunState:
        """The header of the state."""
        return RunState(
            recipe=self.recipe,
            device=device_name(self.trainer.device),
            torch=torch.__version__,
            epoch=self.epoch,
            step=self.step,
            seconds=self.seconds,
            history=self.history,
            data=self.data,
        )

    def save(self) -> None:
        """Write the state. The files agree at whatever moment the process dies."""
        sums = {}
        if self.step:
            values = self.sums.cpu().unbind()
            sums = {f"sum.{n}": v.clone() for n, v in zip(self.trainer.losses, values, strict=True)}
        write_state(self.folder, self.trainer.state() | sums, self.run_state())

    def batches(self) -> Iterator[torch.Tensor]:
        """The rest of this epoch's mini-batches, places (B,) of images in the training set."""
        # Seed and epoch alone decide the order: a resumed epoch finds it again.
        random = generator(self.recipe.seed, "order", self.epoch + 1)
        order = torch.randperm(len(self.train), generator=random).to(self.trainer.device)
        size = self.recipe.batch_size
        for step in range(self.step, self.steps):
            yield order[step * size : (step + 1) * size]

    def _live(self, places: torch.Tensor) -> Losses:
        """One cycle with the images at these places; nothing here waits for the device."""
        losses = self.trainer.cycle(to_unit(self.train.images[places]))
        self.sums += torch.stack([losses[name] for name in self.trainer.losses])
        return losses

    def mean_losses(self) -> dict[str, float]:
        """Means over the cycles of this epoch so far, in a fixed order."""
        means = [value / max(self.step, 1) for value in self.sums.tolist()]
        return dict(zip(self.trainer.losses, means, strict=True))

    def check_finite(self) -> None:
        """PadError if losses or weights are no longer finite, which nothing can mend."""
        losses = self.mean_losses()
        if not all(map(math.isfinite, losses.values())):
            raise PadError(f"The losses of epoch {self.epoch + 1} are not finite; {DIVERGED}")
        self.trainer.check_finite()

    def export_as(self, name: str) -> None:
        """Write the network as it is now, at 16 bits, under this file name."""
        networks = self.trainer.networks
        header = self.run_state().header(self.dataset)
        memories = checkpoint.choose_memories(self.dataset, networks.encoder)
        path = self.folder / f"{name}.safetensors"
        checkpoint.save(path, networks, header, memories, bits=16)

    def wait(self) -> None:
        """Wait until the device has finished its work."""
        if self.train.images.is_cuda:
            torch.cuda.current_stream(self.trainer.device).synchronize()

    def took(self, seconds: float) -> None:
        """Record how long the last portion of cycles took, to size the next one."""
        if self.train.images.is_cuda:
            wanted = int(self.cycles_at_once * _PORTION_S / max(seconds, 1e-6))
            self.cycles_at_once = min(max(1, wanted), 2 * self.cycles_at_once)


def train(
    folder: str | Path,
    recipe: Recipe,
    dataset: DataSet | None = None,
    *,
    device: torch.device | str = "cpu",
    resume: bool = False,
    probe_every: int = 0,
    keep_epochs: Sequence[int] = (),
    save_every_s: float = 0.0,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda entry: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Run:
    """Train a network in a run folder until its last epoch, or until it should stop.

    Args:
        dataset: what the recipe names, or None to load it.
        device: 'auto' is a GPU where there is one.
        resume: continue from the folder's state; otherwise the folder must be new.
        probe_every: measure linear separability every this many epochs, and after the first and
            the last; 0 never. Data without classes have none.
        keep_epochs: epochs after which the network is kept as a file of its own.
        save_every_s: seconds between two saved states; 0 saves one after each epoch.
        on_progress: called after a mini-batch, a few times a second at most.
        on_epoch: called with each finished epoch's history entry.
        should_stop: asked after each mini-batch, on a GPU after each portion. If it is true, or if
            ``lock.ask_to_stop`` was called for the folder, the state is written and the run
            returns.

    Raises:
        PadError: a folder that is in use or does not fit the recipe; data that can't be loaded; a
            device that this machine lacks; or a run that has diverged, which keeps the state of
            the epoch before.
    """
    folder = as_path(folder, "run folder")
    if not isinstance(recipe, Recipe):
        raise PadError(f"A training needs a Recipe, not {recipe!r}.")
    dataset = load_dataset(recipe.dataset) if dataset is None else checked(dataset)
    device = choose_device(device) if isinstance(device, str) else device
    going = portions(
        folder, recipe, dataset, device=device, resume=resume, probe_every=probe_every,
        keep_epochs=keep_epochs, save_every_s=save_every_s, on_progress=on_progress,
        on_epoch=on_epoch, should_stop=should_stop,
    )  # fmt: skip
    for run in going:
        run.wait()
    return run


def portions(
    folder: Path,
    recipe: Recipe,
    dataset: DataSet,
    *,
    device: torch.device | str = "cpu",
    images: ImageSet | None = None,
    resume: bool = False,
    probe_every: int = 0,
    keep_epochs: Sequence[int] = (),
    save_every_s: float = 0.0,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_epoch: Callable[[dict[str, Any]], None] = lambda entry: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Run]:
    """``train``, a portion of cycles at a time; yields the run after each and at the end.

    On a GPU, a portion may still be running when the run is yielded: wait for it before you
    continue. Several trainings can thus take turns in one thread.

    Args:
        images: the training images on the device, if several runs share them.
    """
    probe_every = whole_number("probe_every", probe_every, 0)
    check_kept(keep_epochs, recipe)
    with occupied(folder):
        if (folder / RECIPE).exists() and not resume:
            raise PadError(
                f"{folder} already holds a run; add --resume to go on (resume=True), or give "
                "another --run."
            )
        run = Run(folder, recipe, dataset, torch.device(device), images)
        if resume:
            run.resume()
        if run.epoch < recipe.epochs:
            write_recipe(folder, recipe)
        saved = time.perf_counter()
        while run.epoch < recipe.epochs:
            yield from _train_epoch(run, on_progress, should_stop)
            if run.step < run.steps:
                run.check_finite()
                run.save()
                break
            entry = _finish_epoch(run, probe_every)
            last = run.epoch == recipe.epochs
            if kept := run.epoch in keep_epochs:
                run.export_as(f"epoch-{run.epoch:04d}")
            if last or kept or time.perf_counter() - saved >= save_every_s:
                run.export_as("latest")
                run.save()
                saved = time.perf_counter()
            on_epoch(entry)
    yield run


def _train_epoch(
    run: Run, on_progress: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> Iterator[Run]:
    """Run the rest of an epoch, unless it is stopped."""
    started, shown, written = time.perf_counter(), 0.0, 0.0
    first_step, seconds_before = run.step, run.seconds
    batches = run.batches()
    while run.step < run.steps:
        asked = time.perf_counter()
        for places in islice(batches, run.cycles_at_once):
            run.cycle(places)
            run.step += 1
            run.lived += 1
        yield run
        now = time.perf_counter()
        run.took(now - asked)
        if now - shown > 0.25 or run.step == run.steps:
            shown = now
            progress = _progress(run, run.mean_losses(), (run.step - first_step) / (now - started))
            on_progress(progress)
            if now - written > 1.0 or run.step == run.steps:
                written = now
                write_progress(run.folder, progress)
        run.seconds = seconds_before + now - started
        if should_stop() or asked_to_stop(run.folder):
            return


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
    run.step, run.seconds = 0, 0.0
    run.sums.zero_()
    return entry
