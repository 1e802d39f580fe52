"""A row of a few choices for one parameter of ``Choices``."""

from __future__ import annotations

from collections.abc import Mapping
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
    value = chosen().value(name)
    value = value if value in options else next(iter(options))
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
    return str(value)
