"""A matrix as a chart: the deeper a cell's colour, the larger its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pad_core.report.figures import finished

_FEW = 12  # rows: so many leave room for numbers in the cells
_LIGHT, _DARK = ("#eff0f6", "#4453c4"), ("#1c1f2c", "#97a3ff")


def matrix(
    values: np.ndarray, names: Sequence[str], across: str, digits: int, hover: str, dark: bool,
    highest: float | None = None,
) -> go.Figure:  # fmt: skip
    """Draw a square matrix (K, K), its first row on top.

    Args:
        names: of the rows and the columns; across: the title of the columns.
        digits: behind the point, of numbers in the cells.
        hover: what a cell tells: Plotly's template of %{y}, %{x} and %{z}.
        highest: the number at the deep end of the colours, 0 being at the other; None for the
            largest there is.
    """
    page, ink = _DARK if dark else _LIGHT
    figure = go.Figure(
        go.Heatmap(
            z=values.tolist(), x=list(names), y=list(names), zmin=0, zmax=highest,
            colorscale=[[0, page], [1, ink]], showscale=False, xgap=1, ygap=1,
            texttemplate=f"%{{z:.{digits}f}}" if len(names) <= _FEW else None,
            textfont={"size": 12}, hovertemplate=f"{hover}<extra></extra>",
        )
    )  # fmt: skip
    finished(figure, across, "")
    figure.update_xaxes(showgrid=False, tickangle=-40)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure
