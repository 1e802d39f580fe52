"""The latent map in the browser: a canvas with layers that change without redrawing its points.

Everything travels as packets of bytes, and unchanged packets are not sent again. See
``browser/map.js`` for the viewer's gestures and ``browser/packet.js`` for the packets' format.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.session.choices import MAX_PLACE
from explorer.session.map_address import MAX_CLASSES, Numbers, Outline
from explorer.session.state import reported
from explorer.views.map.groups import groups_of

_HERE = Path(__file__).with_name("browser")
KEY = "latent-map"
SCRIPTS = (
    "packet.js", "colours.js", "ground.js", "names.js", "marks.js", "pane.js", "vector.js",
    "figure.js", "legend.js", "gestures.js", "map.js",
)  # fmt: skip
LAYER_SCRIPTS = ("packet.js", "layer.js")
_TYPES = ("float32", "uint8", "uint16", "uint32")


def _read(*names: str) -> str:
    return "\n".join((_HERE / name).read_text("utf-8") for name in names)


_map = st.components.v2.component(
    "pad_latent_map",
    html=_read("map.html"),
    css=_read("map.css"),
    js=_read(*SCRIPTS),  # one module: later files use what earlier ones declare
)
_layer = st.components.v2.component("pad_map_layer", html="<i></i>", js=_read(*LAYER_SCRIPTS))


@dataclass(frozen=True)
class Pane:
    """One network's half of the map: its title, a note at the right, and a text for each axis."""

    title: str
    note: str
    axes: tuple[str, ...]


@dataclass(frozen=True)
class ClassStyle:
    """A class's name and its colour on light and dark pages."""

    name: str
    colour: str
    dark: str


@dataclass(frozen=True)
class View:
    """The map's initial state, until the viewer moves it.

    stamp: when it changes, the map starts anew; view: see ``map_address.window_of``, None for all
    points; hidden: hidden classes.
    """

    stamp: str
    view: Numbers | None
    hidden: Sequence[int]


def draw(
    panes: Sequence[Pane],
    coordinates: Sequence[np.ndarray],
    labels: np.ndarray,
    classes: Sequence[ClassStyle],
    names: dict[str, Any],
    view: View,
    on_change: dict[str, Callable[[], None]],
) -> None:
    """Draw the map.

    Args:
        coordinates: for each pane, (N, C); labels: (N,), of the classes.
        names: 'what': the points in words; 'splits' and 'indices': of each image.
        view: the initial state.
        on_change: callbacks for the viewer's actions, by name: 'pick', 'view',
            'outline', 'hidden'; see ``picked``, ``window``, ``outline``, ``hidden``.
    """
    arrays = {f"points{i}": _float32(c) for i, c in enumerate(coordinates)}
    arrays["labels"] = labels.astype(np.uint16)
    arrays["indices"] = names["indices"].astype(np.uint32)
    arrays["tests"] = (names["splits"] == "test").astype(np.uint8)
    header = {
        "panes": [asdict(pane) for pane in panes],
        "dims": coordinates[0].shape[1],
        "classes": [asdict(style) for style in classes],
        "groups": groups_of([style.name for style in classes]),
        "what": names["what"],
    }
    calls: dict[str, Any] = {f"on_{name}_change": call for name, call in on_change.items()}
    _map(key=KEY, data=pack(header, arrays, asdict(view)), **calls)


def post(layer: str, header: dict[str, Any], **arrays: np.ndarray) -> None:
    """Lay something over the map, or (if empty) remove it.

    Args:
        layer: 'occluded', 'dreams', 'marks', 'colours', or 'atlas0' and so on for each pane.
        header: values for map.js; bytes are pictures.
    """
    _layer(key=f"layer-{layer}", data=pack({"layer": layer} | header, arrays))


