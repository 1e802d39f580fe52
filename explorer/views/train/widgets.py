"""The widget of a declared field; numbers have no bounds in the form.

What is out of range gets a sentence; the browser would only colour the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import streamlit as st

from explorer.session.state import fresh
from pad_core.system.fields import Field


def draw(field: Field, value: Any, take: Callable[[str, str], None]) -> None:
    """Draw it; ``take`` is called with the field's name and the widget's key when it is changed."""
    key = fresh(f"order-{field.name}", list(value) if isinstance(value, tuple) else value)
    said: dict[str, Any] = {
        "label": field.title, "key": key, "help": _help(field), "on_change": take,
        "args": (field.name, key),
    }  # fmt: skip
    choices: dict[str, Any] = {"options": field.choices, "format_func": field.word}
    if field.choices and field.is_list:
        st.multiselect(default=value, **choices, **said)
    elif field.choices:
        st.segmented_control(default=value, required=True, width="stretch", **choices, **said)
    elif field.bare is bool:
        st.checkbox(value=value, **said)
    elif field.bare is int:
        st.number_input(value=value, step=1, **said)
    elif field.bare is float:
        step = field.shown.step
        digits = max(2, len(f"{step:.10f}".rstrip("0").partition(".")[2]))
        st.number_input(value=float(value), step=step, format=f"%.{digits}f", **said)
    else:
        st.text_input(value=value, **said)


def rows(fields: Iterable[Field], across: int = 5) -> Iterator[list[Field]]:
    """Fields side by side: two choices; else ``across``, but for lists and boxes to tick."""
    by_size: dict[int, list[Field]] = {}
    for field in fields:
        alone = field.bare is bool or (field.choices and field.is_list)
        by_size.setdefault(1 if alone else 2 if field.choices else across, []).append(field)
    for most, same in by_size.items():
        size = -(-len(same) // -(-len(same) // most))  # as many in each row, or nearly
        yield from (same[i : i + size] for i in range(0, len(same), size))


def by_group(fields: Iterable[Field]) -> dict[str, list[Field]]:
    """The fields under the line that stands above them."""
    found: dict[str, list[Field]] = {}
    for field in fields:
        found.setdefault(field.shown.group, []).append(field)
    return found


def _help(field: Field) -> str:
    said = field.description
    if isinstance(field.default, int | float) and field.bare is not bool:
        said += f"; the paper has {field.default:g}"
    return f"{said[:1].upper()}{said[1:]}."
