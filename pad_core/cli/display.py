"""What the command line shows: progress bars, tables, and a checkpoint's summary."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from rich.console import Console
from rich.console import Group as RichGroup
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from pad_core.checkpoint.file import PadNetwork
from pad_core.checkpoint.schema import Export
from pad_core.checkpoint.training_config import Recipe
from pad_core.errors import printable
from pad_core.report.conditions_in_words import cycle, details, told
from pad_core.report.summary import numbers, rows_for
from pad_core.system.hardware import device_name
from pad_core.training.run_folder import Progress as RunProgress
from pad_core.training.sweep import CellState

_WIDEST = 10_000  # columns of a table in a file
_NAMES = {"image": "img", "kl": "kl", "external": "real", "nrem": "nrem", "internal": "rem",
          "contrast": "con"}  # fmt: skip


class TrainingDisplay:
    """A live bar for the current epoch with its losses below, and a line for each finished epoch.

    All of it fits 80 columns. If the output is no terminal, only the lines are printed. The first
    line says what is trained, once it is: a training that is refused has none.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Recipe,
        device: torch.device,
        console: Console | None = None,
    ) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TaskProgressColumn(),
            TextColumn("{task.fields[facts]}"),
            console=self._console,
        )
        self._losses = Text()
        self._live = Live(RichGroup(self._bar, self._losses), console=self._console, transient=True)
        self._heading = (
            f"{folder}: condition {recipe.condition.name}, seed {recipe.seed}, "
            f"{device_name(device)}, {recipe.precision}"
        )
        self._task = self._bar.add_task(f"epoch –/{recipe.epochs}", total=None, facts="")

    def __enter__(self) -> TrainingDisplay:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def on_progress(self, progress: RunProgress) -> None:
        """Move the bar."""
        if self._heading:
            self._console.print(self._heading)
            self._heading = ""
        left = duration(progress.seconds_left)
        self._bar.update(
            self._task,
            description=f"epoch {progress.epoch}/{progress.epochs}",
            total=progress.steps,
            completed=progress.step,
            facts=f"{left} left · {progress.images_per_s:,.0f} images/s",
        )
        self._losses.plain = f"  {_losses(progress.losses)}"

    def on_epoch(self, entry: dict[str, Any]) -> None:
        """Print a finished epoch."""
        self._console.print(
            f"epoch {entry['epoch']:3d} · {entry['images_per_s']:,.0f} images/s · "
            f"{_losses(entry['losses'])}"
        )
        if "linear_separability" in entry:
            self._console.print(
                f"          separability {entry['linear_separability']:.2f} % (paper's protocol), "
                f"{entry['converged_separability']:.2f} % (converged)"
            )


class SweepDisplay:
    """A live table of a sweep's cells; if the output is no terminal, a line per epoch."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._known: dict[Path, tuple[str, int]] = {}

    def __enter__(self) -> SweepDisplay:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def on_change(self, states: list[CellState]) -> None:
        """Show the cells as they are."""
        if self._console.is_terminal:
            self._live.update(_sweep_table(states, self._console.height - 3), refresh=True)
            return
        for state in states:
            at = state.progress if state.status in _GOING else None
            news = (state.status, at.epoch if at else 0)
            if self._known.get(state.cell.folder) != news:
                self._known[state.cell.folder] = news
                where = (
                    f", epoch {at.epoch} of {at.epochs}, {duration(at.seconds_left)} left, "
                    f"{_losses(at.losses)}"
                    if at
                    else ""
                )
                self._console.print(f"{state.cell.folder}: {state.status}{where}")


_GOING = ("training", "elsewhere")


def _sweep_table(states: list[CellState], rows: int) -> RichGroup:
    """A sweep's progress, and as many cells as there is room for, those that train first."""
    table = Table(box=None, header_style="dim", expand=True)
    for title in ("network", "", "epoch", "left"):
        table.add_column(title, no_wrap=True)
    table.add_column("losses", no_wrap=True, ratio=1)
    order = (*_GOING, "failed", "stopped", "waiting", "finished")
    shown = sorted(states, key=lambda state: order.index(state.status))
    if len(shown) > rows:
        shown = shown[: max(rows - 1, 1)]
    for state in shown:
        recipe, at = state.cell.recipe, state.progress
        row = [f"{recipe.condition.name} {recipe.seed}", state.status, "", "", state.error]
        if at is not None and not state.error:
            row[2] = f"{at.epoch - 1 + at.step / at.steps:.1f}/{at.epochs}"
            row[3] = duration(at.seconds_left) if state.status in _GOING else ""
            row[4] = _losses(at.losses)
        table.add_row(*row)
    more = len(states) - len(shown)
    return RichGroup(_standing(states), table, f"… and {more} more" if more else "")


