"""Sweeps: a grid of conditions × seeds. Each cell is a run folder, as ``train`` makes it.

Each cell trains with ``resume``: it continues an interrupted run, and skips a finished one. A
sweep keeps all it knows in the run folders, so another sweep can take over at any time, or help:
each waits for what the other trains. Cells train in processes of this machine, in one process on
the streams of a GPU (``sweep_streams.py``), or on a Ray cluster (``sweep_ray.py``).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import torch

from pad_core.checkpoint.same_data import what_changed
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.load import load_dataset
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, DISCUSSION, PAPER, TABLE_1, find_condition
from pad_core.training.lock import OccupiedError, is_occupied, occupied
from pad_core.training.loop import train
from pad_core.training.request import check_kept
from pad_core.training.run_folder import (
    STATE,
    Progress,
    check_same_recipe,
    read_progress,
    read_state_header,
    run_folder,
)

# 'elsewhere': another process trains it; if that stops before the end, this sweep goes on with it.
Status = Literal["waiting", "training", "elsewhere", "finished", "stopped", "failed"]
GROUPS = {
    "all": tuple(CONDITIONS), "table1": TABLE_1, "paper": PAPER, "discussion": DISCUSSION,
}  # fmt: skip
POLL_S = 0.5
LOG = "train.log"


@dataclass(frozen=True)
class Cell:
    """One network of the grid: its recipe, its run folder, and the epochs that it keeps.

    data: the record of its data by ``comparable_record``, with which a finished run is compared.
    """

    recipe: Recipe
    folder: Path
    keep_epochs: tuple[int, ...] = ()
    data: dict[str, Any] | None = None

    @property
    def finished(self) -> bool:
        """Whether the folder holds a network of this recipe after that many epochs.

        Raises:
            PadError: the folder's network is damaged, or was trained differently.
        """
        if not (self.folder / STATE).exists():
            return False
        state = read_state_header(self.folder)
        known = self.data is not None and state.data is not None and "sha256" in state.data
        check_same_recipe(state.recipe, self.recipe, self.folder, known)
        if self.data is not None and (changed := what_changed(state.data or {}, self.data)):
            raise PadError(
                f"{self.folder} was trained on other data of that name: these have {changed}; "
                "give another --runs."
            )
        return state.epoch >= self.recipe.epochs


@dataclass(frozen=True)
class Settings:
    """Settings that all cells share; see ``loop.train``. threads: CPU threads of a cell."""

    root: str = "data"
    device: str = "cpu"
    threads: int = 1
    probe_every: int = 0
    save_every_s: float = 0.0


class Outcome(NamedTuple):
    """How a cell's process ended; ``error`` is one sentence if it failed."""

    status: Status
    error: str = ""


@dataclass
class CellState:
    """A cell's state, as the live table shows it."""

    cell: Cell
    status: Status = "waiting"
    progress: Progress | None = None
    error: str = ""


class Training(Protocol):
    """A cell's training, wherever it runs."""

    def outcome(self) -> Outcome | None:
        """None while it trains."""

    def stop(self) -> None:
        """Ask it to stop; asking twice changes nothing."""


class Engine(Protocol):
    """Where cells train."""

    @property
    def jobs(self) -> int:
        """How many cells train at a time."""

    def start(self, cell: Cell, settings: Settings) -> Training:
        """Begin to train a cell."""

    def wait(self, seconds: float) -> None:
        """Let the cells train for some seconds."""


def plan(
    template: Recipe,
    dataset: str,
    conditions: str,
    seeds: int,
    runs: Path,
    keep_epochs: tuple[int, ...] = (),
    data: dict[str, Any] | None = None,
) -> list[Cell]:
    """The cells of a grid; the first seed of all conditions comes first.

    Args:
        template: the recipe of all cells, except for condition and seed.
        dataset: the data set's name, which becomes part of the folders' names.
        conditions: names, .json files and names of ``GROUPS``, with commas between.
        seeds: how many, counted from 0.
        runs: the folder of the run folders.
        keep_epochs: epochs after which each network is kept as a file of its own.
        data: the record of the data set by ``comparable_record``, if it is at hand.

    Raises:
        PadError: an unknown condition, two of the same name, or no seed.
    """
    if seeds < 1:
        raise PadError(f"A sweep has at least one seed, not {seeds}.")
    parts = [part.strip() for part in conditions.split(",")]
    names = [name for part in parts for name in GROUPS.get(part, (part,))]
    found = list(dict.fromkeys(find_condition(name) for name in names))
    if twice := [c.name for i, c in enumerate(found) if c.name in {d.name for d in found[:i]}]:
        raise PadError(f"Two conditions are called {twice[0]!r}; give one of them another name.")
    return [
        Cell(
            replace(template, condition=condition, seed=seed),
            run_folder(runs, dataset, condition, seed),
            keep_epochs,
            data,
        )
        for seed in range(seeds)
        for condition in found
    ]


