"""The report's figures, for either theme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from explorer.widgets.loss_charts import for_page
from pad_core.report.figures import (
    GREY,
    frechet_bars,
    history_curves,
    loss_curves,
    occlusion_curves,
    ratio_bars,
    table_bars,
)
from pad_core.report.palette import STYLES, style
from pad_core.report.paper import PAPER_EPOCHS, TABLE_1, paper_name

if TYPE_CHECKING:
    from pad_core.report.catalogue import Shelf
    from pad_core.report.items import Item


def paper_figure(name: str, item: Item, shelf: Shelf, dataset: str, dark: bool) -> go.Figure | None:
    """A figure of the report, or its table as bars, of any height; None without any record.

    name, item: one of ``ITEMS``.
    """
    groups = shelf.groups(dataset, item.conditions)
    figure = None
    if item.needs == "losses":
        figure = loss_curves(shelf, dataset, item.conditions)
    elif item.needs == "history":
        figure = history_curves(shelf, dataset, item.conditions)
        figure = figure and _with_paper(figure, dataset, item.conditions)
    elif name == "fig3":
        stages = shelf.frechet_stages(dataset)
        figure = frechet_bars(stages) if stages else None
    elif groups and name == "table1":
        figure = table_bars(groups, dataset)
    elif groups:
        figure = ratio_bars(groups) if name == "fig6" else occlusion_curves(groups)
    return figure and _dressed(figure, dark)


def _dressed(figure: go.Figure, dark: bool) -> go.Figure:
    """One of the report's figures, in the colours of a light or a dark page."""
    if dark:
        twins = {look.colour: look.dark for look in STYLES.values()}
        for trace in figure.data:
            for part in filter(None, (getattr(trace, "line", None), trace.marker)):
                if isinstance(part.color, str):
                    part.color = twins.get(part.color, part.color)
                elif part.color is not None:
                    part.color = [twins.get(colour, colour) for colour in part.color]
    figure.update_layout(
        legend={"yref": "container", "y": 0, "yanchor": "bottom"}, margin={"b": 84, "r": 8}
    )
    return for_page(figure, dark, None)


def _with_paper(figure: go.Figure, dataset: str, conditions: Sequence[str]) -> go.Figure:
    """Separability over epochs with the paper's values, as open diamonds at its last epoch."""
    paper = TABLE_1.get(paper_name(dataset) or "", {})
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
    return figure
