"""How the benchmarks measure: tasks to compare run in turn, round by round, in one process.

Machines are noisy, so a ratio is the median of the rounds' ratios. A floor is the shortest time
that the machine allows, measured in the same round: the work's arithmetic at the rate of a large
matrix product in the same precision, or its bytes at the memory's bandwidth.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from pad_core.errors import PadError
from pad_core.system.hardware import choose_device
from pad_core.system.malloc import share_freed_memory

Task = Callable[[], object]


@dataclass(frozen=True)
class Result:
    """One line of the table; None if there is nothing to compare with.

    value, plain, floor: medians over ``n`` rounds, in ``unit``; a unit that ends in '/s' is
    better when higher, any other when lower. ratio: how many times better than plain.
    fraction_of_floor: share of the possible speed, 1 at the floor. floor_of: what the floor is;
    plain_of: the part of the plain work that was done, if not all of it was. low, high: smallest
    and largest value of a round.
    """

    name: str
    value: float
    unit: str
    plain: float | None
    ratio: float | None
    floor: float | None
    fraction_of_floor: float | None
    device: str
    floor_of: str
    n: int
    low: float
    high: float
    plain_of: str = ""


def as_the_explorer() -> None:
    """Set this process up as ``explorer/app.py`` does its server's."""
    torch.set_num_threads(1)
    share_freed_memory()
    logging.disable(logging.WARNING)  # Streamlit's, about caches without a server


def row(
    name: str,
    unit: str,
    values: Sequence[float],
    device: str,
    plain: Sequence[float] | None = None,
    floor: Sequence[float] | None = None,
    floor_of: str = "",
    plain_of: str = "",
) -> Result:
    """A result from the values of each round; ``plain`` and ``floor`` are of the same rounds."""
    rate = unit.endswith("/s")

    def better(one: Sequence[float], other: Sequence[float]) -> float:
        pairs = zip(one, other, strict=True)
        return statistics.median(a / b if rate else b / a for a, b in pairs)

    return Result(
        name=name,
        value=_digits(statistics.median(values)),
        unit=unit,
        plain=None if plain is None else _digits(statistics.median(plain)),
        ratio=None if plain is None else _digits(better(values, plain)),
        floor=None if floor is None else _digits(statistics.median(floor)),
        fraction_of_floor=None if floor is None else _digits(better(values, floor)),
        device=device,
        floor_of=floor_of,
        n=len(values),
        low=_digits(min(values)),
        high=_digits(max(values)),
        plain_of=plain_of,
    )


def in_turn(rounds: int, device: torch.device, **tasks: Task) -> dict[str, list[float]]:
    """Seconds of each task in each round; all run once before, untimed."""
    for task in tasks.values():
        _seconds(task, device)
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            seconds[name].append(_seconds(task, device))
    return seconds


def latencies(n: int, task: Task, device: torch.device) -> list[float]:
    """Seconds of each of n calls, after an untimed one."""
    return in_turn(n, device, task=task)["task"]


def p95(values: Sequence[float]) -> float:
    """The value that 95 % stay below; for fewer than twenty values, the largest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


class Elsewhere:
    """A task in another process, which this process's settings don't reach.

    Args:
        device: on which the task's memory is measured.
        make: a module's function that returns the task in that process, with these arguments.
    """

    def __init__(self, device: torch.device, make: Callable[..., Task], *given: object) -> None:
        context = multiprocessing.get_context("spawn")
        self._ask, answer = context.Pipe()
        threads = torch.get_num_threads()
        self._process = context.Process(target=_serve, args=(answer, threads, device, make, given))
        self._process.start()
        answer.close()

    def __call__(self) -> object:
        return self._said("run")

    def peak_memory_mb(self) -> float:
        """The task's peak memory, without what was in use before its first run."""
        return float(self._said("peak"))

    def __enter__(self) -> Elsewhere:
        return self

    def __exit__(self, *_: object) -> None:
        self._ask.close()
        self._process.join()

    def _said(self, wanted: str) -> Any:
        self._ask.send(wanted)
        said = self._ask.recv()
        if isinstance(said, Exception):
            raise said
        return said


def _serve(
    answer: Connection,
    threads: int,
    device: torch.device,
    make: Callable[..., Task],
    given: tuple,
) -> None:
    torch.set_num_threads(threads)
    try:
        task = make(*given)
        memory = PeakMemory(device)
        with contextlib.suppress(EOFError):  # the other end closes at the end
            while wanted := answer.recv():
                answer.send(memory.mb() if wanted == "peak" else task())
    except Exception as error:
        answer.send(error)


class MatrixProduct:
    """A large matrix product; its rate gives the floor of arithmetic at its precision."""

    def __init__(self, device: torch.device, dtype: torch.dtype, quick: bool) -> None:
        size = 256 if quick else 8192 if device.type == "cuda" else 2048
        self.flops = 2.0 * size**3
        self._factors = [torch.randn(size, size, device=device).to(dtype) for _ in range(2)]

    def __call__(self) -> torch.Tensor:
        return self._factors[0] @ self._factors[1]


class Copy:
    """A copy of a tensor larger than the caches: the memory is read and written once."""

    def __init__(self, device: torch.device, quick: bool) -> None:
        size = 2**20 if quick else 2**30 if device.type == "cuda" else 2**28
        self.bytes = 2.0 * size
        self._source = torch.ones(size // 4, device=device)
        self._target = torch.empty_like(self._source)

    def __call__(self) -> torch.Tensor:
        return self._target.copy_(self._source)


def flops_of(task: Task) -> float:
    """Floating point operations of the matrix products and convolutions in a task."""
    with FlopCounterMode(display=False) as counter:
        task()
    return float(counter.get_total_flops())


class PeakMemory:
    """The peak memory since its creation: of the GPU, or of the process on a CPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_allocated(device) / 1e6
            return
        with contextlib.suppress(OSError):  # without a reset, the past counts, too
            Path("/proc/self/clear_refs").write_text("5")
        self._before = resident_mb()

    def mb(self) -> float:
        """In 10⁶ bytes."""
        cuda = self._device.type == "cuda"
        peak = torch.cuda.max_memory_allocated(self._device) / 1e6 if cuda else _peak_mb()
        return peak - self._before


def resident_mb() -> float:
    """The memory that this process holds now, in 10⁶ bytes; its peak if the system can't tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return _peak_mb()
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def device_and_threads(device: torch.device) -> str:
    """'cuda (NVIDIA H200)', or 'cpu (AMD EPYC, 2 threads)'."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"cpu ({_processor()}, {threads} thread{'s' if threads > 1 else ''})"


def arguments(description: str) -> argparse.ArgumentParser:
    """The options of every benchmark."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to check that it works")
    parser.add_argument("--device", type=device_here, default=torch.device("cpu"))
    parser.add_argument("--out", type=_new_file, help="file for the rows (default: print them)")
    return parser


def device_here(name: str) -> torch.device:
    """Parse an option that names a device of this machine."""
    try:
        return choose_device(name)
    except PadError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _new_file(name: str) -> Path:
    if not Path(name).parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {Path(name).parent}")
    return Path(name)


def report(rows: Sequence[Result], out: Path | None) -> None:
    """Write the results as JSON."""
    text = json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False)
    if out is None:
        print(text)
    else:
        out.write_text(text, encoding="utf-8")


def _seconds(task: Task, device: torch.device) -> float:
    started = time.perf_counter()
    task()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def _peak_mb() -> float:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024e-6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1e-6 if sys.platform == "darwin" else 1024e-6)


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
