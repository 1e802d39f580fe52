"""Keep the latent map's window, selection and hidden classes in step with the page's address."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.session import map_address
from explorer.session.map_address import MAX_OUTLINES
from explorer.session.state import arrivals, choose, chosen, say
from explorer.views.map import component
from explorer.views.map.cache import Shown
from explorer.views.map.component import View

_AXES = "map-axes"  # the map's last arrival and axes
_DRAWN = "map-drawn"  # number of outlines drawn


def keep_what_fits(shown: list[Shown]) -> None:
    """Drop from the address what belongs to other axes, or to no map at all.

    Outlines on one network's axes mean nothing on another's, but stay when a second network joins.
    An address that was just opened keeps its own.
    """
    view, drawn, axes = chosen().map.view, chosen().map.drawn, _axes(shown)
    arrival, before = st.session_state.get(_AXES, (arrivals(), axes))
    if arrival == arrivals() and axes != before:
        view = ""
        if any(old != new for old, new in zip(before, axes, strict=False)):
            drawn = ""
    st.session_state[_AXES] = (arrivals(), axes)
    if map_address.window_of(view, _dims()) is None:
        view = ""
    outlines = map_address.outlines_of(drawn, _dims())
    if outlines is None or any(outline.network >= len(shown) for outline in outlines):
        drawn = ""
    n_classes = len(shown[0].network.class_names)
    hidden = "_".join(str(label) for label in _hidden() if label < n_classes)
    if (view, drawn, hidden) != (chosen().map.view, chosen().map.drawn, chosen().map.hidden):
        choose(view=view, drawn=drawn, hidden=hidden)


def view(shown: list[Shown]) -> View:
    """The initial state of a new map."""
    return View(_stamp(shown), map_address.window_of(chosen().map.view, _dims()), _hidden())


def selected(shown: list[Shown]) -> np.ndarray:
    """Places (M,) of the selected points in the cloud."""
    outlines = map_address.outlines_of(chosen().map.drawn, _dims()) or []
    coordinates = [one.coordinates for one in shown] if outlines else []
    return np.flatnonzero(map_address.selected(outlines, coordinates, shown[0].cloud.labels))


def post_selection(places: np.ndarray, n: int) -> None:
    """Mark the selected ones, ``places`` (M,), of the map's n points."""
    # Post after each outline, even if the selection stays: the browser shows the outline until it
    # gets an answer.
    header = {"drawn": st.session_state.get(_DRAWN, 0)}
    if not len(places):
        component.post("selection", header | {"empty": True})
        return
    marks = np.zeros(n, np.uint8)
    marks[places] = 1
    component.post("selection", header, selected=marks)


def take_window(shown: list[Shown]) -> None:
    """The viewer zoomed, moved or turned the map: only the address changes."""
    window = component.window(_stamp(shown))
    text = chosen().map.view if window is None else ""
    choose(("footer",), view=map_address.window_text(window) if window else text)


def take_outline(shown: list[Shown]) -> None:
    """The viewer drew an outline, or cleared the selection."""
    how, outline, pixel = component.outline(_stamp(shown))
    text = map_address.outline_text(outline, pixel) if outline else ""
    before = chosen().map.drawn
    drawn = before
    if how == "clear" or (how == "out" and not before):
        drawn = ""
    elif text:
        drawn = text if how == "anew" or not before else f"{before}~{text}"
    if drawn.count("~") >= MAX_OUTLINES:
        say(f"A selection is of {MAX_OUTLINES} outlines at most: an address holds no more.")
        drawn = before
    outlines = map_address.outlines_of(drawn, _dims()) or []
    coordinates = [one.coordinates for one in shown]
    if not map_address.selected(outlines, coordinates, shown[0].cloud.labels).any():
        drawn = ""
    st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1
    choose(("selection",), drawn=drawn)


def take_hidden() -> None:
    """The viewer hid or showed classes."""
    choose(("footer",), hidden="_".join(map(str, component.hidden())))


def _hidden() -> list[int]:
    return [int(label) for label in chosen().map.hidden.split("_") if label]


def _dims() -> int:
    return int(chosen().map.dims)


def _axes(shown: list[Shown]) -> list[str]:
    """What identifies each half's axes."""
    return [one.ground for one in shown]


def _stamp(shown: list[Shown]) -> str:
    return f"{arrivals()} {' '.join(_axes(shown))}"
