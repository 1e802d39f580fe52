"""The latent map in the browser: a canvas with layers that change without its points.

Everything travels as packets of bytes: what doesn't change isn't sent again. See
``latent_map.js`` for what the viewer can do, and ``map_packet.js`` for the packets' form.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.choices import MAX_PLACE

_HERE = Path(__file__).parent
KEY = "latent-map"
_TYPES = ("float32", "uint8", "uint16", "uint32")


def _read(*names: str) -> str:
    return "\n".join((_HERE / name).read_text("utf-8") for name in names)


_map = st.components.v2.component(
    "pad_latent_map",
    html=_read("latent_map.html"),
    css=_read("latent_map.css"),
    js=_read("map_packet.js", "map_pane.js", "latent_map.js"),
)
_layer = st.components.v2.component(
    "pad_map_layer", html="<i></i>", js=_read("map_packet.js", "map_layer.js")
)


@dataclass(frozen=True)
class Pane:
    """One network's half of the map: title, a note at its right, a text for each axis."""

    title: str
    note: str
    axes: tuple[str, ...]


@dataclass(frozen=True)
class ClassStyle:
    """A class's name and its colour on light and dark pages."""

    name: str
    colour: str
    dark: str


def draw(
    panes: Sequence[Pane],
    coordinates: Sequence[np.ndarray],
    labels: np.ndarray,
    classes: Sequence[ClassStyle],
    names: dict[str, Any],
    fit: str,
    on_pick: Callable[[], None],
    on_select: Callable[[], None],
) -> None:
    """The map itself.

    Args:
        coordinates: of each pane, (N, C); labels: (N,) in the classes.
        names: 'what' the points are, for people; 'splits' and 'indices' of each image.
        fit: where it changes, the view goes back to all points; else zoom and place stay.
        on_pick, on_select: called when the viewer has; see ``picked`` and ``selected``.
    """
    arrays = {f"points{i}": _float32(c) for i, c in enumerate(coordinates)}
    arrays["labels"] = labels.astype(np.uint16)
    arrays["indices"] = names["indices"].astype(np.uint32)
    arrays["tests"] = (names["splits"] == "test").astype(np.uint8)
    header = {
        "panes": [asdict(pane) for pane in panes],
        "dims": coordinates[0].shape[1],
        "classes": [asdict(style) for style in classes],
        "what": names["what"],
        "fit": fit,
    }
    _map(key=KEY, data=pack(header, arrays), on_pick_change=on_pick, on_selected_change=on_select)


def post(layer: str, header: dict[str, Any], **arrays: np.ndarray) -> None:
    """Lay something over the map, or (with nothing in it) take it away again.

    Args:
        layer: 'occluded', 'dreams', 'marks', or 'atlas0' and so on for each pane.
        header: what latent_map.js wants to know of it; bytes count as pictures.
    """
    _layer(key=f"layer-{layer}", data=pack({"layer": layer} | header, arrays))


def picked() -> tuple[int, str]:
    """Which point was clicked, and which empty place: (place, '') or (−1, 'pane:x:y[:z]').

    (−1, '') for what a browser should not have sent.
    """
    event = st.session_state[KEY].get("pick")
    if not isinstance(event, dict):
        return -1, ""
    place, pane, at = event.get("place"), event.get("pane"), event.get("at")
    if isinstance(place, int) and 0 <= place <= MAX_PLACE:
        return place, ""
    if isinstance(at, list) and len(at) in (2, 3) and all(isinstance(x, int | float) for x in at):
        first = pane if isinstance(pane, int) else 0
        return -1, ":".join([str(first), *(f"{x:.4g}" for x in at)])
    return -1, ""


def selected(n: int) -> np.ndarray:
    """Places (M,) of the points that the viewer has selected, out of n."""
    text = st.session_state[KEY].get("selected")
    try:
        bits = np.frombuffer(base64.b64decode(text or "", validate=True), np.uint8)
    except (binascii.Error, TypeError, ValueError):
        bits = np.zeros(0, np.uint8)
    return np.flatnonzero(np.unpackbits(bits, bitorder="little")[:n])


def pack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """A packet, as ``map_packet.js`` reads it, with a version that says whether it changed."""
    body, places = b"", {}
    for name, array in arrays.items():
        if array.dtype.name not in _TYPES:
            raise ValueError(f"{name} is {array.dtype}, not one of {', '.join(_TYPES)}")
        places[name] = [array.dtype.name, len(body), array.nbytes]
        body += np.ascontiguousarray(array).tobytes()
    header = header | {"arrays": places}
    text = json.dumps(header).encode()
    version = hashlib.sha256(text + body).hexdigest()[:16]
    text = json.dumps(header | {"version": version}).encode()
    return len(text).to_bytes(4, "little") + text + body


def _float32(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, np.float32)
