"""Sweeps on one device in one process: as many networks at once as increase the speed.

A mini-batch of 64 small images leaves most of a large GPU idle; several networks fill it. Each
replays its captured cycle (``cuda_graph.py``) on its own stream, and one thread gives each a new
portion of cycles as soon as its last one is done. A network trains as it would alone: it shares
only the images with the others.

On a CPU the networks take turns; the tests run this so.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Iterator
from typing import Any

import torch

from pad_core.data.imagesets import ImageSet
from pad_core.data.load import DataSet, load_dataset
from pad_core.errors import PadError
from pad_core.model.condition import Condition, Phase
from pad_core.training.lock import OccupiedError
from pad_core.training.loop import Run, portions
from pad_core.training.sweep import LOG, Cell, Outcome, Settings, Training

MOST_AT_ONCE = 32  # hardware queues of a GPU
_PAYS = 1.08  # twice as many networks must do this much more work per second
# The work of a phase in units of Wake's: passes through a network, forward and back.
_PHASE_WORK: dict[Phase, float] = {"wake": 1.0, "nrem": 0.7, "rem": 0.9, "contrast": 1.1}
_CONTRAST_IN_NREM = 0.4
_MEASURE_S = 2.0
_SETTLED_CYCLES = 20  # of each network before its speed is measured: the cycle is captured then
_NAP_S = 0.0005


def work_per_image(condition: Condition) -> float:
    """A cycle's work per image, in units of a cycle of Wake alone."""
    more = _CONTRAST_IN_NREM if condition.contrast_phase == "nrem" else 0.0
    return sum(_PHASE_WORK[p] + (more if p == "nrem" else 0.0) for p in condition.phases)