def picked() -> tuple[int, str]:
    """The clicked point or empty place: (place, '') or (−1, 'pane:x:y[:z]').

    An invalid message from the browser gives (−1, '').
    """
    event = _told().get("pick")
    if not isinstance(event, dict):
        return -1, ""
    place, pane, at = event.get("place"), event.get("pane"), event.get("at")
    if isinstance(place, int) and 0 <= place <= MAX_PLACE:
        return place, ""
    if isinstance(at, list) and len(at) in (2, 3) and all(isinstance(x, int | float) for x in at):
        first = pane if isinstance(pane, int) else 0
        return -1, ":".join([str(first), *(f"{x:.4g}" for x in at)])
    return -1, ""


def window(stamp: str) -> Numbers | None:
    """The window that the viewer zoomed or moved to on the map of this stamp; () for all points.

    Its form is that of ``map_address.window_text``. None for an invalid message, or one from a map
    that is no longer shown.
    """
    event = _event("view", stamp)
    if event is None or event.get("seen") is None:
        return None if event is None else ()
    seen = _numbers(event["seen"])
    return seen if seen is not None and len(seen) in (4, 6) else None


def outline(stamp: str) -> tuple[str, Outline | None, float]:
    """The outline that the viewer drew on the map of this stamp.

    Returns:
        how it changes the selection: 'anew', 'in', 'out' or 'clear'; the outline (None with
        'clear'); the extent of a pixel on its plane. ('', None, 0) where ``window`` gives None.
    """
    event = _event("outline", stamp) or {}
    if event.get("how") == "clear":
        return "clear", None, 0.0
    corners, turn = event.get("corners"), _numbers(event.get("turn"))
    hidden, network, pixel = _labels(event.get("hidden")), event.get("network"), event.get("pixel")
    places = [_numbers(corner) for corner in corners] if isinstance(corners, list) else []
    if (
        event.get("how") not in ("anew", "in", "out")
        or network not in (0, 1)
        or turn is None
        or len(turn) not in (0, 2)
        or any(place is None or len(place) != 2 for place in places)
        or len(places) < 2
        or not (isinstance(pixel, int | float) and 0 < pixel < math.inf)
    ):
        return "", None, 0.0
    found = tuple((place[0], place[1]) for place in places if place)
    drawn = Outline(event["how"] != "out", int(network), tuple(hidden), turn, found)
    return event["how"], drawn, float(pixel)


def hidden() -> list[int]:
    """Labels of the classes that the viewer has hidden."""
    event = _told().get("hidden")
    return _labels(event.get("labels") if isinstance(event, dict) else None)


def _told() -> Any:
    return reported(KEY) or {}


def _event(name: str, stamp: str) -> dict[str, Any] | None:
    event = _told().get(name)
    return event if isinstance(event, dict) and event.get("stamp") == stamp else None


def _numbers(values: Any) -> Numbers | None:
    if not isinstance(values, list) or not all(isinstance(x, int | float) for x in values):
        return None
    return tuple(map(float, values)) if all(map(math.isfinite, values)) else None


def _labels(values: Any) -> list[int]:
    known = values if isinstance(values, list) else []
    return sorted({x for x in known if isinstance(x, int) and 0 <= x < MAX_CLASSES})


def pack(
    header: dict[str, Any], arrays: dict[str, np.ndarray], aside: dict[str, Any] | None = None
) -> bytes:
    """A packet for ``packet.js``, with a version that tells whether it changed.

    Args:
        aside: also part of the header, but not of the version.
    """
    body, places = b"", {}
    for name, array in arrays.items():
        if array.dtype.name not in _TYPES:
            raise ValueError(f"{name} is {array.dtype}, not one of {', '.join(_TYPES)}")
        places[name] = [array.dtype.name, len(body), array.nbytes]
        body += np.ascontiguousarray(array).tobytes()
    header = header | {"arrays": places}
    text = json.dumps(header).encode()
    version = hashlib.sha256(text + body).hexdigest()[:16]
    text = json.dumps(header | {"version": version} | (aside or {})).encode()
    return len(text).to_bytes(4, "little") + text + body


def _float32(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, np.float32)
