"""``bench``: how fast this machine trains, reads out and dreams.

The measurements are scripts in the repository's folder ``bench/``, beside plain
implementations of the same work. Each part runs in a process of its own, so that neither its
memory nor its caches are another's.
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
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from pad_core.errors import PadError

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    "train": ("bench.train",),
    "probe": ("bench.probe",),
    "explorer": ("bench.explorer_pages", "bench.explorer_server"),
}


def bench(
    parts: Sequence[str],
    device: torch.device,
    quick: bool,
    threads: int | None = None,
    on_part: Callable[[str], None] = lambda part: None,
) -> Iterator[dict[str, Any]]:
    """Measure; one JSON-ready object a line of the table, whose fields ``bench.measure.Row`` has.

    Args:
        parts: names of ``PARTS``.
        device: that trains; probes and the explorer are measured on the CPU.
        quick: tiny sizes, which only show that everything works.
        threads: of the work that has several; None for as many as PyTorch takes by itself.
        on_part: called with the name of each part before it is measured.

    Raises:
        PadError: the folder ``bench/`` is not here, or a part fails.
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
        # The environment reaches NumPy's and SciPy's libraries, too.
        own = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
        with _exit_at_sigterm():
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, env=os.environ | own
            )
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it said nothing"]
            raise PadError(
                f"The part {part!r} failed ({said[-1]}); '{module}' as a module of "
                f"{ROOT} shows where."
            )
        rows: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
    return rows


@contextlib.contextmanager
def _exit_at_sigterm() -> Iterator[None]:
    """Have SIGTERM raise SystemExit, which ends the process that is waited for, too."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """The rows for people."""
    notes = [
        "value, plain, floor: medians; ratios: medians of each round's; a floor is what this "
        "machine could do at best, plain what plain code took",
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
