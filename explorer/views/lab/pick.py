"""One choice of a few in the sidebar, as a segmented control."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explorer.session.state import chosen, fresh, take


def pick(name: str, label: str, options: Mapping[str, str], help: str) -> str:
    """Draw the control and return what is chosen.

    Args:
        name: the parameter of ``Choices``; options: what people read of each value.
    """
    value = chosen().value(name)
    value = value if value in options else next(iter(options))
    widget = fresh(name, value)
    st.sidebar.segmented_control(
        label,
        list(options),
        default=value,
        format_func=options.__getitem__,
        key=widget,
        required=True,
        width="stretch",
        on_change=take,
        args=(name, widget),
        help=help,
    )
    return str(value)
