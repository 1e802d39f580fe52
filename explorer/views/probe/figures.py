"""Accuracies of linear probes as figures and bars, without the networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.widgets.matrix_chart import matrix
from explorer.widgets.swatch import swatch
from pad_core.report.figures import finished
from pad_core.report.palette import style

_FONT = "Source Sans, sans-serif"


@dataclass(frozen=True)
class Line:
    """One network's accuracies in percent over x; low, high: 95 % interval, if known.

    runs: further lines of the same network, one for each probe seed. paper: the paper's value at
    x = 0, if comparable.
    """

    label: str
    condition: str
    x: Sequence[float] = ()
    y: Sequence[float] = ()
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    runs: Sequence[Sequence[float]] = ()
    paper: float | None = None


@dataclass(frozen=True)
class Score:
    """One network's current accuracy in percent, with its 95 % interval; None until there is one.

    spread: over probe seeds, in points; paper: mean and SEM in the paper's Table 1; rests_on,
    mark: the number of images, and the progress; share: of the current work that is done.
    """

    label: str
    detail: str
    condition: str
    accuracy: float | None = None
    low: float = 0.0
    high: float = 0.0
    spread: float | None = None
    paper: tuple[float, float] | None = None
    rests_on: str = ""
    mark: str = ""
    doing: str = ""
    share: float = 0.0
    error: str = ""


def scores(rows: Sequence[Score], chance: float) -> str:
    """Accuracies as bars with their intervals and the paper's values, as HTML.

    Args:
        chance: percent right by guessing, drawn as a line through the bars.
    """
    heads = (
        "Network",
        "",
        "accuracy",
        "95 % interval",
        "± seeds",
        "paper" if any(row.paper for row in rows) else "",
        "test images × masks",
    )
    body = "".join(f"<span>{head}</span>" for head in heads)
    body = f'<div class="pad-score pad-score-heads">{body}</div>'
    body += "".join(_score(row, chance) for row in rows)
    return f'<section class="pad-scores">{body}</section>'


def _score(row: Score, chance: float) -> str:
    look = style(row.condition)
    colour = f"light-dark({look.colour}, {look.dark})"
    name = (
        f"<header>{swatch(row.condition)}<b>{escape(row.label)}</b> "
        f"<small>{escape(row.detail)}</small></header>"
    )
    if row.error:
        return f'<div class="pad-score">{name}<p>{escape(row.error)}</p></div>'
    paper = f'<i class="pad-chance" style="left: {chance:.2f}%"></i>'
    said = ""
    if row.paper:
        mean, sem = row.paper
        paper += f'<i class="pad-paper" style="left: {mean:.2f}%" title="The paper: {mean} %"></i>'
        said = f"◇ {mean:.2f} ± {sem:.2f}"
    if row.accuracy is None:
        bar, number, interval = "", "…", ""
    else:
        bar = (
            f'<i class="pad-fill" style="width: {row.accuracy:.2f}%; background: {colour}"></i>'
            f'<i class="pad-interval" style="left: {row.low:.2f}%; '
            f'width: {row.high - row.low:.2f}%"></i>'
        )
        number = f"{row.accuracy:.2f}<small> %</small>"
        interval = f"{row.low:.1f} – {row.high:.1f}"
    spread = "" if row.spread is None else f"{row.spread:.2f}"
    if row.doing:
        bar += (
            f'<i class="pad-going" title="{escape(row.doing)}"><i style="width: '
            f'{100 * row.share:.0f}%"></i></i>'
        )
    state = f"{escape(row.rests_on)} <em>{escape(row.mark)}</em>"
    return (
        f'<div class="pad-score">{name}<div class="pad-bar">{bar}{paper}</div>'
        f"<strong>{number}</strong><span>{interval}</span><span>{spread}</span>"
        f"<span>{said}</span><span>{state}</span></div>"
    )


def occlusion(
    recorded: Sequence[Line], live: Sequence[Line], percent: int, dark: bool
) -> go.Figure:
    """Recorded accuracies over occlusion, a cursor at the slider's value, live accuracies there.

    What is recorded is drawn once for all viewers: Plotly checks each value that it is given, which
    takes ten times as long as all else. The cursor and the live points join it unchecked.

    Args:
        live: one point a network, at the cursor.
    """
    figure = _curves(tuple(recorded), dark).to_dict()
    figure["data"] += [_ring(line, dark) for line in live]
    figure["layout"]["shapes"] = [
        {"type": "line", "x0": percent, "x1": percent, "y0": 0, "y1": 1, "yref": "y domain",
         "line": {"width": 2, "dash": "dot", "color": "#888888"}}
    ]  # fmt: skip
    top = max((y for line in [*recorded, *live] for y in [*line.y, *line.high]), default=100)
    figure["layout"]["yaxis"]["range"] = [0, 10 * math.ceil(top / 10 + 0.2)]
    return go.Figure(figure, _validate=False)


@lru_cache(maxsize=32)
def _curves(recorded: tuple[Line, ...], dark: bool) -> go.Figure:
    """The chart of what is recorded, without a cursor."""
    figure = go.Figure()
    for line in recorded:
        look = style(line.condition)
        colour = look.dark if dark else look.colour
        if len(line.low):
            figure.add_scatter(
                x=[*line.x, *reversed(line.x)], y=[*line.high, *reversed(line.low)], fill="toself",
                fillcolor=colour, opacity=0.15, line={"width": 0}, hoverinfo="skip",
                legendgroup=line.label, showlegend=False,
            )  # fmt: skip
        figure.add_scatter(
            x=line.x, y=line.y, name=line.label, legendgroup=line.label, mode="lines+markers",
            line={"color": colour, "dash": look.dash, "width": 2.5},
            marker={"symbol": look.symbol, "size": 6},
        )  # fmt: skip
        if line.paper is not None:
            figure.add_scatter(
                x=[0], y=[line.paper], name=f"{line.label}, the paper", legendgroup=line.label,
                showlegend=False, mode="markers", cliponaxis=False,
                marker={"symbol": "diamond-open", "size": 11, "color": colour,
                        "line": {"width": 2}},
            )  # fmt: skip
    _dress(figure, "occlusion, % of patches", "accuracy, %", dark)
    figure.update_xaxes(range=[-3, 103])
    return figure


def _ring(line: Line, dark: bool) -> dict[str, Any]:
    """A network's live accuracy with its interval, as a trace."""
    look = style(line.condition)
    colour = look.dark if dark else look.colour
    return {
        "type": "scatter", "x": list(line.x), "y": list(line.y), "name": f"{line.label}, now",
        "legendgroup": line.label, "showlegend": False, "mode": "markers",
        "marker": {"symbol": "circle-open", "size": 14, "color": colour, "line": {"width": 3}},
        "error_y": {
            "type": "data", "symmetric": False, "color": colour, "width": 6, "thickness": 2,
            "array": np.subtract(line.high, line.y).tolist(),
            "arrayminus": np.subtract(line.y, line.low).tolist(),
        },
    }  # fmt: skip