def sweep(
    cells: Sequence[Cell],
    settings: Settings,
    engine: Engine,
    on_change: Callable[[list[CellState]], None] = lambda states: None,
    should_stop: Callable[[], bool] = lambda: False,
    admits: Callable[[CellState], bool] = lambda state: True,
) -> list[CellState]:
    """Train the unfinished cells, until all are finished or the sweep should stop.

    Args:
        engine: where they train, and how many at a time.
        on_change: called twice a second with the state of all cells.
        should_stop: asked as often; if true, each training stops after its mini-batch.
        admits: asked as often about each cell; one that is not admitted does not start, or stops.

    Returns:
        The state of each cell at the end; a failed one does not stop the others.

    Raises:
        PadError: an epoch to be kept that the run never reaches.
    """
    for cell in cells:
        check_kept(cell.keep_epochs, cell.recipe)
    states = []
    for cell in cells:
        status, error = _standing(cell)
        states.append(CellState(cell, status, read_progress(cell.folder), error))
    running: dict[int, Training] = {}
    try:
        while True:
            for index, training in list(running.items()):
                state = states[index]
                state.progress = read_progress(state.cell.folder)
                if (outcome := training.outcome()) is not None:
                    state.status, state.error = outcome
                    del running[index]
            for state in states:
                if state.status == "elsewhere":
                    state.progress = read_progress(state.cell.folder)
                    if not is_occupied(state.cell.folder):
                        state.status, state.error = _standing(state.cell)
            for index, training in running.items():
                if not admits(states[index]):
                    training.stop()
            if stopping := should_stop():
                for training in running.values():
                    training.stop()
            else:
                for index, state in enumerate(states):
                    if state.status != "waiting" or len(running) >= engine.jobs:
                        continue
                    if not admits(state):
                        continue
                    if is_occupied(state.cell.folder):
                        state.status = "elsewhere"
                        continue
                    state.status = "training"
                    running[index] = engine.start(state.cell, settings)
            on_change(states)
            left = any(
                s.status == "elsewhere" or (s.status == "waiting" and admits(s)) for s in states
            )
            if not running and (stopping or not left):
                return states
            engine.wait(POLL_S)
    finally:  # after an error or a second Ctrl-C: leave no process behind
        for training in running.values():
            training.stop()


def _standing(cell: Cell) -> Outcome:
    """The outcome of a cell that nothing trains now."""
    try:
        return Outcome("finished" if cell.finished else "waiting")
    except PadError as error:
        return Outcome("failed", str(error))


def train_cell(
    cell: Cell, settings: Settings, should_stop: Callable[[], bool] = lambda: False
) -> Outcome:
    """Train a cell to its end in this process; its output goes to its train.log.

    Wrong input by the user is an outcome, and no exception.
    """
    try:
        _train_cell(cell, settings, should_stop)
    except OccupiedError:
        return Outcome("elsewhere")
    except PadError as error:
        return Outcome("failed", str(error))
    return Outcome("finished" if cell.finished else "stopped")


def _train_cell(cell: Cell, settings: Settings, should_stop: Callable[[], bool]) -> None:
    torch.set_num_threads(settings.threads)
    with (
        occupied(cell.folder),
        (cell.folder / LOG).open(
            "a", encoding="utf-8", errors="backslashreplace", buffering=1
        ) as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        dataset = load_dataset(cell.recipe.dataset, settings.root)
        train(
            cell.folder,
            cell.recipe,
            dataset,
            device=settings.device,
            resume=True,
            probe_every=settings.probe_every,
            keep_epochs=cell.keep_epochs,
            save_every_s=settings.save_every_s,
            on_epoch=print,
            should_stop=should_stop,
        )


class LocalEngine:
    """Processes on this machine, ``jobs`` at a time."""

    def __init__(self, jobs: int) -> None:
        if jobs < 1:
            raise PadError(f"A sweep trains at least one network at a time, not {jobs}.")
        self.jobs = jobs
        # Forking a process that has used threads or CUDA may hang.
        self._context = multiprocessing.get_context("spawn")

    def start(self, cell: Cell, settings: Settings) -> Training:
        """Begin to train a cell in a process of its own."""
        return _LocalTraining(self._context, cell, settings)

    def wait(self, seconds: float) -> None:
        """Wait; the processes need nothing from here."""
        time.sleep(seconds)


class _LocalTraining:
    def __init__(
        self, context: multiprocessing.context.SpawnContext, cell: Cell, settings: Settings
    ) -> None:
        self._log = cell.folder / LOG
        self._asked = context.Event()
        self._said, say = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_in_process, args=(cell, settings, self._asked, say), daemon=True
        )
        self._process.start()
        say.close()

    def stop(self) -> None:
        self._asked.set()

    def outcome(self) -> Outcome | None:
        if self._process.is_alive():
            return None
        self._process.join()
        try:
            return self._said.recv()
        except EOFError:
            status = self._process.exitcode
            said = f"; its output is in {self._log}" if self._log.exists() else ""
            return Outcome("failed", f"The process died (exit status {status}){said}.")


def _in_process(
    cell: Cell,
    settings: Settings,
    asked: threading.Event,
    say: multiprocessing.connection.Connection,
) -> None:
    # Ctrl-C in the terminal, or a batch system that ends a job, reaches this process, too; only
    # the sweep decides, by ``asked``.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    parent = os.getppid()
    say.send(train_cell(cell, settings, lambda: asked.is_set() or os.getppid() != parent))
