"""Evaluations side by side: grouped by data set and condition, mean ± SEM over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rich.box import SIMPLE
from rich.table import Table

from pad_core.checkpoint.evaluation_record import ROWS, Evaluation, TableRow
from pad_core.data.identity import Data, labels
from pad_core.evaluation.statistics import mean_sem
from pad_core.report.palette import STYLES, style


class Group(NamedTuple):
    """Evaluations of one condition on one data set after the same epoch, one for each seed."""

    dataset: str
    condition: str
    epoch: int
    evaluations: list[Evaluation]

    def values(self, *path: str) -> list[float]:
        """A measure's values in the networks that have it; ``path`` leads through nested fields."""
        return numbers(self.evaluations, *path)


def numbers(found: Sequence[Mapping[str, Any]], *path: str) -> list[float]:
    """The numbers at a path, of the objects that have it."""
    parts = [_part(value, path) for value in found]
    return [float(p) for p in parts if isinstance(p, int | float) and math.isfinite(p)]


def grouped(evaluations: Sequence[Evaluation]) -> list[Group]:
    """Groups in the order of the paper's conditions, then of epochs.

    No mean mixes epochs, real images with reconstructions, or different data sets of one name, and
    none counts a seed twice: of two files with the same seed, the first counts.
    """
    order = list(STYLES)
    groups: dict[tuple[str, str, int], dict[int, Evaluation]] = {}
    ordered = sorted(evaluations, key=lambda e: int(e["seed"]))
    for value, name in zip(ordered, labels([_data(e) for e in ordered]), strict=True):
        seeds = groups.setdefault((name, value["condition"], value["epoch"]), {})
        seeds.setdefault(value["seed"], value)

    def rank(key: tuple[str, str, int]) -> tuple[str, int, str, int]:
        name, condition, epoch = key
        place = order.index(condition) if condition in order else len(order)
        return name, place, condition, epoch

    return [Group(*key, list(groups[key].values())) for key in sorted(groups, key=rank)]


def _data(value: Evaluation) -> Data:
    name = value["dataset"] + ("" if value["on"] == "real images" else " (reconstructions)")
    return Data(name, value["n_train"], value["n_test"], value.get("dataset_sha256"))


def mean_and_sem(values: Sequence[float], digits: int = 2) -> str:
    """'58.25 ± 0.70', '58.25' for one value, '–' for none."""
    if not values:
        return "–"
    mean, sem = mean_sem(values)
    return f"{mean:.{digits}f}" + ("" if sem is None else f" ± {sem:.{digits}f}")


def rows_for(evaluations: Sequence[Evaluation]) -> list[TableRow]:
    """The declared rows that were measured; a '*' in a path becomes a row for each name."""
    rows = [row for declared in ROWS for row in _by_name(declared, evaluations)]
    return [row for row in rows if numbers(evaluations, *row.path)]


def _by_name(row: TableRow, evaluations: Sequence[Evaluation]) -> list[TableRow]:
    if row.path[-1] != "*":
        return [row]
    place = row.path[:-1]
    names = sorted({name for value in evaluations for name in _part(value, place) or {}})
    return [row._replace(name=row.name.format(name), path=(*place, name)) for name in names]


def _part(value: Any, path: Sequence[str]) -> Any:
    """The value at a path in nested objects; None if there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def tables(evaluations: Sequence[Evaluation]) -> list[Table]:
    """A table for each data set; rows are measures, columns are conditions and baselines."""
    groups = grouped(evaluations)
    made = []
    for dataset in dict.fromkeys(group.dataset for group in groups):
        here = [group for group in groups if group.dataset == dataset]
        first = here[0].evaluations[0]
        table = Table(
            title=f"{dataset}: {first['n_train']:,} training and {first['n_test']:,} test latents",
            caption="Mean ± SEM over seeds, if there are several. Measured on "
            f"{first['on']}; occlusion on {first['occlusion_n']:,} of them.{_never_met(here)}",
            box=SIMPLE,
            collapse_padding=True,
        )
        table.add_column("", min_width=20)  # keeps words whole in 80 columns with many networks
        for group in here:
            seeds = len(group.evaluations)
            table.add_column(
                f"{style(group.condition).label}\nepoch {group.epoch}, "
                f"{seeds} seed{'s' * (seeds > 1)}",
                justify="right",
            )
        baselines = first.get("baselines", {})
        for name in baselines:
            table.add_column(f"{style(name).label}\nbaseline", justify="right")
        for row in rows_for([value for group in here for value in group.evaluations]):
            cells = [mean_and_sem(group.values(*row.path), row.digits) for group in here]
            beside = (numbers([values], *row.path) for values in baselines.values())
            cells += [mean_and_sem(values, row.digits) for values in beside]
            if set(cells) != {"–"}:  # skip what no network here has
                table.add_row(row.name, *cells)
        made.append(table)
    return made


def _never_met(groups: Sequence[Group]) -> str:
    """A warning about REM dreams of networks that had no REM; '' if all had it."""
    without = [
        style(group.condition).label
        for group in groups
        if "rem" not in group.evaluations[0].get("phases", ["rem"])
    ]
    if not without:
        return ""
    return f" REM dreams of {' and '.join(without)} are of latents that these networks never met."
