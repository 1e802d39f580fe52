"""Sweeps: a grid of conditions × seeds, each cell a run folder as ``train`` makes it.

A cell is a process of its own that runs ``train --resume``: it goes on where an earlier
sweep was interrupted, and a finished one is skipped. All that a sweep knows lies in the run
folders, so a second one can take over from the first at any time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from pad_core.conditions import CONDITIONS, TABLE_1, find_condition
from pad_core.errors import PadError
from pad_core.training import Progress, epochs_done, read_progress, run_folder

Status = Literal["waiting", "training", "finished", "stopped", "failed"]
GROUPS = {"all": tuple(CONDITIONS), "table1": TABLE_1}
POLL_S = 0.5
LOG = "train.log"


@dataclass(frozen=True)
class Cell:
    """One network of the grid: its condition (a name or a .json file), seed and run folder."""

    condition: str
    seed: int
    epochs: int
    folder: Path

    @property
    def finished(self) -> bool:
        """Whether the folder holds a network of that many epochs."""
        return epochs_done(self.folder) >= self.epochs


@dataclass
class CellState:
    """What a live table shows of a cell; ``error`` is the last line that it printed."""

    cell: Cell
    status: Status = "waiting"
    progress: Progress | None = None
    error: str = ""


def plan(dataset: str, conditions: str, seeds: int, epochs: int, runs: Path) -> list[Cell]:
    """The cells of a grid; the first seed of all conditions comes first.

    Args:
        dataset: the data set's name, which the folders are called after.
        conditions: 'all', 'table1', or names and .json files with commas between.
        seeds: how many, counted from 0.
        runs: where the run folders lie.

    Raises:
        PadError: an unknown condition, or no seed.
    """
    if seeds < 1:
        raise PadError(f"A sweep has at least one seed, not {seeds}.")
    arguments = GROUPS.get(conditions) or [name.strip() for name in conditions.split(",")]
    found = [(argument, find_condition(argument)) for argument in arguments]
    return [
        Cell(argument, seed, epochs, run_folder(runs, dataset, condition, seed))
        for seed in range(seeds)
        for argument, condition in found
    ]


def sweep(
    cells: Sequence[Cell],
    arguments: Sequence[str],
    jobs: int = 1,
    on_change: Callable[[list[CellState]], None] = lambda states: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[CellState]:
    """Train the cells that aren't finished, several at once, until all are or it should stop.

    Args:
        arguments: of ``train``, the same for all cells, such as --dataset and --device.
        jobs: how many cells train at once; the CPU's cores are shared out among them.
        on_change: called with the state of all cells twice a second.
        should_stop: asked as often; when true, each training stops after its mini-batch.

    Returns:
        The state of each cell at the end; one that fails does not hold up the others.
    """
    if jobs < 1:
        raise PadError(f"A sweep trains at least one network at a time, not {jobs}.")
    states = [CellState(cell, "finished" if cell.finished else "waiting") for cell in cells]
    running: dict[int, _Training] = {}
    try:
        while True:
            stopping = should_stop()
            for index, training in list(running.items()):
                if training.ended(states[index]):
                    del running[index]
            waiting = [i for i, state in enumerate(states) if state.status == "waiting"]
            if stopping:
                for training in running.values():
                    training.stop()
            else:
                for index in waiting[: jobs - len(running)]:
                    states[index].status = "training"
                    running[index] = _Training(states[index].cell, arguments, jobs)
            for index in running:
                states[index].progress = read_progress(states[index].cell.folder)
            on_change(states)
            if not running and (stopping or not waiting):
                return states
            time.sleep(POLL_S)
    finally:  # an error or a second Ctrl-C: leave no process behind
        for training in running.values():
            training.stop()


class _Training:
    """A cell's process; what it prints goes to the run folder's train.log."""

    def __init__(self, cell: Cell, arguments: Sequence[str], jobs: int) -> None:
        cell.folder.mkdir(parents=True, exist_ok=True)
        self._log: IO[str] = (cell.folder / LOG).open("a+", encoding="utf-8")
        self._stopped = False
        threads = max(1, (os.cpu_count() or 1) // jobs)
        command = [
            sys.executable, "-m", "pad_core", "train", *arguments, "--condition", cell.condition,
            "--seed", str(cell.seed), "--epochs", str(cell.epochs), "--run", str(cell.folder),
            "--resume",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={"OMP_NUM_THREADS": str(threads)} | os.environ,
            start_new_session=True,  # Ctrl-C in the terminal is for the sweep, which passes it on
        )

    def stop(self) -> None:
        """Ask the training to stop after its mini-batch; asking twice changes nothing."""
        if not self._stopped and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        self._stopped = True

    def ended(self, state: CellState) -> bool:
        """Whether the process is gone; then ``state`` says how."""
        status = self._process.poll()
        if status is None:
            return False
        if status == 0:
            state.status = "finished"
        elif self._stopped:
            state.status = "stopped"
        else:
            self._log.seek(0)
            lines = self._log.read().splitlines() or [f"exit status {status}"]
            state.status, state.error = "failed", lines[-1]
        self._log.close()
        return True
