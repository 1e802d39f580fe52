"""What the report shows of each table and figure, as HTML: tables, Plotly figures, pictures."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any

from pad_core.checkpoint.file import load
from pad_core.report.catalogue import Shelf
from pad_core.report.palette import STYLES, style
from pad_core.report.paper import TABLE_1, paper_name
from pad_core.report.summary import Group, mean_and_sem, rows_for


def _figure(figure: Any) -> str:
    if figure is None:
        return ""
    removed = ["lasso2d", "select2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d"]
    config = {"displaylogo": False, "responsive": True, "modeBarButtonsToRemove": removed}
    made: str = figure.to_html(full_html=False, include_plotlyjs=False, config=config)
    return made


def _picture(png: bytes, text: str) -> str:
    data = base64.b64encode(png).decode()
    alt = html.escape(text)
    return (
        f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
        f"<figcaption>{alt}</figcaption></figure>"
    )


def table_1(
    shelf: Shelf, dataset: str, conditions: Sequence[str]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Table 1 as text: names of the columns, and a row for each condition and baseline.

    Conditions that were not measured have the paper's values alone, where it has any.
    """
    groups = shelf.groups(dataset, conditions)
    measured = {group.condition: group for group in groups}
    paper = TABLE_1.get(paper_name(dataset) or "", {})
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
        "condition", "ours, %", "paper, %", "difference", "SD over read-outs",
        "converged read-out, %", "seeds", "epoch", "latents: training / test",
    )  # fmt: skip
    baselines = groups[0].evaluations[0].get("baselines", {}) if groups else {}
    for name, values in baselines.items():
        alone = Group(dataset, name, 0, [values])
        mean, sd, converged = (
            mean_and_sem(alone.values(key))
            for key in ("linear_separability", "linear_separability_sd", "converged_separability")
        )
        label = f"{style(name).label} (baseline)"
        rows.append((label, mean, "–", "–", sd, converged, "–", "–", "–"))
    return names, rows


def measures(shelf: Shelf, dataset: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Everything that was recorded, as text: names of the columns, and a row for each measure.

    A column for each condition (means ± SEM over its networks) and baseline. No rows without a
    recorded evaluation.
    """
    conditions = dict.fromkeys(e.key[1] for e in shelf.entries if e.dataset == dataset)
    groups = sorted(shelf.groups(dataset, list(conditions)), key=_place)
    if not groups:
        return (), []
    baselines = groups[0].evaluations[0].get("baselines", {})
    names = [
        f"{style(g.condition).label}, epoch {g.epoch}, n = {len(g.evaluations)}" for g in groups
    ]
    beside = [Group(dataset, name, 0, [values]) for name, values in baselines.items()]
    rows = [
        (
            row.name.strip(),
            *(mean_and_sem(group.values(*row.path), row.digits) for group in [*groups, *beside]),
        )
        for row in rows_for([value for group in groups for value in group.evaluations])
    ]
    return ("measure", *names, *(style(name).label for name in baselines)), rows


def _place(group: Group) -> int:
    order = list(STYLES)
    return order.index(group.condition) if group.condition in order else len(order)


def draw_table1(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    """Table 1 beside the paper's, and as bars; empty without a recorded evaluation."""
    from pad_core.report.figures import table_bars

    groups = shelf.groups(dataset, conditions)
    if not any(group.values("linear_separability") for group in groups):
        return ""
    names, rows = table_1(shelf, dataset, conditions)
    return _table(names, rows) + _figure(table_bars(groups, dataset))


def draw_history(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    """Separability over training (Figure 4)."""
    from pad_core.report.figures import history_curves

    return _figure(history_curves(shelf, dataset, conditions))


def draw_losses(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    """Losses over training (Appendix Figure 1)."""
    from pad_core.report.figures import loss_curves

    return _figure(loss_curves(shelf, dataset, conditions))


def draw_occlusion(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    """Separability under occlusion (Figure 5); empty without a recorded evaluation."""
    from pad_core.report.figures import occlusion_curves

    groups = [g for g in shelf.groups(dataset, conditions) if g.values("occlusion", "0")]
    if not groups:
        return ""
    first = groups[0].evaluations[0]
    protocol = first["protocol"]
    note = (
        f"Squares of {protocol['size_px']} × {protocol['size_px']} pixels on "
        f"{first['occlusion_n']:,} {first['on']}, {protocol['mask_draws']} masks each; read-outs "
        f"({protocol['readout_seeds']} seeds) fitted to clean latents."
    )
    return _figure(occlusion_curves(groups)) + f"<p class=note>{note}</p>"


def draw_latents(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    """Codes on their principal components, and the ratios of their distances (Figure 6)."""
    from pad_core.report.figures import ratio_bars
    from pad_core.report.network_figures import pca_scatter

    entries = [e[0] for c in conditions if (e := shelf.latest(dataset, c))]
    networks = [load(entry.path) for entry in entries]
    networks = [n for n in networks if len(n.memories["test"]) > 2]
    groups = shelf.groups(dataset, conditions)
    drawn = _figure(pca_scatter(networks)) if networks else ""
    if any(group.values("clean_occluded_ratio") for group in groups):
        drawn += _figure(ratio_bars(groups))
    return drawn


def draw_dreams(shelf: Shelf, dataset: str, conditions: tuple[str, ...]) -> str:
    """Dreams of PAD early and late, and their Fréchet distances (Figure 3)."""
    from pad_core.report.figures import frechet_bars
    from pad_core.report.network_figures import dream_grid

    drawn = ""
    for entries in (shelf.earliest(dataset, "pad"), shelf.latest(dataset, "pad")):
        for entry in entries[:1]:
            network = load(entry.path)
            if len(network.memories["train"]) >= 24:
                text = f"Epoch {entry.header.epoch}: NREM dreams above, REM dreams below"
                drawn += _picture(dream_grid(network), text)
    stages = shelf.frechet_stages(dataset)
    return drawn + (_figure(frechet_bars(stages)) if stages else "")


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<div class=wide><table class=numbers><tr>{head}</tr>{body}</table></div>"
