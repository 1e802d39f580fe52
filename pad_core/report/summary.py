"""Evaluations side by side: grouped by data set and condition, mean ± SEM over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.box import SIMPLE
from rich.table import Table

from pad_core.data.identity import Data, labels
from pad_core.evaluation.statistics import mean_sem
from pad_core.report.palette import STYLES, style

Evaluation = dict[str, Any]


class Group(NamedTuple):
    """Evaluations of one condition on one data set after as many epochs, one for each seed."""

    dataset: str
    condition: str
    epoch: int
    evaluations: list[Evaluation]

    def values(self, *path: str) -> list[float]:
        """A measure of each network that has it; the path leads through nested fields."""
        found = []
        for value in self.evaluations:
            part: Any = value
            for key in path:
                part = part.get(key) if isinstance(part, dict) else None
            if isinstance(part, int | float) and math.isfinite(part):
                found.append(float(part))
        return found


class Row(NamedTuple):
    """One measure in the table: its name, its place in an evaluation, digits after the point."""

    name: str
    path: tuple[str, ...]
    digits: int


ROWS = (
    Row("linear separability, paper's protocol, %", ("linear_separability",), 2),
    Row("   SD over read-out seeds, points", ("linear_separability_sd",), 2),
    Row("converged separability, %", ("converged_separability",), 2),
    Row("30 % occluded, paper's protocol, %", ("occlusion", "30"), 2),
    Row("50 % occluded, paper's protocol, %", ("occlusion", "50"), 2),
    Row("intra/inter-class distance", ("intra_inter_ratio",), 3),
    Row("   over all pairs", ("intra_inter_ratio_exact",), 3),
    Row("clean-occluded/inter distance", ("clean_occluded_ratio",), 3),
    Row("AUC of d, images against REM dreams", ("realness_auc",), 3),
    Row("AUC of d, images against NREM dreams", ("realness_auc_nrem",), 3),
)


def grouped(evaluations: Sequence[Evaluation]) -> list[Group]:
    """Groups in the order of the paper's conditions, then of epochs.

    Neither epochs nor real images and reconstructions, nor data sets of one name, ever mix in one
    mean.
    """
    order = list(STYLES)
    groups: dict[tuple[str, str, int], list[Evaluation]] = {}
    ordered = sorted(evaluations, key=lambda e: int(e["seed"]))
    for value, name in zip(ordered, labels([_data(e) for e in ordered]), strict=True):
        groups.setdefault((name, value["condition"], value["epoch"]), []).append(value)

    def rank(key: tuple[str, str, int]) -> tuple[str, int, str, int]:
        name, condition, epoch = key
        place = order.index(condition) if condition in order else len(order)
        return name, place, condition, epoch

    return [Group(*key, groups[key]) for key in sorted(groups, key=rank)]


def _data(value: Evaluation) -> Data:
    name = value["dataset"] + ("" if value["on"] == "real images" else " (reconstructions)")
    return Data(name, value["n_train"], value["n_test"], value.get("dataset_sha256"))


def mean_and_sem(values: Sequence[float], digits: int = 2) -> str:
    """'58.25 ± 0.70', '58.25' for one value, '–' for none."""
    if not values:
        return "–"
    mean, sem = mean_sem(values)
    return f"{mean:.{digits}f}" + ("" if sem is None else f" ± {sem:.{digits}f}")


def rows_for(evaluations: Sequence[Evaluation]) -> list[Row]:
    """``ROWS`` and one for each Fréchet distance that was measured."""
    names = sorted({name for value in evaluations for name in value.get("frechet", {})})
    return [*ROWS, *(Row(name, ("frechet", name), 3) for name in names)]


def tables(evaluations: Sequence[Evaluation]) -> list[Table]:
    """A table for each data set: rows the measures, columns the conditions and the baselines."""
    groups = grouped(evaluations)
    made = []
    for dataset in dict.fromkeys(group.dataset for group in groups):
        here = [group for group in groups if group.dataset == dataset]
        first = here[0].evaluations[0]
        table = Table(
            title=f"{dataset}: {first['n_train']:,} training and {first['n_test']:,} test latents",
            caption="Mean ± SEM over seeds where there are several. Measured on "
            f"{first['on']}; occlusion on {first['occlusion_n']:,} of them.",
            box=SIMPLE,
            collapse_padding=True,
        )
        table.add_column("", min_width=20)  # so that words stay whole where many networks share 80
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
            for name in baselines:
                single = Group(dataset, name, 0, [baselines[name]])
                cells.append(mean_and_sem(single.values(*row.path), row.digits))
            if set(cells) != {"–"}:  # what no network here has is left out
                table.add_row(row.name, *cells)
        made.append(table)
    return made
