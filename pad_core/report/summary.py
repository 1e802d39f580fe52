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

# Shown where at least one of the networks has them.
MORE_ROWS = (
    Row("intra/inter, squared, over all pairs", ("intra_inter_ratio_squared",), 3),
    Row("clean-occluded/inter, squared", ("clean_occluded_ratio_squared",), 3),
    Row("20 nearest neighbours, cosine, %", ("knn", "cosine", "20"), 2),
    Row("200 nearest neighbours, cosine, %", ("knn", "cosine", "200"), 2),
    Row("20 nearest neighbours, Euclidean, %", ("knn", "euclidean", "20"), 2),
    Row("200 nearest neighbours, Euclidean, %", ("knn", "euclidean", "200"), 2),
    Row("1 label a class, converged, %", ("few_labels", "1", "mean"), 2),
    Row("10 labels a class, converged, %", ("few_labels", "10", "mean"), 2),
    Row("100 labels a class, converged, %", ("few_labels", "100", "mean"), 2),
    Row("trunk, pooled, paper's protocol, %", ("trunk", "pooled_linear_separability"), 2),
    Row("trunk, pooled, converged, %", ("trunk", "pooled_converged_separability"), 2),
    Row("trunk in full, fewer images, %", ("trunk", "features_converged_separability"), 2),
    Row("z of as few images, converged, %", ("trunk", "latents_converged_separability"), 2),
    Row("fine-tuned with all labels, %", ("fine_tuned", "accuracy"), 2),
    Row("balanced accuracy, paper's protocol, %", ("balanced_accuracy", "paper"), 2),
    Row("chance: the most frequent class, %", ("majority_class",), 2),
    Row("mean of 30 corruptions, paper's, %", ("robustness", "mean", "0"), 2),
    Row("the same images clean, paper's, %", ("robustness", "clean", "0"), 2),
    Row("effective rank (RankMe)", ("effective_rank",), 1),
    Row("participation ratio", ("participation_ratio",), 1),
    Row("alignment with occluded images", ("alignment",), 3),
    Row("alignment within classes", ("class_alignment",), 3),
    Row("uniformity", ("uniformity",), 3),
    *(
        Row(f"{name}, {kind}", ("dream_quality", kind, key), digits)
        for name, key, digits in (
            ("precision", "precision", 3),
            ("recall", "recall", 3),
            ("density", "density", 3),
            ("coverage", "coverage", 3),
            ("KID's formula, same features", "kernel_distance", 4),
        )
        for kind in ("NREM dreams", "REM dreams", "test images")
    ),
    *(
        Row(f"% nearer than new images, {space}, {kind}", ("nearest", kind, f"{space}_nearer"), 1)
        for space in ("pixels", "features")
        for kind in ("NREM dreams", "REM dreams")
    ),
    *(
        Row(
            f"activity of {layer}, {pair.replace('-', ' and ')}, r",
            ("state_similarity", "correlation", layer, pair),
            3,
        )
        for layer in ("conv1", "conv2", "conv3", "z")
        for pair in ("wake-nrem", "wake-rem")
    ),
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
    """``ROWS``, one for each Fréchet distance that was measured, and what there is of the rest."""
    names = sorted({name for value in evaluations for name in value.get("frechet", {})})
    every = Group("", "", 0, list(evaluations))
    more = [row for row in MORE_ROWS if every.values(*row.path)]
    return [*ROWS, *(Row(name, ("frechet", name), 3) for name in names), *more]


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
            f"{first['on']}; occlusion on {first['occlusion_n']:,} of them.{_never_met(here)}",
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


def _never_met(groups: Sequence[Group]) -> str:
    """What to know of REM dreams of networks that had no REM; '' where all had it."""
    without = [
        style(group.condition).label
        for group in groups
        if "rem" not in group.evaluations[0].get("phases", ["rem"])
    ]
    if not without:
        return ""
    return f" REM dreams of {' and '.join(without)} are of latents that these networks never met."
