"""What a chart shows, as rows of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

_NAMES = ("panel", "series", "x", "y", "value", "error")


def to_csv(names: Sequence[str], rows: Iterable[Sequence[Any]], source: str) -> str:
    """A table for a spreadsheet; its last column says where each row is from."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*names, "source"))
    writer.writerows((*row, source) for row in rows)
    return text.getvalue()


def figure_to_csv(figure: go.Figure, source: str) -> str:
    """A row for each mark of a chart: its panel and series, x, y, value of a cell, ± error.

    Bands and what else only decorates (``hoverinfo="skip"``) is left out.
    """
    return to_csv(_NAMES, (row for trace in figure.data for row in _rows(figure, trace)), source)


def _rows(figure: go.Figure, trace: Any) -> Iterator[tuple[Any, ...]]:
    if trace.hoverinfo == "skip":
        return
    head = (_panel(figure, trace), trace.name or "")
    if trace.type == "heatmap":
        for y, row in zip(trace.y, trace.z, strict=True):
            for x, value in zip(trace.x, row, strict=True):
                yield (*head, x, y, value, "")
        return
    n = max(0 if values is None else len(values) for values in (trace.x, trace.y))
    x = range(n) if trace.x is None else trace.x
    y = [""] * n if trace.y is None else trace.y  # of a box that lies
    bars = trace.error_y.array if hasattr(trace, "error_y") else None
    errors = [""] * n if bars is None else bars
    for x_value, y_value, error in zip(x, y, errors, strict=True):
        yield (*head, x_value, y_value, "", error)


def _panel(figure: go.Figure, trace: Any) -> str:
    """The title above the panel of a trace; what its y axis shows, where there is one panel."""
    axes = sorted({one.yaxis or "y" for one in figure.data}, key=lambda axis: int(axis[1:] or 1))
    titles = [note.text for note in figure.layout.annotations if note.yanchor == "bottom"]
    axis = trace.yaxis or "y"
    if len(titles) == len(axes):
        return str(titles[axes.index(axis)])
    return str(figure.layout[f"yaxis{axis[1:]}"].title.text or "")