def learning(lines: Sequence[Line], steps: str, last: int | None, dark: bool) -> go.Figure:
    """Accuracy while probes learned; a thin line for each probe seed.

    Args:
        steps: the unit of x; last: the last step, if it is known in advance.
    """
    figure = go.Figure()
    for line in lines:
        look = style(line.condition)
        colour = look.dark if dark else look.colour
        for i, run in enumerate(line.runs):
            figure.add_scatter(
                x=list(range(1, len(run) + 1)), y=run, name=line.label, legendgroup=line.label,
                showlegend=i == 0, mode="lines",
                line={
                    "color": colour, "dash": look.dash if i == 0 else "solid",
                    "width": 2.5 if i == 0 else 1,
                },
                opacity=1.0 if i == 0 else 0.6,
            )  # fmt: skip
    _dress(figure, steps, "accuracy, %", dark)
    if last:
        figure.update_xaxes(range=[0.5, last + 0.5])
    if not any(line.runs for line in lines):  # nothing yet
        figure.update_xaxes(range=[0, last or 20])
        figure.update_yaxes(range=[0, 100])
    return figure


def confusion(counts: np.ndarray, classes: Sequence[str], dark: bool) -> go.Figure:
    """Predicted against true classes (K, K), in percent of each true class."""
    totals = counts.sum(axis=1, keepdims=True)
    shares = 100 * counts / np.maximum(totals, 1)
    figure = matrix(shares, classes, "read out as", 0, "%{y}, taken for %{x}: %{z:.1f} %", dark,
                    highest=100.0)  # fmt: skip
    _dress(figure, "read out as", "", dark)
    return figure


def classes(lines: Sequence[Line], names: Sequence[str], dark: bool) -> go.Figure:
    """Accuracy of each class: bars for the first network, a marker for every network."""
    figure = go.Figure()
    for i, line in enumerate(lines):
        look = style(line.condition)
        colour = look.dark if dark else look.colour
        if i == 0:
            figure.add_bar(
                x=line.y, y=list(names), orientation="h", marker={"color": colour}, opacity=0.25,
                hoverinfo="skip", showlegend=False, width=0.7, legendgroup=line.label,
            )  # fmt: skip
        figure.add_scatter(
            x=line.y, y=list(names), name=line.label, mode="markers", legendgroup=line.label,
            marker={"symbol": look.symbol, "size": 10, "color": colour},
        )  # fmt: skip
    _dress(figure, "accuracy, %", "", dark)
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(range=[0, 100])
    return figure


def _dress(figure: go.Figure, x: str, y: str, dark: bool) -> None:
    """Give a chart the page's style.

    Charts can't be zoomed: to Streamlit, a chart with other numbers is new and loses its zoom.
    """
    ink = "#b9bdcf" if dark else "#565b70"
    finished(figure, x, y)
    figure.update_layout(
        font={"family": _FONT, "color": ink, "size": 14}, dragmode=False,
        margin={"l": 66, "r": 8, "t": 6, "b": 44}, showlegend=False,
        hoverlabel={"font": {"family": _FONT}},
    )  # fmt: skip
    ticks = {"tickfont": {"size": 12}, "fixedrange": True}  # of no size, Streamlit's has 0.75 rem
    figure.update_xaxes(title_standoff=6, **ticks)
    figure.update_yaxes(title_standoff=14, **ticks)