class StreamEngine:
    """One device that trains several networks at a time.

    ``jobs`` starts at 1 and doubles as long as the measured work per second grows and memory
    suffices for twice as many. A last doubling that did not pay is taken back: with fewer networks
    at a time, each is finished sooner.
    """

    def __init__(
        self, device: torch.device | str, most: int = MOST_AT_ONCE, measure_s: float = _MEASURE_S
    ) -> None:
        self.device = torch.device(device)
        self.jobs = 1
        self.images_per_s = 0.0  # of all networks together, when last measured
        self.work_per_s = 0.0  # the same, in images times ``work_per_image``
        self._most = most
        self._measure_s = measure_s
        self._growing = most > 1
        self._members: list[_Member] = []
        self._data: dict[str, tuple[DataSet, ImageSet]] = {}
        # The start of the measurement; images and work by then of the networks that train now.
        self._window: tuple[float, int, float] | None = None

    @property
    def settled(self) -> bool:
        """Whether the best number of networks at once has been found."""
        return not self._growing and self.work_per_s > 0

    def start(self, cell: Cell, settings: Settings) -> Training:
        """Start to train a cell; its images are loaded unless another cell has loaded them."""
        member = _Member(self, cell, settings)
        self._members.append(member)
        self._window = None
        return member

    def wait(self, seconds: float) -> None:
        """Train for some seconds."""
        until = time.perf_counter() + seconds
        while (now := time.perf_counter()) < until:
            # Networks beyond ``jobs``, started during a trial, wait until others are done.
            ready = [member for member in self._members[: self.jobs] if member.ready()]
            for member in ready:
                member.advance()
            if any(member.outcome() is not None for member in self._members):
                self._members = [m for m in self._members if m.outcome() is None]
                self._window = None
            if not self._members:
                time.sleep(max(0.0, until - time.perf_counter()))
                return
            if not ready:
                time.sleep(_NAP_S)
            self._measure(now)

    def images_of(self, spec: str, root: str) -> tuple[DataSet, ImageSet]:
        """A data set, and its training images on the device; loaded once."""
        if spec not in self._data:
            dataset = load_dataset(spec, root)
            self._data[spec] = dataset, dataset.train.to(self.device)
            _wait_for(self.device)  # other streams will read them
        return self._data[spec]

    def share(self, dataset: DataSet) -> None:
        """Use a loaded data set for the cells whose recipe names it."""
        self._data[dataset.spec] = dataset, dataset.train.to(self.device)
        _wait_for(self.device)

    def _measure(self, now: float) -> None:
        going = self._members[: self.jobs]
        if not going or min(member.cycles for member in going) < _SETTLED_CYCLES:
            return
        seen = sum(member.images_seen for member in going)
        done = sum(m.images_seen * work_per_image(m.cell.recipe.condition) for m in going)
        if self._window is None:
            self._window = now, seen, done
            return
        began, seen_before, done_before = self._window
        if now - began < self._measure_s:
            return
        self._window = None
        before, self.work_per_s = self.work_per_s, (done - done_before) / (now - began)
        self.images_per_s = (seen - seen_before) / (now - began)
        if not self._growing:
            return
        if len(going) < self.jobs:  # no more cells wait
            self._growing = False
        elif self.work_per_s < _PAYS * before:
            self._growing = False
            self.jobs = max(1, self.jobs // 2)
        elif self.jobs < self._most and self._has_room():
            self.jobs = min(2 * self.jobs, self._most)
        else:
            self._growing = False

    def _has_room(self) -> bool:
        """Whether as many networks again fit into free memory, and half as many to spare."""
        if self.device.type != "cuda":
            return True
        free, _ = torch.cuda.mem_get_info(self.device)
        return free > 1.5 * torch.cuda.memory_reserved(self.device)


class _Member:
    """A network that trains on its own stream."""

    def __init__(self, engine: StreamEngine, cell: Cell, settings: Settings) -> None:
        self.cell = cell
        self._engine = engine
        self._settings = settings
        self._asked = False
        self._outcome: Outcome | None = None
        self._run: Run | None = None
        cuda = engine.device.type == "cuda"
        self._stream = torch.cuda.Stream(engine.device) if cuda else None
        self._done = torch.cuda.Event() if cuda else None
        self._going: Iterator[Run] = self._portions()

    @property
    def cycles(self) -> int:
        """Cycles since it started here."""
        return 0 if self._run is None else self._run.lived

    @property
    def images_seen(self) -> int:
        return self.cycles * self.cell.recipe.batch_size

    def ready(self) -> bool:
        """Whether the device has finished this network's last portion."""
        return self._outcome is None and (self._done is None or self._done.query())

    def advance(self) -> None:
        """Hand out the next portion of cycles."""
        try:
            with self._current():
                self._run = next(self._going)
                if self._done is not None:
                    self._done.record(self._stream)
        except StopIteration:
            self._end(Outcome("finished" if self.cell.finished else "stopped"))
        except OccupiedError:
            self._end(Outcome("elsewhere"))
        except PadError as error:
            self._end(Outcome("failed", str(error)))
        except Exception as error:  # one network failed; the others go on
            log = self.cell.folder / LOG
            with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
                traceback.print_exc(file=file)
            self._end(Outcome("failed", f"{type(error).__name__}: {error}; {log} has the details."))

    def stop(self) -> None:
        self._asked = True

    def outcome(self) -> Outcome | None:
        return self._outcome

    def _portions(self) -> Iterator[Run]:
        recipe, settings = self.cell.recipe, self._settings
        dataset, images = self._engine.images_of(recipe.dataset, settings.root)
        self.cell.folder.mkdir(parents=True, exist_ok=True)
        with (self.cell.folder / LOG).open("a", encoding="utf-8", buffering=1) as log:
            yield from portions(
                self.cell.folder,
                recipe,
                dataset,
                device=self._engine.device,
                images=images,
                resume=True,
                probe_every=settings.probe_every,
                keep_epochs=self.cell.keep_epochs,
                save_every_s=settings.save_every_s,
                on_epoch=lambda entry: print(entry, file=log),
                should_stop=lambda: self._asked,
            )

    def _current(self) -> contextlib.AbstractContextManager[Any]:
        if self._stream is None:
            return contextlib.nullcontext()
        return torch.cuda.stream(self._stream)

    def _end(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._going = iter(())  # frees its graph and its memory


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
