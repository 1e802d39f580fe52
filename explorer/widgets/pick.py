"""A row or a menu of choices for one parameter of ``Choices``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import streamlit as st

from explorer.session.state import Panels, chosen, fresh, take


def pick(
    name: str,
    label: str,
    options: Mapping[str, str],
    help: str | None = None,
    redraw: Panels = (),
    label_visibility: Literal["visible", "collapsed"] = "collapsed",
    width: Literal["content", "stretch"] = "content",
) -> str:
    """Draw the row and return what is chosen, the first option if the choice is none of them.

    Args:
        name: the parameter of ``Choices``; options: what people read of each value.
        redraw: the panels that show it; the whole page if there are none.
    """
    value = _one_of(name, options)
    widget = fresh(name, value)
    st.segmented_control(
        label,
        list(options),
        default=value,
        format_func=options.__getitem__,
        key=widget,
        required=True,
        label_visibility=label_visibility,
        width=width,
        on_change=take,
        args=(name, widget, redraw),
        help=help,
    )
    return value


def menu(
    name: str,
    label: str,
    options: Mapping[str, str],
    width: int,
    help: str,
    on_change: Callable[[str, str], None] = take,
) -> str:
    """The same as a menu that folds out, for more or longer choices.

    Args:
        width: in pixels; on_change: takes the parameter's name and the widget's key.
    """
    value = _one_of(name, options)
    widget = fresh(name, value)
    st.selectbox(
        label,
        list(options),
        list(options).index(value),
        format_func=options.__getitem__,
        key=widget,
        width=width,
        on_change=on_change,
        args=(name, widget),
        help=help,
    )
    return value


def _one_of(name: str, options: Mapping[str, str]) -> str:
    value = str(chosen().value(name))
    return value if value in options else next(iter(options))
