"""The report's figures, for a light or a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from explorer.widgets.loss_charts import for_page
from explorer.widgets.matrix_chart import matrix
from pad_core.report.palette import STYLES

if TYPE_CHECKING:
    from pad_core.report.catalogue import Catalogue
    from pad_core.report.item import Item


def paper_figure(item: Item, catalogue: Catalogue, dataset: str, dark: bool) -> go.Figure | None:
    """The chart of one of ``ITEMS`` with the paper's values; None without numbers."""
    figure = item.chart_beside_paper(catalogue, dataset)
    return figure and _dressed(figure, dark)


def likeness(values: np.ndarray, names: Sequence[str], dark: bool) -> go.Figure:
    """How alike networks see the same images, 1 on the diagonal: (K, K), K names."""
    figure = matrix(values, names, "", 2, "%{y} and %{x}: %{z:.3f}", dark, highest=1.0)
    # Cells are squares, with the names of the networks beside them.
    fitted = {"constrain": "domain", "automargin": True}
    figure.update_xaxes(constraintoward="left", **fitted)
    figure.update_yaxes(constraintoward="top", scaleanchor="x", **fitted)
    return for_page(figure, dark, None).update_layout(margin={"l": 8, "r": 8, "t": 6, "b": 8})


def _dressed(figure: go.Figure, dark: bool) -> go.Figure:
    """One of the report's figures in the colours of a light or a dark page."""
    if dark:
        twins = {look.colour: look.dark for look in STYLES.values()}
        for trace in figure.data:
            for part in filter(None, (getattr(trace, "line", None), trace.marker)):
                if isinstance(part.color, str):
                    part.color = twins.get(part.color, part.color)
                elif part.color is not None:
                    part.color = [twins.get(colour, colour) for colour in part.color]
    figure.update_layout(
        legend={"yref": "container", "y": 0, "yanchor": "bottom"}, margin={"b": 112, "r": 8}
    )
    return for_page(figure, dark, None)
