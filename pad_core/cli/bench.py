"""``bench``: the speed of this machine in training, probing and dreaming.

The measurements are scripts in the repository's folder ``bench/``, with plain implementations of
the same work beside them. Each part runs in its own process, so that parts share neither memory
nor caches.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from pad_core.cli.options import Option
from pad_core.errors import PadError
from pad_core.system.output import print_json

if TYPE_CHECKING:  # so that --help needs neither
    import torch
    from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    "train": ("bench.train",),
    "probe": ("bench.probe",),
    "explorer": (
        "bench.explorer_pages",
        "bench.explorer_server",
        "bench.ascent",
        "bench.explorer_sleep",
    ),
}


@dataclass(frozen=True)
class Bench:
    """Measure the speed of this machine, compared with plain code and with its limits."""

    part: Annotated[Literal["train", "probe", "explorer"] | None, Option(positional=True)] = None
    json: Annotated[bool, Meta(description="print a list of objects")] = False
    quick: Annotated[bool, Meta(description="tiny sizes, to check that it works")] = False
    device: Annotated[str, Meta(description="for training: cpu, cuda or auto")] = "auto"
    threads: Annotated[
        Annotated[int, Meta(ge=1, le=os.cpu_count() or 1)] | None,
        Option(metavar="N"),
        Meta(
            description="CPU threads, at most as many as it has processors (default: PyTorch's own)"
        ),
    ] = None


def run_bench(options: Bench) -> None:
    """A table for people, or a list of objects with --json."""
    from pad_core.cli.display import print_table
    from pad_core.system.hardware import choose_device

    parts = [options.part] if options.part else list(PARTS)
    rows: list[dict[str, Any]] = []

    def say(part: str) -> None:
        print(f"Measuring: {part} …", file=sys.stderr)

    try:
        device = choose_device(options.device)
        rows.extend(bench(parts, device, options.quick, options.threads, say))
    finally:  # prints what was measured before a part failed or was stopped
        if options.json and rows:
            print_json(rows)
        elif rows:
            print_table(table(rows))


def bench(
    parts: Sequence[str],
    device: torch.device,
    quick: bool,
    threads: int | None = None,
    on_part: Callable[[str], None] = lambda part: None,
) -> Iterator[dict[str, Any]]:
    """Measure; returns a JSON-ready object for each line of the table (``bench.measure.Result``).

    Args:
        parts: names of ``PARTS``.
        device: for training; probes and the explorer are measured on the CPU.
        quick: tiny sizes, which only check that everything works.
        threads: of the CPU; None for PyTorch's own number.
        on_part: called with the name of each part before it is measured.

    Raises:
        PadError: the folder ``bench/`` is missing, or a part fails.
    """
    if not (ROOT / "bench" / "measure.py").exists():
        raise PadError(
            f"The benchmarks are not installed with the package: there is no folder "
            f"{ROOT / 'bench'}; run this in a clone of the repository."
        )
    for part in parts:
        on_part(part)
        for module in PARTS[part]:
            yield from _measure(part, module, device, quick, threads)


def _measure(
    part: str, module: str, device: torch.device, quick: bool, threads: int | None
) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "rows.json"
        command = [sys.executable, "-m", module, "--out", str(out), "--device", str(device)]
        command += ["--quick"] if quick else []
        # An environment variable also reaches NumPy's and SciPy's libraries.
        own = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
        with _exit_at_sigterm():
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, env=os.environ | own
            )
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it said nothing"]
            raise PadError(
                f"The part {part!r} failed ({said[-1]}); run 'python -m {module}' in "
                f"{ROOT} to see where."
            )
        rows: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
    return rows


@contextlib.contextmanager
def _exit_at_sigterm() -> Iterator[None]:
    """Have SIGTERM raise SystemExit, which also ends the process that we wait for."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """The results as a table for people."""
    from rich.table import Table

    notes = [
        "value, plain, floor: medians over rounds; ratios: medians of each round's ratio; floor: "
        "this machine's limit; plain: the same work in plain code",
    ]
    for row in rows:
        parts = {"floor": row["floor_of"], "plain": row["plain_of"]}
        said = "; ".join(f"{name}: {text}" for name, text in parts.items() if text)
        if said:
            notes.append(f"{row['name']}: n = {row['n']}; {said}")
    shown = Table(caption="\n".join(notes), caption_justify="left")
    shown.add_column("what", overflow="fold")
    for name in ("value", "plain", "× plain", "floor", "of floor"):
        shown.add_column(name, justify="right")
    for row in rows:
        fraction = row["fraction_of_floor"]
        shown.add_row(
            row["name"],
            f"{_number(row['value'])} {row['unit']}",
            _number(row["plain"]),
            _number(row["ratio"]),
            _number(row["floor"]),
            "" if fraction is None else f"{100 * fraction:.0f} %",
        )
    devices = dict.fromkeys(row["device"] for row in rows)
    shown.title = "; ".join(devices)
    return shown


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
