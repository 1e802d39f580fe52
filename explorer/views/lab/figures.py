"""The Lab's charts: what an ascent gains, step by step, its way on the map, a unit's activity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.widgets.loss_charts import for_page
from explorer.widgets.matrix_chart import matrix
from pad_core.report.figures import finished
from pad_core.report.palette import CLASS_COLOURS, style

_DASHES = ("solid", "dot", "dash", "dashdot", "longdash")  # networks of one condition
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


def rising(
    values: np.ndarray, conditions: Sequence[str], at: int, dark: bool, height: int
) -> go.Figure:
    """What several networks' ascents make larger, over their steps.

    Args:
        values: mean objective of each network, (steps, networks); conditions: their names.
        at: the step that is looked at.
    """
    figure, seen = go.Figure(), dict.fromkeys(conditions, 0)
    for one, name in zip(values.T, conditions, strict=True):
        look, dash = style(name), _DASHES[seen[name] % len(_DASHES)]
        seen[name] += 1
        figure.add_scatter(
            x=np.arange(len(one)), y=one, mode="lines", name=look.label,
            line={"color": look.dark if dark else look.colour, "width": 2, "dash": dash},
        )  # fmt: skip
    figure.add_vline(at, line={"color": "#888", "width": 1})
    return _placed(finished(figure, "step", "mean, nats or SD"), dark, height)


def activity(
    values: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    at: float,
    dark: bool,
    height: int,
) -> go.Figure:
    """How active a unit is over memories, a box of each class, in SD off the mean.

    Args:
        values, labels: of each memory, (M,); names: of the classes; at: where it is held.
    """
    figure = go.Figure()
    for k, name in enumerate(names):
        light, night = CLASS_COLOURS[k % len(CLASS_COLOURS)]
        figure.add_box(
            x=values[labels == k], name=name, marker={"color": night if dark else light, "size": 3},
            line={"width": 1.5}, showlegend=False, orientation="h",
        )  # fmt: skip
    figure.add_vline(at, line={"color": "#888", "width": 1})
    finished(figure, "activity, SD off the mean", "")
    figure.update_yaxes(autorange="reversed")
    _placed(figure, dark, height)
    figure.update_layout(margin={"l": 80, "t": 6})
    return figure


def judged(shares: np.ndarray, names: Sequence[str], dark: bool, height: int) -> go.Figure:
    """A matrix of networks: how far metamers of the row's network are to the column's.

    Args:
        shares: (K, K), distances in units of the spacing of the column's memories.
    """
    hover = "of %{y}, judged by %{x}: %{z:.2f}"
    figure = matrix(shares, names, "judged by", 2, hover, dark)
    _placed(figure, dark, height)
    figure.update_yaxes(title_text="metamers of")
    figure.update_xaxes(tickangle=-60)
    figure.update_layout(margin={"l": 110, "t": 6, "b": 120})
    return figure


def _placed(figure: go.Figure, dark: bool, height: int) -> go.Figure:
    figure.update_layout(
        margin={"l": 48, "r": 8, "t": 26, "b": 36},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.0, "yanchor": "bottom"},
        uirevision="lab",
    )
    return for_page(figure, dark, height)
