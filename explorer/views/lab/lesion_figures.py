"""The hallucination curve: how often dreams are taken for real, as *d* is damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.widgets.loss_charts import for_page
from pad_core.report.figures import finished

_COLOURS = ("#4453c4", "#e08a00", "#b0428a")
_DARK = ("#97a3ff", "#f0b050", "#e88ac4")


def hallucinations(
    curves: Mapping[str, Sequence[tuple[float, float, float]]], at: float, dark: bool, height: int
) -> go.Figure:
    """Percent of dreams taken for real, a line a lesion; of recalled memories, dotted.

    Args:
        curves: by name, points of amount 0 to 1, dreams and pictures in percent.
        at: the amount that is looked at.
    """
    figure = go.Figure()
    colours = _DARK if dark else _COLOURS
    for (name, points), colour in zip(curves.items(), colours, strict=True):
        amounts, dreams, pictures = zip(*points, strict=True)
        figure.add_scatter(
            x=amounts, y=dreams, name=name, mode="lines", line={"color": colour, "width": 3},
            hovertemplate=f"{name}: %{{y:.0f}} % of dreams<extra></extra>",
        )  # fmt: skip
        figure.add_scatter(
            x=amounts, y=pictures, name=f"{name}, recalled memories", showlegend=False,
            mode="lines", line={"color": colour, "width": 1.5, "dash": "dot"},
            hovertemplate=f"{name}: %{{y:.0f}} % of recalled memories<extra></extra>",
        )  # fmt: skip
    figure.add_vline(at, line={"color": "#888", "width": 1})
    finished(figure, "damage of d", "taken for real, %")
    figure.update_yaxes(range=[-3, 103])
    figure.update_layout(
        margin={"l": 52, "r": 8, "t": 28, "b": 40},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        uirevision="lesions",
    )
    return for_page(figure, dark, height)
