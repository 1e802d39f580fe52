"""Recorded evaluations as tables: separability beside the paper's, and all measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pad_core.checkpoint.evaluation_record import SUBJECTS
from pad_core.report.catalogue import Catalogue
from pad_core.report.item import Table
from pad_core.report.palette import STYLES, style
from pad_core.report.paper import PAPER_SEPARABILITY, paper_name
from pad_core.report.summary import Group, mean_and_sem, numbers, rows_for


def table_1(catalogue: Catalogue, dataset: str, conditions: Sequence[str]) -> Table:
    """Table 1: a row for each condition and baseline, ours beside the paper's.

    Conditions that were not measured have the paper's values alone, if any.
    """
    groups = catalogue.groups(dataset, conditions)
    measured = {group.condition: group for group in groups}
    paper = PAPER_SEPARABILITY.get(paper_name(dataset) or "", {})
    rows: list[tuple[str, ...]] = []
    for condition in conditions:
        theirs = paper.get(condition)
        beside = "–" if theirs is None else f"{theirs[0]:.2f} ± {theirs[1]:.2f}"
        group = measured.get(condition)
        if group is None:
            if theirs is not None:
                rows.append((style(condition).label, "missing", beside, *["–"] * 6))
            continue
        ours = group.values("linear_separability")
        first = group.evaluations[0]
        spread = mean_and_sem(group.values("linear_separability_sd"))
        rows.append(
            (
                style(condition).label,
                mean_and_sem(ours),
                beside,
                f"{sum(ours) / len(ours) - theirs[0]:+.2f}" if theirs and ours else "–",
                spread,
                mean_and_sem(group.values("converged_separability")),
                ", ".join(str(e["seed"]) for e in group.evaluations),
                ", ".join(sorted({str(e["epoch"]) for e in group.evaluations})),
                f"{first['n_train']:,} / {first['n_test']:,} {first['on']}",
            )
        )
    names = (
        "condition", "ours, %", "paper, %", "difference", "SD over probes",
        "converged probe, %", "seeds", "epoch", "latents: training / test",
    )  # fmt: skip
    baselines = groups[0].evaluations[0].get("baselines", {}) if groups else {}
    for name, values in baselines.items():
        mean, sd, converged = (
            mean_and_sem(numbers([values], key))
            for key in ("linear_separability", "linear_separability_sd", "converged_separability")
        )
        label = f"{style(name).label} (baseline)"
        rows.append((label, mean, "–", "–", sd, converged, "–", "–", "–"))
    return Table(names, rows)


def measures(catalogue: Catalogue, dataset: str) -> list[Table]:
    """Everything that was recorded: a table for each subject, a row for each measure.

    A column for each condition (means ± SEM over its networks) and baseline; no table without a
    recorded evaluation.
    """
    conditions = dict.fromkeys(e.key[1] for e in catalogue.entries if e.dataset == dataset)
    groups = sorted(catalogue.groups(dataset, list(conditions)), key=_place)
    if not groups:
        return []
    baselines = groups[0].evaluations[0].get("baselines", {})
    names = [
        f"{style(g.condition).label}, epoch {g.epoch}, n = {len(g.evaluations)}" for g in groups
    ]
    columns: list[Sequence[Mapping[str, Any]]] = [group.evaluations for group in groups]
    columns += [[values] for values in baselines.values()]
    heads = ("measure", *names, *(style(name).label for name in baselines))
    made: dict[str, Table] = {}
    for row in rows_for([value for group in groups for value in group.evaluations]):
        subject = SUBJECTS[row.path[0]]
        values = (mean_and_sem(numbers(found, *row.path), row.digits) for found in columns)
        table = made.setdefault(subject, Table(heads, [], title=f"Measures: {subject}"))
        table.rows.append((row.name.strip(), *values))
    return list(made.values())


def _place(group: Group) -> int:
    order = list(STYLES)
    return order.index(group.condition) if group.condition in order else len(order)
