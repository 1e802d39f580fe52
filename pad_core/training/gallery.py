"""The gallery: one queue of every condition, seed and data set that the results need.

The queue is sorted by importance (``QUEUE``). ``run`` trains what fits into a budget of minutes,
measures each network as soon as it is trained, and packs everything finished into a few compact
files (``pack``), which ``unpack`` turns into checkpoints and records elsewhere. Interrupted runs
continue at the next start, from their run folders.
"""

from __future__ import annotations

import json
import lzma
import multiprocessing
import os
import signal
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from pad_core.checkpoint.file import load, load_header, update_history, update_metrics
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.imagesets import ImageSet
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.evaluation.evaluate import (
    Protocol,
    evaluate,
    measure_baselines,
    measure_reference,
    separability,
)
from pad_core.evaluation.frechet import classifier_features
from pad_core.evaluation.other_measures import Reference
from pad_core.model.condition import CONDITIONS, TABLE_1, Condition
from pad_core.system.files import write_atomically
from pad_core.training.export import export_run
from pad_core.training.run_folder import STATE, read_state_header
from pad_core.training.sweep import Cell, CellState, Engine, Settings, sweep
from pad_core.training.sweep_streams import work_per_image

RECORDS = "records.json"
MIB = 2**20


@dataclass(frozen=True)
class Grid:
    """A part of the queue: conditions × seeds on one data set.

    data: 'cifar10', 'fashion-mnist' or 'svhn'. probed: epochs after which linear separability is
    measured. changes: fields of the recipe that differ. continues: name of the grid whose networks
    are trained further.
    """

    name: str
    data: str
    conditions: tuple[Condition, ...]
    seeds: int
    epochs: int
    probed: tuple[int, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    continues: str | None = None


def _conditions(*names: str) -> tuple[Condition, ...]:
    return tuple(CONDITIONS[name] for name in names)


_QUIETER = tuple(
    replace(CONDITIONS[name], name=f"{name}+wake_noise_variance=0.25", wake_noise_variance=0.25)
    for name in ("wo_rem", "wake_only")
)
_TENS = (1, 10, 20, 30, 40)
QUEUE = (
    Grid("table1", "cifar10", _conditions(*TABLE_1), 4, 50, _TENS),
    Grid(
        "variants",
        "cifar10",
        _conditions("rem_noise_only", "rem_memory_only", "rem_before_nrem", "nrem_mixed_memory"),
        4,
        50,
    ),
    Grid("fashion", "fashion-mnist", _conditions(*TABLE_1), 4, 20),
    Grid("svhn", "svhn", _conditions(*TABLE_1), 4, 150),
    Grid(
        "long",
        "cifar10",
        _conditions("pad", "wo_nrem", "wake_only"),
        4,
        100,
        (60, 70, 80, 90),
        continues="table1",
    ),
    Grid("coasting", "cifar10", _conditions(*TABLE_1), 4, 50, changes={"adam_coasts": True}),
    Grid("quieter", "cifar10", _QUIETER, 4, 50),
)


@dataclass(frozen=True)
class QueuedNetwork:
    """A network of the queue."""

    grid: Grid
    cell: Cell

    @property
    def name(self) -> str:
        """The name of its file and run folder: 'cifar10-pad-seed0', with whatever is unusual."""
        return self.cell.folder.name


def _name(grid: Grid, recipe: Recipe) -> str:
    unusual = "-coasting" if recipe.adam_coasts else ""
    longer = f"-epoch{recipe.epochs}" if grid.continues else ""
    return f"{grid.data}-{recipe.condition.name}{unusual}-seed{recipe.seed}{longer}"


def items(
    queue: Sequence[Grid], data: Mapping[str, DataSet], runs: Path, template: Recipe
) -> list[QueuedNetwork]:
    """The queue's networks whose data are at hand, seed by seed within a grid.

    Args:
        data: the data set for each name that grids use.
        runs: the folder of the run folders.
        template: the recipe's fields that all share, such as the precision.
    """
    found = []
    for grid in queue:
        if grid.data not in data:
            continue
        for seed in range(grid.seeds):
            for condition in grid.conditions:
                recipe = replace(
                    template,
                    dataset=data[grid.data].spec,
                    condition=condition,
                    epochs=grid.epochs,
                    seed=seed,
                    **grid.changes,
                )
                cell = Cell(recipe, runs / _name(grid, recipe), grid.probed)
                found.append(QueuedNetwork(grid, cell))
    return found


def source_of(item: QueuedNetwork, everything: Sequence[QueuedNetwork]) -> QueuedNetwork | None:
    """The network of the queue that this one continues; None if it continues none."""
    if item.grid.continues is None:
        return None
    recipe = item.cell.recipe
    for other in everything:
        same = other.cell.recipe.condition, other.cell.recipe.seed
        if other.grid.name == item.grid.continues and same == (recipe.condition, recipe.seed):
            return other
    return None


# --- Training within a budget ---------------------------------------------------------------------


class Budget:
    """Which networks of a queue fit into the time that is left.

    Until the engine has measured its speed, all may start. From then on, only networks from the
    queue's head that can be finished together go on; the others wait for another day.
    """

    def __init__(self, until: float, sizes: Mapping[str, int], speed: Callable[[], float]) -> None:
        """Plan until a time ``until`` of ``time.monotonic``.

        Args:
            sizes: spec of a data set → its training images.
            speed: the work done in a second, in images times ``work_per_image``; 0 until it is
                known.
        """
        self._until = until
        self._sizes = sizes
        self._speed = speed
        self._chosen: set[Path] | None = None

    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._until

    def admits(self, state: CellState) -> bool:
        """Whether a network may train now."""
        if self.over():
            return False
        return self._chosen is None or state.cell.folder in self._chosen

    def look(self, states: Sequence[CellState]) -> None:
        """Choose again, from the progress of each network."""
        going = [state for state in states if state.status == "training"]
        speed = self._speed()
        if not going or speed <= 0:
            return
        left = self._until - time.monotonic()
        chosen, needed = set(), 0.0
        for state in states:
            if state.status not in ("training", "waiting"):
                continue
            needed += self._work(state) / speed
            before = self._chosen is None or state.cell.folder in self._chosen
            # A network that is training is dropped only if it clearly can't be finished.
            if needed <= left * (1.0 if state.status == "training" and before else 0.9):
                chosen.add(state.cell.folder)
            else:
                break
        if not chosen:  # not even one can be finished: one goes on, and is resumed another day
            chosen = {going[0].cell.folder}
        self._chosen = chosen

    def _work(self, state: CellState) -> float:
        recipe, at = state.cell.recipe, state.progress
        done = 0.0 if at is None else at.epoch - 1 + at.step / max(at.steps, 1)
        epochs = max(recipe.epochs - done, 0.0)
        return epochs * self._sizes[recipe.dataset] * work_per_image(recipe.condition)


def run(
    queue: Sequence[QueuedNetwork],
    engine: Engine,
    settings: Settings,
    budget: Budget,
    measured: Measuring,
    on_change: Callable[[list[CellState]], None] = lambda states: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[CellState]:
    """Train the queue's networks within the budget, and measure each once it is trained.

    Returns:
        The state of each network; a failed one stops no other.
    """
    by_folder = {item.cell.folder: item for item in queue}
    sources = {item.cell.folder: source_of(item, queue) for item in queue}
    handed: set[Path] = set()

    def admits(state: CellState) -> bool:
        source = sources[state.cell.folder]
        if source is not None and not _take_over(source, state.cell.folder):
            return False
        return budget.admits(state)

    def look(states: list[CellState]) -> None:
        for state in states:
            if state.status == "finished" and state.cell.folder not in handed:
                handed.add(state.cell.folder)
                measured.hand_over(by_folder[state.cell.folder])
        budget.look(states)
        on_change(states)

    cells = [item.cell for item in queue]
    return sweep(cells, settings, engine, look, lambda: should_stop() or budget.over(), admits)


def _take_over(source: QueuedNetwork, folder: Path) -> bool:
    """Copy the state of a finished run into a folder; returns whether there is one."""
    if (folder / STATE).exists():
        return True
    try:
        done = read_state_header(source.cell.folder).epoch >= source.cell.recipe.epochs
    except PadError:
        return False
    if done:
        write_atomically(folder / STATE, (source.cell.folder / STATE).read_bytes())
    return done


# --- Measuring ------------------------------------------------------------------------------------


@dataclass
class Tools:
    """The data and settings of a process that measures."""

    data: Mapping[str, DataSet]
    protocol: Protocol
    device: str
    beside: dict[str, Reference]


_tools: Tools | None = None


def _store(dataset: DataSet, path: Path) -> None:
    """Write a data set to a file that processes map, because shared memory is scarce."""
    fields = {name: getattr(dataset, name) for name in ("name", "spec", "class_names", "note")}
    images = {
        f"{split}.{name}": getattr(getattr(dataset, split), name)
        for split in ("train", "test")
        for name in ("images", "labels")
    }
    torch.save(fields | images, path)


def _stored(path: Path) -> DataSet:
    held = torch.load(path, weights_only=True, mmap=True)
    train, test = (
        ImageSet(held.pop(f"{split}.images"), held.pop(f"{split}.labels"))
        for split in ("train", "test")
    )
    return DataSet(train=train, test=test, **held)


def _prepare(data: Mapping[str, Path], protocol: Protocol, device: str, threads: int) -> None:
    global _tools
    for name in (signal.SIGINT, signal.SIGTERM):  # the parent process decides when to stop
        signal.signal(name, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)  # training comes first: the thread that feeds the GPU must not wait
    torch.set_num_threads(threads)
    torch.backends.cudnn.allow_tf32 = False  # measures are float32 on every device
    held = {name: _stored(path) for name, path in data.items()}
    _tools = Tools(held, protocol, device, {})


def _end_with(parent: int) -> None:
    """End this process when its parent has died."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _measure(item: QueuedNetwork, out: Path) -> None:
    """Write a finished network as a checkpoint of 8 bits with all its measures."""
    assert _tools is not None
    data, device = _tools.data[item.grid.data], _tools.device
    # The data go to the device once per network, which costs little beside the rest.
    features = classifier_features(device)
    if item.grid.data not in _tools.beside:
        _tools.beside[item.grid.data] = measure_reference(data, features, _tools.protocol)
    scratch = out.with_name(f".{out.name}")
    first = item.cell.recipe.seed == 0 and not item.grid.continues
    export_run(item.cell.folder, scratch, data, 8, memories=first, device=device)
    network = load(scratch, device)
    beside = _tools.beside[item.grid.data]
    found = evaluate(network, data, features, _tools.protocol, beside=beside)
    update_metrics(scratch, found)
    history = [dict(entry) for entry in network.history]
    for epoch in item.grid.probed:
        kept = item.cell.folder / f"epoch-{epoch:04d}.safetensors"
        if kept.exists():
            history[epoch - 1] |= separability(load(kept, device).networks.encoder, data)
    update_history(scratch, history)
    scratch.replace(out)  # only a complete file gets the name


def _measure_baselines(data: str) -> dict[str, Any]:
    assert _tools is not None
    return measure_baselines(_tools.data[data], _tools.protocol, lambda what, share: None)


class Measuring:
    """Processes that measure networks while others still train."""

    def __init__(
        self,
        out: Path,
        data: Mapping[str, DataSet],
        protocol: Protocol,
        device: str,
        processes: int,
        threads: int = 1,
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._out = out
        stored = {name: out / f".{name}.pt" for name in data}
        for name, path in stored.items():
            _store(data[name], path)
        self._pool = ProcessPoolExecutor(
            processes,
            multiprocessing.get_context("spawn"),
            _prepare,
            (stored, protocol, device, threads),
        )
        self._jobs: dict[str, Future[Any]] = {}
        self._baselines: dict[str, Future[Any]] = {}
        self.failed: dict[str, str] = {}

    def hand_over(self, item: QueuedNetwork) -> None:
        """Measure a trained network, unless it is measured already."""
        out = self._out / f"{item.name}.safetensors"
        if out.exists() or item.name in self._jobs:
            return
        try:
            self._jobs[item.name] = self._pool.submit(_measure, item, out)
            if item.grid.data not in self._baselines:
                job = self._pool.submit(_measure_baselines, item.grid.data)
                self._baselines[item.grid.data] = job
        except BrokenProcessPool as error:
            self.failed[item.name] = f"a process that measures has died: {error}"

    def finish(self, until: float) -> list[Path]:
        """Wait for the measurements, until ``until`` at most; returns the complete files."""
        for name, job in self._jobs.items():
            try:
                job.result(max(0.0, until - time.monotonic()))
            except TimeoutError:
                job.cancel()
                self.failed[name] = "not measured in time"
            except Exception as error:  # one network failed; the others are complete
                self.failed[name] = f"{type(error).__name__}: {error}"
        found = sorted(self._out.glob("[!.]*.safetensors"))
        for data, baseline in self._baselines.items():
            if baseline.done() and baseline.exception() is None:
                for path in found:
                    if path.name.startswith(f"{data}-"):
                        update_metrics(path, {"baselines": baseline.result()})
        for process in list((self._pool._processes or {}).values()):
            process.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)
        return found


# --- Archives -------------------------------------------------------------------------------------


def pack(
    files: Sequence[Path], into: Path, file_bytes: int = 16 * MIB, total_bytes: int = 63 * MIB
) -> list[Path]:
    """Write networks into few archives, and the headers of all into ``records.json``.

    Args:
        files: checkpoints, the most important first.
        file_bytes, total_bytes: the largest size of a file, and of all together. Networks that
            don't fit are left out, but their records are not.

    Returns:
        The networks that are in an archive.
    """
    into.mkdir(parents=True, exist_ok=True)
    headers = [load_header(path).to_dict() | {"file": path.name} for path in files]
    records = json.dumps(headers, ensure_ascii=False).encode()
    write_atomically(into / RECORDS, records)
    left, packed = total_bytes - len(records), []
    archives: list[list[tuple[str, bytes]]] = []
    room = 0
    with ThreadPoolExecutor() as pool:  # compression releases Python's lock
        contents = list(pool.map(lambda path: lzma.compress(path.read_bytes(), preset=1), files))
    for path, content in zip(files, contents, strict=True):
        takes = len(content) + 2 * tarfile.BLOCKSIZE  # plus its header and its last block's rest
        spare = file_bytes - tarfile.RECORDSIZE  # minus the archive's end
        if takes > left - tarfile.RECORDSIZE or takes > spare:
            continue
        if takes > room:
            archives.append([])
            room = spare
            left -= tarfile.RECORDSIZE
        archives[-1].append((f"{path.name}.xz", content))
        room, left = room - takes, left - takes
        packed.append(path)
    for number, entries in enumerate(archives, start=1):
        with tarfile.open(into / f"networks-{number}.tar", "w") as archive:
            for name, content in entries:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, BytesIO(content))
    return packed


def unpack(folder: Path, into: Path) -> Iterator[Path]:
    """Write the checkpoints in ``pack``'s archives to a folder; yields each path."""
    archives = sorted(folder.glob("networks-*.tar"))
    if not archives:
        raise PadError(f"{folder} has no archive networks-1.tar; 'train' writes OUT/packed.")
    into.mkdir(parents=True, exist_ok=True)
    for path in archives:
        with tarfile.open(path) as archive:
            for entry in archive:
                file = archive.extractfile(entry)
                if file is None or Path(entry.name).name != entry.name:
                    raise PadError(f"{path} has an entry {entry.name!r}; it is no gallery archive.")
                out = into / entry.name.removesuffix(".xz")
                write_atomically(out, lzma.decompress(file.read()))
                yield out
