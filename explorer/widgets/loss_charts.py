"""Recorded losses over epochs as Plotly figures, for a light or a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.runs.history import TERMS, Series
from pad_core.report.figures import LOSSES, finished
from pad_core.report.palette import style

_FONT = "Source Sans, sans-serif"
_DASHES = ("solid", "dot", "dash", "dashdot", "longdash")  # networks of one condition


def panels(series: Sequence[Series], log: bool, dark: bool, height: int = 500) -> go.Figure:
    """A panel for each loss with every network's values over epochs; open circles: means so far.

    The contrastive loss has a panel if a network has that loss; separability is the last panel.
    """
    rare = any("contrast" in one.values or "contrast" in one.now for one in series)
    shown_terms = {term: title for term, title in TERMS.items() if rare or term != "contrast"}
    columns = (len(shown_terms) + 1) // 2
    figure = make_subplots(2, columns, subplot_titles=list(shown_terms.values()),
                           shared_xaxes=True, horizontal_spacing=0.06,
                           vertical_spacing=0.11)  # fmt: skip
    seen: dict[str, int] = {}
    for one in series:
        place = seen.setdefault(one.condition, 0)
        seen[one.condition] += 1
        look = style(one.condition)
        colour, dash = look.dark if dark else look.colour, _DASHES[place % len(_DASHES)]
        shown = False
        for index, term in enumerate(shown_terms):
            points = one.values.get(term, [])
            cell: dict[str, Any] = {
                "row": index // columns + 1,
                "col": index % columns + 1,
                "legendgroup": one.label,
            }
            if points:
                figure.add_scatter(
                    x=[x for x, _ in points], y=[y for _, y in points], name=one.label,
                    mode="lines+markers", line={"color": colour, "dash": dash, "width": 2},
                    marker={"size": 5, "symbol": look.symbol}, showlegend=not shown, **cell,
                )  # fmt: skip
                shown = True
            if term in one.now:
                _add_now(figure, one, term, points, colour, cell, legend=not shown)
                shown = True
    finished(figure, "", "")
    figure.update_layout(legend={"y": -0.16}, margin={"l": 56, "r": 8, "t": 30, "b": 30})
    figure.update_xaxes(title_text="epoch", row=2)
    figure.update_yaxes(title_text="loss", col=1)
    if log:
        figure.update_yaxes(type="log")
        figure.update_yaxes(type="linear", row=2, col=3)  # percentages keep a linear axis
    figure.update_layout(uirevision="log" if log else "linear")
    return for_page(figure, dark, height)


def terms(one: Series, dark: bool, height: int = 190) -> go.Figure:
    """All losses of one training in one small chart, on a logarithmic axis."""
    figure = go.Figure()
    for name, (label, colour) in LOSSES.items():
        points = one.values.get(name, [])
        if points:
            figure.add_scatter(
                x=[x for x, _ in points], y=[y for _, y in points], name=label,
                mode="lines+markers", line={"color": colour, "width": 2}, marker={"size": 4},
                legendgroup=name,
            )  # fmt: skip
        if name in one.now:
            cell: dict[str, Any] = {"legendgroup": name}
            _add_now(figure, one, name, points, colour, cell, legend=not points, label=label)
    finished(figure, "epoch", "loss")
    figure.update_yaxes(type="log", dtick="D2")
    figure.update_layout(
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        uirevision="terms", margin={"l": 58, "r": 8, "t": 24, "b": 44},
    )  # fmt: skip
    return for_page(figure, dark, height)


def _add_now(
    figure: go.Figure, one: Series, term: str, points: Sequence[tuple[float, float]], colour: str,
    cell: dict[str, Any], legend: bool, label: str = "",
) -> None:  # fmt: skip
    """Add the current epoch's mean so far, joined to the last finished one."""
    joined = [*points[-1:], one.now[term]]
    figure.add_scatter(
        x=[x for x, _ in joined], y=[y for _, y in joined], mode="lines+markers",
        name=label or one.label, line={"color": colour, "dash": "dot", "width": 1.5},
        marker={"symbol": "circle-open", "size": [0] * (len(joined) - 1) + [8]},
        showlegend=legend, **cell,
    )  # fmt: skip


def for_page(figure: go.Figure, dark: bool, height: int | None) -> go.Figure:
    """Give a figure the fonts and colours of a light or a dark page; None: of any height."""
    ink = "#b9bdcf" if dark else "#565b70"
    figure.update_xaxes(title_font_size=13, title_standoff=6)
    figure.update_yaxes(title_font_size=13, tickformat="~g")
    figure.update_layout(
        height=height, font={"family": _FONT, "color": ink, "size": 13}, autosize=True,
        hoverlabel={"font": {"family": _FONT}},
    )  # fmt: skip
    figure.update_annotations(font={"color": ink, "size": 13})
    return figure
