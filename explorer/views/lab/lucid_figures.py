"""The charts of a lucid dream: what is missing, step by step, and the way on the map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.widgets.loss_charts import for_page
from pad_core.report.figures import finished

_LIGHT, _DARK = "#4453c4", "#97a3ff"


def falling(
    loss: np.ndarray, cost: np.ndarray, at: int, turns: Sequence[int], dark: bool, height: int
) -> go.Figure:
    """What an ascent makes smaller, over its steps.

    Args:
        loss: weight · cost − value of each dream, (steps, B); cost: its mean over dreams (steps,).
        at: the step that is looked at; turns: steps at which another goal began.
    """
    figure, steps = go.Figure(), np.arange(len(loss))
    colour = _DARK if dark else _LIGHT
    for one in loss.T:
        figure.add_scatter(
            x=steps, y=one, mode="lines", line={"color": colour, "width": 1}, opacity=0.35,
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=steps, y=loss.mean(axis=1), mode="lines", name="objective, mean",
        line={"color": colour, "width": 3},
    )  # fmt: skip
    figure.add_scatter(
        x=steps, y=cost, mode="lines", name="off the prior, mean",
        line={"color": "#e08a00", "width": 2, "dash": "dot"},
    )  # fmt: skip
    figure.add_vline(at, line={"color": "#888", "width": 1})
    for turn in turns:
        figure.add_vline(turn, line={"color": "#888", "width": 1, "dash": "dash"})
    return _placed(finished(figure, "step", "nats or SD"), dark, height)


def way(
    cloud: np.ndarray,
    paths: np.ndarray,
    others: Sequence[np.ndarray],
    at: int,
    dark: bool,
    height: int,
) -> go.Figure:
    """The way of each dream over the principal components of the memories.

    Args:
        cloud: memories (M, 2); paths: (steps, B, 2); others: paths of earlier courses.
        at: the step that is looked at.
    """
    figure = go.Figure()
    colour = _DARK if dark else _LIGHT
    figure.add_scatter(
        x=cloud[:, 0], y=cloud[:, 1], mode="markers", hoverinfo="skip", name="memories",
        marker={"size": 3, "color": "#888", "opacity": 0.35},
    )  # fmt: skip
    for steps, look in [*((o, ("#e08a00", 1)) for o in others), (paths, (colour, 2))]:
        for dream in range(steps.shape[1]):
            figure.add_scatter(
                x=steps[:, dream, 0], y=steps[:, dream, 1], mode="lines", hoverinfo="skip",
                line={"color": look[0], "width": look[1]}, showlegend=False,
            )  # fmt: skip
    now = paths[at]
    figure.add_scatter(
        x=now[:, 0], y=now[:, 1], mode="markers+text", name="dreams", showlegend=False,
        text=[str(i + 1) for i in range(len(now))], textposition="top center",
        marker={"size": 8, "color": colour}, hovertemplate="dream %{text}<extra></extra>",
    )  # fmt: skip
    return _placed(finished(figure, "component 1", "component 2"), dark, height)


def _placed(figure: go.Figure, dark: bool, height: int) -> go.Figure:
    figure.update_layout(
        margin={"l": 48, "r": 8, "t": 26, "b": 36},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"},
        uirevision="lucid",
    )
    return for_page(figure, dark, height)
