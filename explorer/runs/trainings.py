"""Trainings in run folders: started, watched, stopped; knows nothing of Streamlit.

A training is a process of its own, which goes on after the page that started it is closed. All
that is known of it lies in its run folder, so that a server started anew, or a second one, sees
the same:

    order.json   what was asked for, written here before it starts
    train.log    what the process printed
    the rest     see ``pad_core.training.run_folder`` and ``pad_core.training.lock``
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from explorer.runs.orders import RUNS, Order, check
from explorer.runs.process import last_words, log_lines, run
from pad_core.checkpoint.schema import Epoch
from pad_core.checkpoint.training_config import Recipe
from pad_core.errors import PadError
from pad_core.system.declared import is_declared
from pad_core.system.files import (
    MAX_JSON_BYTES,
    can_be_shown,
    parse_json,
    read_bytes,
    write_atomically,
)
from pad_core.training.lock import ask_to_stop, asked_to_stop, is_occupied
from pad_core.training.run_folder import Progress, read_progress

Status = Literal["starting", "training", "stopping", "finished", "stopped", "failed"]
RUNNING: tuple[Status, ...] = ("starting", "training", "stopping")
MOST_AT_ONCE = max(4, (os.cpu_count() or 1) // 4)
MOST_FOR_VISITORS = max(1, (os.cpu_count() or 1) // 4)  # who wait for the same processors
LOG = "train.log"
_ORDER, _RECIPE = "order.json", "run.json"
_MOST_HISTORY = 50_000_000  # bytes: 100,000 epochs

_children: dict[Path, subprocess.Popen[bytes]] = {}  # those that this process started
_starting = threading.Lock()  # two viewers who start at once would each find the other's place
_ending: set[Path] = set()  # those of them that were told to end before they trained


@dataclass(frozen=True)
class Training:
    """A run folder at one moment.

    progress: None before the first mini-batch; history: an entry for each finished epoch;
    error: a sentence where ``status`` is 'failed'; order: None where the folder doesn't say;
    changed_s: when anything last happened in it, seconds since 1970.
    """

    folder: Path
    status: Status
    order: Order | None
    progress: Progress | None
    history: list[dict[str, Any]]
    error: str
    changed_s: float

    @property
    def running(self) -> bool:
        """Whether a process works on it."""
        return self.status in RUNNING

    @property
    def epochs_done(self) -> int:
        """Finished epochs."""
        return int(self.history[-1]["epoch"]) if self.history else 0

    @property
    def share(self) -> float:
        """How much of all epochs is done, 0 to 1."""
        if self.order is None:
            return 0.0
        done = float(self.epochs_done)
        if self.progress is not None and self.progress.epoch > self.epochs_done:
            done = self.progress.epoch - 1 + self.progress.step / self.progress.steps
        return min(1.0, done / self.order.epochs)


def start(order: Order, home: Path, resume: bool = False, most: int | None = None) -> None:
    """Begin to train in ``home/runs/NAME``, in a process that outlives this one.

    most: trainings that may run at once, else MOST_AT_ONCE.

    Raises:
        PadError: an order that can't be carried out, a folder that is taken or can't be made.
    """
    check(order, home)
    with _starting:
        _start(order, home, resume, MOST_AT_ONCE if most is None else most)


def _start(order: Order, home: Path, resume: bool, most: int) -> None:
    folder = home / order.folder
    if folder in _running_here() or is_occupied(folder):
        raise PadError(f"{order.name} is training already.")
    if (n := sum(training.running for training in trainings(home))) >= most:
        now = "A training runs" if n == 1 else f"{n} trainings run"
        raise PadError(f"{now} now, as many as this computer bears at once; stop one first.")
    try:
        folder.mkdir(parents=True, exist_ok=resume)
        written = json.dumps(order.to_dict(), indent=2, ensure_ascii=False)
        write_atomically(folder / _ORDER, written.encode())
        _children[folder] = run(order.arguments(resume), home, folder / LOG)
    except FileExistsError:
        taken = f"There is a run {order.name} already; resume it or take another name."
        raise PadError(taken) from None
    except OSError as error:
        raise PadError(f"Cannot train in {folder}: {error.strerror}.") from None


def stop(training: Training) -> None:
    """Ask a training to stop after the mini-batch at hand; wherever it was started.

    Raises:
        PadError: its folder can't be written to.
    """
    child = _running_here().get(training.folder)
    if child is not None and training.status == "starting":
        child.terminate()  # it has learned nothing yet, and may be long in fetching images
        _ending.add(training.folder)
    elif training.running:
        ask_to_stop(training.folder)


def resume(
    training: Training, home: Path, epochs: int | None = None, most: int | None = None
) -> None:
    """Go on with a training where it stands, to ``epochs`` where that is another end.

    Raises:
        PadError: as ``start``; or the folder doesn't say what was asked for.
    """
    if training.order is None:
        raise PadError(f"{training.folder.name} doesn't say how it was trained.")
    order = replace(training.order, epochs=epochs or training.order.epochs)
    start(order, home, resume=True, most=most)


def trainings(home: Path) -> list[Training]:
    """All run folders of the project: those that run first, then the latest."""
    here = _running_here()
    found = [
        look(folder, folder in here)
        for folder in (home / RUNS).glob("*")
        if can_be_shown(folder) and ((folder / _ORDER).exists() or (folder / _RECIPE).exists())
    ]
    return sorted(found, key=lambda t: (not t.running, -t.changed_s))


def find(home: Path, name: str) -> Training:
    """The run folder of that name; PadError where there is none any more."""
    for training in trainings(home):
        if training.folder.name == name:
            return training
    raise PadError(f"There is no run {name} any more.")


def printed(folder: Path, n_lines: int = 20) -> str:
    """The last lines that its process printed."""
    return "\n".join(log_lines(folder / LOG)[-n_lines:])


def look(folder: Path, started_here: bool = False) -> Training:
    """A run folder as it is now; ``started_here`` if this process has a living child in it."""
    order, history = _read_order(folder), _read_history(folder)
    begun = max(_changed(folder / _ORDER), _changed(folder / _RECIPE))
    at_work = _changed(folder / "progress.json") >= begun
    status: Status
    error = ""
    if is_occupied(folder) or started_here:
        status = "training" if at_work else "starting"
        if asked_to_stop(folder) or folder in _ending:
            status = "stopping"
    elif order is not None and history and history[-1]["epoch"] >= order.epochs:
        status = "finished"
    else:
        error = last_words(folder / LOG, "train")
        status = "failed" if error else "stopped"
    changed = max(begun, *(_changed(folder / name) for name in ("progress.json", LOG)))
    progress = read_progress(folder) if at_work else None
    return Training(folder, status, order, progress, history, error, changed)


def _running_here() -> dict[Path, subprocess.Popen[bytes]]:
    """The children that still run; asking them also lets those that are over go."""
    for folder, child in list(_children.items()):
        if child.poll() is not None:
            _children.pop(folder, None)
            _ending.discard(folder)
    return dict(_children)


def _read_order(folder: Path) -> Order | None:
    """What was asked for here; or, of a run that began or went on elsewhere, its recipe."""
    order = recipe = None
    with suppress(OSError, ValueError, TypeError, KeyError, PadError):
        order = Order.from_dict(_json(folder / _ORDER))
    if order is None or _changed(folder / _RECIPE) > _changed(folder / _ORDER):
        with suppress(OSError, ValueError, TypeError, KeyError, PadError):
            recipe = Recipe.from_dict(_json(folder / _RECIPE))
    if recipe is not None:
        order = (order or Order()).like(recipe)
    # The folder may have been renamed or copied.
    return None if order is None else replace(order, name=folder.name)


def _json(path: Path) -> Any:
    return parse_json(read_bytes(path, MAX_JSON_BYTES))


def _read_history(folder: Path) -> list[dict[str, Any]]:
    """The finished epochs; lines that are none are left out."""
    entries = []
    with suppress(PadError):
        for line in read_bytes(folder / "history.jsonl", _MOST_HISTORY).splitlines():
            with suppress(PadError):
                if is_declared(entry := parse_json(line), Epoch):
                    entries.append(entry)
    return entries


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
