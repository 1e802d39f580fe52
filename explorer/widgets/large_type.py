"""Charts for a talk: the same figure in type that the last row reads."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

_LARGER = 1.4  # the smallest type of a page's charts has 12 px, of a talk's 16


def in_large_type(figure: go.Figure) -> go.Figure:
    """A copy of a figure with larger type, and wider margins for it."""
    return go.Figure(_enlarged(figure.to_plotly_json(), in_font=False))


def _enlarged(part: Any, in_font: bool) -> Any:
    if isinstance(part, dict):
        return {name: _of(name, value, in_font) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_enlarged(one, in_font) for one in part]
    return part


def _of(name: str, value: Any, in_font: bool) -> Any:
    if name == "margin" or (in_font and name == "size"):
        return _scaled(value)
    return _enlarged(value, name.endswith("font"))


def _scaled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _scaled(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_scaled(one) for one in value]
    return value * _LARGER if isinstance(value, int | float) and value is not True else value
