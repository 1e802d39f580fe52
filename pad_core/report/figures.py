"""The report's charts of recorded numbers, as Plotly figures.

Colours suit a light page; the page's script replaces them on a dark one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pad_core.evaluation.statistics import mean_sem
from pad_core.report.palette import style
from pad_core.report.paper import PAPER_EPOCHS, PAPER_SEPARABILITY, paper_name
from pad_core.report.summary import numbers

if TYPE_CHECKING:  # the explorer draws these without PyTorch
    from pad_core.report.catalogue import Catalogue
    from pad_core.report.summary import Group

# Plotly looks into pandas where anything has imported it: also while another thread is at it,
# and then fails. From here on it is there as a whole, if it is installed.
with suppress(ImportError):
    import pandas  # noqa: F401

# Pairs of states whose activity is compared, with names and colours.
STATES = {
    "wake-nrem": ("NREM and Wake", "#2a86d1", "solid"),
    "wake-rem": ("REM and Wake", "#c2569f", "dash"),
    "nrem-rem": ("NREM and REM", "#8a8f3a", "dot"),
}
GREY = "#888888"  # of text, axes and the paper's marks: readable on light and on dark pages

# Names and colours of losses. No condition has one of these colours: both stand side by side.
LOSSES = {
    "image": ("image", "#17becf"), "kl": ("KL", "#8fb31a"), "nrem": ("NREM", "#c9b200"),
    "external": ("external (real)", "#5b7be0"), "internal": ("internal (REM)", "#d03bd8"),
    "contrast": ("contrast", "#e0004d"),
}  # fmt: skip


def shaded(colour: str, opacity: float) -> str:
    """'#rrggbb' as rgba()."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def table_bars(groups: Sequence[Group], dataset: str) -> go.Figure:
    """Table 1 as bars with SEM, with the paper's values as diamonds, also if ours are missing."""
    figure = go.Figure()
    paper = PAPER_SEPARABILITY.get(paper_name(dataset) or "", {})
    ours = {group.condition: mean_sem(group.values("linear_separability")) for group in groups}
    n = {group.condition: f"n = {len(group.evaluations)}" for group in groups}
    order = [*paper, *(condition for condition in ours if condition not in paper)]
    # A word a line: five names fit beside each other on a telephone.
    labels = {c: "<br>".join([*style(c).label.split(), n.get(c, "missing")]) for c in order}
    figure.add_bar(
        x=[labels[c] for c in order], y=[ours[c][0] if c in ours else None for c in order],
        name="ours", width=0.55, marker_color=[style(c).colour for c in order],
        error_y=_errors([ours[c][1] if c in ours else None for c in order]),
    )  # fmt: skip
    if paper:
        figure.add_scatter(
            x=[labels[c] for c in paper], y=[mean for mean, _ in paper.values()],
            error_y=_errors([sem for _, sem in paper.values()]),
            mode="markers", name="paper (epoch 50, 4 seeds)",
            marker={"symbol": "diamond", "size": 12, "color": "#ffffff",
                    "line": {"width": 2, "color": "#555555"}},
        )  # fmt: skip
    finished(figure, "", "linear separability, %")
    return figure.update_layout(xaxis_tickangle=0, legend_y=-0.36)


def history_curves(
    catalogue: Catalogue, dataset: str, conditions: Sequence[str], key: str = "linear_separability"
) -> go.Figure | None:
    """A value of the histories over epochs: mean over seeds, SEM shaded; None without values."""
    figure = go.Figure()
    for condition in conditions:
        by_epoch: dict[int, list[float]] = {}
        for entry in catalogue.latest(dataset, condition):
            for line in entry.header.history:
                if key in line:
                    by_epoch.setdefault(line["epoch"], []).append(line[key])
        if by_epoch:
            epochs = sorted(by_epoch)
            values = [mean_sem(by_epoch[epoch]) for epoch in epochs]
            bands = [(m, m - (s or 0), m + (s or 0)) for m, s in values]
            _curve(figure, condition, epochs, bands, max(map(len, by_epoch.values())))
    return finished(figure, "epoch", "linear separability, %") if figure.data else None


def add_paper(figure: go.Figure, dataset: str, conditions: Sequence[str]) -> None:
    """Add the paper's separability to ``history_curves``: open diamonds at its last epoch."""
    paper = PAPER_SEPARABILITY.get(paper_name(dataset) or "", {})
    known = [condition for condition in conditions if condition in paper]
    for condition in known:
        mean, sem = paper[condition]
        look = style(condition)
        figure.add_scatter(
            x=[PAPER_EPOCHS], y=[mean], mode="markers", name=f"{look.label}, paper",
            error_y={"type": "data", "array": [sem], "color": look.colour, "thickness": 1.5},
            marker={"symbol": "diamond-open", "size": 11, "color": look.colour,
                    "line": {"width": 2}},
            legendgroup=condition, showlegend=False,
        )  # fmt: skip
    if known:
        figure.add_annotation(
            x=PAPER_EPOCHS, y=1, yref="paper", yanchor="bottom", xanchor="right", showarrow=False,
            text=f"◇ the paper: mean ± SEM of 4 networks, epoch {PAPER_EPOCHS}",
            font={"color": GREY, "size": 12},
        )  # fmt: skip


def loss_curves(catalogue: Catalogue, dataset: str, conditions: Sequence[str]) -> go.Figure | None:
    """Training losses over epochs, one panel a condition (Appendix 1-Figures 1 and 2)."""
    present = [c for c in conditions if any(e.header.history for e in catalogue.latest(dataset, c))]
    if not present:
        return None
    figure = make_subplots(1, len(present), subplot_titles=[style(c).label for c in present],
                           shared_yaxes=True)  # fmt: skip
    for column, condition in enumerate(present, start=1):
        histories = [e.header.history for e in catalogue.latest(dataset, condition)]
        for key, (name, colour) in LOSSES.items():
            by_epoch: dict[int, list[float]] = {}
            for line in (line for history in histories for line in history):
                if key in line["losses"]:
                    by_epoch.setdefault(line["epoch"], []).append(line["losses"][key])
            if by_epoch:
                epochs = sorted(by_epoch)
                figure.add_scatter(
                    x=epochs, y=[float(np.mean(by_epoch[e])) for e in epochs], name=name,
                    line={"color": colour}, legendgroup=key, mode="lines+markers",
                    showlegend=not any(t.legendgroup == key for t in figure.data),
                    row=1, col=column,
                )  # fmt: skip
    return finished(figure, "epoch", "loss")


def occlusion_curves(groups: Sequence[Group]) -> go.Figure:
    """Accuracy over occlusion intensity; shaded: SEM over seeds, or 95 % over images for one."""
    figure = go.Figure()
    for group in groups:
        intensities = sorted(map(int, group.evaluations[0]["occlusion"]))
        bands = []
        for intensity in intensities:
            mean, sem = mean_sem(group.values("occlusion", str(intensity)))
            low, high = group.evaluations[0]["occlusion_interval"][str(intensity)]
            bands.append((mean, low, high) if sem is None else (mean, mean - sem, mean + sem))
        _curve(figure, group.condition, intensities, bands, len(group.evaluations))
    return finished(figure, "occlusion intensity, %", "accuracy, % (paper's protocol)")


def ratio_bars(groups: Sequence[Group]) -> go.Figure:
    """Figure 6e,f: both ratios as bars; errors are SEM over seeds, or over images for one."""
    panels = (
        ("intra_inter_ratio", "intra / inter"),
        ("clean_occluded_ratio", "clean-occluded / inter"),
    )
    figure = make_subplots(1, 2, subplot_titles=[title for _, title in panels])
    for column, (key, _) in enumerate(panels, start=1):
        names, heights = [], []
        errors: list[float | None] = []
        untrained = groups[0].values("baselines", "untrained", key)
        if untrained:
            names, heights, errors = ["untrained"], [untrained[0]], [None]
        for group in groups:
            mean, sem = mean_sem(group.values(key))
            names.append(group.condition)
            heights.append(mean)
            own = group.values(f"{key}_se")  # over images, of one network
            errors.append(sem if sem is not None or not own else own[0])
        figure.add_bar(
            x=[style(name).label for name in names], y=heights, width=0.55, showlegend=False,
            marker_color=[style(name).colour for name in names],
            error_y=_errors(errors), row=1, col=column,
        )  # fmt: skip
    return finished(figure, "", "ratio of mean distances")