def _standing(states: list[CellState]) -> str:
    """'12 of 36 finished · 2 training · 22 waiting · about 3 h 2 min left'."""
    counts = Counter(state.status for state in states)
    words = [f"{counts['finished']} of {len(states)} finished"]
    words += [f"{n} {status}" for status, n in counts.items() if status != "finished"]
    going = [s.progress for s in states if s.status == "training" and s.progress is not None]
    if going:
        left = [at.seconds_left for at in going]
        cycles = [(at.epochs - at.epoch + 1) * at.steps - at.step for at in going]
        rates = [s / c for s, c in zip(left, cycles, strict=True) if c > 0]
        whole = going[0].epochs * going[0].steps * sum(rates) / max(len(rates), 1)
        seconds = (sum(left) + counts["waiting"] * whole) / len(going)
        words.append(f"about {duration(seconds)} left")
    return " · ".join(words)


@contextlib.contextmanager
def loading_bar() -> Iterator[Callable[[str, float], None]]:
    """A progress bar for loading a data set; gives a callback (what, share 0–1)."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Loading images", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def print_table(table: Table) -> None:
    """Print a table as wide as it is where no terminal limits it, else say where the rest is."""
    console = Console()
    if not console.is_terminal:
        console.width = _WIDEST
    console.print(table)
    wanted = console.measure(table, options=console.options.update(width=_WIDEST)).maximum
    if wanted > console.width:
        print(f"The table needs {wanted} columns; --json prints every number.", file=sys.stderr)


def duration(seconds: float) -> str:
    """Seconds in words: '42 s', '3 min 5 s', '2 h 10 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def checkpoint_summary(network: PadNetwork) -> str:
    """A checkpoint's summary in words, for ``info``."""
    header = network.header
    condition = header.condition
    data = header.dataset
    size = network.path.stat().st_size / 1e6
    mixture = condition.rem_mixture
    lines = [
        f"{printable(network.path.name)}: {network.name}",
        f"  file         {size:.2f} MB, {header.export.get('bits', 16)} bits a weight, "
        f"sha256 {network.sha256[:16]}…",
        *_export_line(header.export),
        f"  data         {header.dataset_name} ({data['n_train']:,} training and "
        f"{data['n_test']:,} test images). {data.get('note', '')}".rstrip(),
        f"  classes      {', '.join(header.class_names)}",
        f"  cycle        {cycle(condition.phases)}",
    ]
    if line := told(condition):
        lines.append(f"               {line}")
    if "rem" in condition.phases:
        lines.append(
            f"  REM dreams   λ = {mixture.lam}, λ′ = {mixture.lam_prime}, "
            f"noise level σ = {mixture.noise_level}"
        )
    lines += [f"  {subject:<12} {words}" for subject, words in details(condition).items()]
    recipe = ", ".join(f"{key} {value}" for key, value in header.recipe.items())
    lines.append(f"  recipe       {recipe}")
    memories = ", ".join(f"{len(m):,} {split}" for split, m in network.memories.items())
    lines.append(f"  memories     {memories}")
    if header.history:
        last = header.history[-1]
        lines.append(f"  last epoch   {_losses(last['losses'])}")
    if header.metrics:
        lines.append(f"  measured on  {header.metrics.get('on')}")
        lines += [
            f"    {row.name:<44} {values[0]:.{row.digits}f}"
            for row in rows_for([header.metrics])
            if (values := numbers([header.metrics], *row.path))
        ]
    return "\n".join(lines)


def _export_line(export: Export) -> list[str]:
    """The cost of rounding to fewer bits, if it was measured."""
    if "rounding_cost_points" not in export:
        return []
    reached = [export.get(f"converged_separability{end}") for end in ("_full_precision", "")]
    before, after = ("–" if value is None else f"{value:.2f} %" for value in reached)
    return [
        f"  export       converged separability {before} before rounding, {after} as stored: "
        f"rounding cost {export['rounding_cost_points']:.2f} points"
    ]


def _losses(losses: dict[str, float]) -> str:
    return " ".join(f"{_NAMES.get(name, name)} {value:.3f}" for name, value in losses.items())
