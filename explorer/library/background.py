"""Long computations in small steps, on a few threads, as long as a viewer asks for them.

A viewer who moves a slider wants other numbers than a moment ago; a viewer who has left wants
none. So a job is a generator that advances step by step while it is asked for, the most urgent
job first. Nothing needs to be cancelled.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from pad_core.errors import PadError
from pad_core.system.malloc import return_freed_memory

LAPSE_S = 5.0  # a viewer who has not asked for so long has left
_NICE = (
    5  # of 0 to 19; the most would keep a thread waiting with the interpreter's lock in its hand
)
FORGET_S = 60.0  # after which the viewer and their unfinished jobs are forgotten

T = TypeVar("T")


class Wanted(NamedTuple):
    """A job: the most urgent one comes first; ``start`` begins it.

    After each step the job yields its value so far (None: nothing new), and its result last. A
    step should take well below a second.
    """

    urgency: tuple[float, ...]
    start: Callable[[], Iterator[Any]]


@dataclass
class Result(Generic[T]):
    """A job's ``value`` so far or in the end, or its ``error``."""

    value: T | None = None
    done: bool = False
    error: str = ""
    finished: float = 0.0


@dataclass
class _Job:
    steps: Iterator[Any]
    result: Result
    asked: float
    running: bool = False


@dataclass
class _Viewer:
    asked: float = 0.0
    since: dict[Hashable, float] = field(default_factory=dict)
    urgency: dict[Hashable, tuple[float, ...]] = field(default_factory=dict)


class Background:
    """The jobs of all viewers, and the newest ``keep`` results.

    Each page's cache has its own, sized for its results.
    """

    def __init__(self, threads: int, keep: int = 2000) -> None:
        self._keep = keep
        self._jobs: dict[Hashable, _Job] = {}
        self._results: OrderedDict[Hashable, Result] = OrderedDict()
        self._viewers: dict[Hashable, _Viewer] = {}
        self._news = threading.Condition()
        self._closed = False
        self._worked = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()
        # If a thread is inside PyTorch when the program ends, the program would abort.
        atexit.register(self.close)

    def ask(self, viewer: Hashable, wanted: Mapping[Hashable, Wanted]) -> dict[Hashable, Result]:
        """The results of these jobs so far; they go on until this viewer asks for others.

        Ask again and again: after ``LAPSE_S`` seconds without a call, a viewer counts as gone.
        """
        now = time.monotonic()
        with self._news:
            before = self._viewers.get(viewer, _Viewer()).since
            since = {key: before.get(key, now) for key in wanted}
            urgency = {key: job.urgency for key, job in wanted.items()}
            self._viewers[viewer] = _Viewer(now, since, urgency)
            for key, job in wanted.items():
                if key in self._results:
                    self._results.move_to_end(key)
                elif key in self._jobs:
                    self._jobs[key].asked = now
                else:
                    self._jobs[key] = _Job(job.start(), Result(), now)
            self._news.notify_all()
            return {key: self._result(key) for key in wanted}

    def get(self, key: Hashable, start: Callable[[], Iterator[T]]) -> Result[T]:
        """The result of one job so far, the same for all viewers; it goes on while one asks."""
        return self.ask(key, {key: Wanted((0,), start)})[key]

    def forget(self, key: Hashable) -> None:
        """Drop a result, so that the next request starts the job anew."""
        with self._news:
            self._results.pop(key, None)

    def __contains__(self, key: Hashable) -> bool:
        """Whether there is such a job, or its result."""
        with self._news:
            return key in self._jobs or key in self._results

    def was_here(self, viewer: Hashable, key: Hashable) -> bool:
        """Whether a result was finished before this viewer first asked for it."""
        with self._news:
            since = self._viewers.get(viewer, _Viewer()).since.get(key)
            result = self._results.get(key)
            return since is not None and result is not None and result.finished < since

    def look(self, key: Hashable) -> Result:
        """The result of a job so far, without asking for it."""
        with self._news:
            return self._result(key)

    def wait(self, seconds: float) -> None:
        """Wait until some job has taken a step, or for so many seconds."""
        with self._news:
            self._news.wait(seconds)

    def close(self) -> None:
        """End the threads after their current steps.

        Steps longer than ``LAPSE_S``, such as a download, are not waited for.
        """
        with self._news:
            self._closed = True
            self._news.notify_all()
        deadline = time.monotonic() + LAPSE_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        atexit.unregister(self.close)

    def _result(self, key: Hashable) -> Result:
        if key in self._results:
            return self._results[key]
        return self._jobs[key].result if key in self._jobs else Result()

    def _work(self) -> None:
        _give_way()
        while True:
            with self._news:
                while (key := self._next()) is None and not self._closed:
                    # Time passes without news: forget unfinished jobs in the end, and hand
                    # free memory back to the system.
                    if not self._news.wait(LAPSE_S) and self._worked:
                        self._worked = False
                        return_freed_memory()
                if key is None or self._closed:
                    return
                job = self._jobs[key]
                job.running = self._worked = True
            result = Result(job.result.value)
            try:
                news = next(job.steps)
                if news is not None:
                    result.value = news
            except StopIteration:
                result.done = True
            except PadError as error:
                result.done, result.error = True, str(error)
            except Exception as error:  # a dead thread would leave every page waiting
                result.done = True
                result.error = f"This could not be computed: {type(error).__name__}: {error}."
            with self._news:
                job.running, job.result = False, result
                if result.done:
                    result.finished = time.monotonic()
                    del self._jobs[key]
                    self._results[key] = result
                    while len(self._results) > self._keep:
                        self._results.popitem(last=False)
                self._news.notify_all()

    def _next(self) -> Hashable | None:
        """The most urgent wanted job that no thread is running."""
        now = time.monotonic()
        self._viewers = {v: w for v, w in self._viewers.items() if now - w.asked < FORGET_S}
        self._jobs = {k: j for k, j in self._jobs.items() if j.running or now - j.asked < FORGET_S}
        ready = [
            (urgency, key)
            for viewer in self._viewers.values()
            if now - viewer.asked < LAPSE_S
            for key, urgency in viewer.urgency.items()
            if key in self._jobs and not self._jobs[key].running
        ]
        return min(ready, key=lambda pair: pair[0])[1] if ready else None


def _give_way() -> None:
    """Let this thread have a processor where nothing more urgent needs it: pages do.

    On Linux each thread has a priority of its own; elsewhere it would be the whole program's.
    """
    if sys.platform == "linux":
        os.nice(_NICE)