def frechet_bars(stages: Sequence[tuple[str, Group]]) -> go.Figure:
    """Figure 3d: Fréchet distance of NREM and REM dreams, early and late."""
    figure = go.Figure()
    for index, (stage, group) in enumerate(stages):
        names = list(group.evaluations[0]["frechet"])
        values = [mean_sem(group.values("frechet", name)) for name in names]
        figure.add_bar(
            x=[name.split(", ")[-1] for name in names], y=[mean for mean, _ in values], name=stage,
            marker_color=("#9ab8d3", "#0a6fb8")[index % 2],
            error_y=_errors([sem for _, sem in values]),
        )  # fmt: skip
    features = stages[-1][1].evaluations[0]["frechet"]
    title = next(iter(features), "").rsplit(", ", 1)[0]
    return finished(figure, "", title)


def state_curves(by_epoch: Mapping[int, Group], untrained: Mapping[str, Any] | None) -> go.Figure:
    """Similarity of activity in two states over epochs, a panel for each layer of the encoder.

    Args:
        by_epoch: groups of one condition; untrained: the baseline's measures, drawn at epoch 0.
    """
    groups = dict(sorted(by_epoch.items()))
    first = next(iter(groups.values())).evaluations[0]["state_similarity"] or {}
    layers = list(first.get("correlation", ()))
    figure = make_subplots(1, len(layers), subplot_titles=layers, shared_yaxes=True,
                           horizontal_spacing=0.03)  # fmt: skip
    epochs = [str(epoch) for epoch in groups]
    for column, layer in enumerate(layers, start=1):
        for pair, (name, colour, dash) in STATES.items():
            path = ("state_similarity", "correlation", layer, pair)
            values = [mean_sem(group.values(*path)) for group in groups.values()]
            before = numbers([untrained or {}], *path)
            figure.add_scatter(
                x=[*(["0"] if before else []), *epochs], y=[*before, *(mean for mean, _ in values)],
                error_y=_errors([*([None] if before else []), *(sem for _, sem in values)]),
                name=name, mode="lines+markers", line={"color": colour, "dash": dash, "width": 2},
                legendgroup=pair, showlegend=column == 1, row=1, col=column,
            )  # fmt: skip
    finished(figure, "epoch", "correlation of activity")
    # Epochs are names: kept ones crowd at the beginning.
    return figure.update_xaxes(type="category").update_yaxes(rangemode="tozero")


def finished(figure: go.Figure, x: str, y: str) -> go.Figure:
    """Give a figure axes, legend and background that suit light and dark pages."""
    figure.update_layout(
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", height=380,
        font={"color": GREY, "size": 13}, margin={"l": 60, "r": 40, "t": 40, "b": 50},
        legend={"orientation": "h", "y": -0.22}, barmode="group",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GREY, "orientation": "v"},
    )  # fmt: skip
    grid: dict[str, Any] = {"gridcolor": "rgba(136,136,136,0.25)", "zeroline": False}
    figure.update_xaxes(title_text=x, **grid)
    figure.update_yaxes(**grid)
    figure.layout.yaxis.title.text = y
    return figure


def _errors(sems: Sequence[float | None]) -> dict[str, Any]:
    """Error bars. An unknown error gets none: a bar of length 0 would claim that it is 0."""
    known = any(sem is not None for sem in sems)
    # Plotly reads null as 0 but draws nothing for NaN, which only an array passes on to it.
    array = np.array([math.nan if sem is None else sem for sem in sems]) if known else None
    return {"type": "data", "array": array, "color": GREY, "visible": known}


def _curve(
    figure: go.Figure, condition: str, x: Sequence[int],
    bands: Sequence[tuple[float, float, float]], n: int,
) -> None:  # fmt: skip
    """A line of n networks with a shaded band (mean, low, high) in the condition's style."""
    look = style(condition)
    low, high = [b[1] for b in bands], [b[2] for b in bands]
    figure.add_scatter(
        x=[*x, *reversed(x)], y=[*high, *reversed(low)], fill="toself", hoverinfo="skip",
        fillcolor=shaded(GREY if condition == "pad" else look.colour, 0.25), line={"width": 0},
        showlegend=False, legendgroup=condition, mode="lines",
    )  # fmt: skip
    figure.add_scatter(
        x=list(x), y=[b[0] for b in bands], name=f"{look.label}, n = {n}", legendgroup=condition,
        mode="lines+markers", marker={"symbol": look.symbol, "size": 7, "color": look.colour},
        line={"color": look.colour, "dash": look.dash},
    )  # fmt: skip
