"""The part of the page's address that holds the latent map's window and selection.

Both are in coordinates of the latents, and neither in pixels nor as lists of points, so that an
address means the same in any window of any browser. A plane is what the viewer sees without
perspective: in 2-D the two axes, in 3-D the axes turned by yaw, then by pitch (as in ``pane.js``).
'_' joins numbers, '~' joins outlines; neither needs escaping.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MAX_CLASSES = 1000
MAX_OUTLINES = 12  # more would not fit into an address that can be mailed
_MAX_CORNERS = 40  # of one outline
_MAX_NUMBER = 1e6
_FINENESS = 4000  # steps of a rounded number over a window's or an outline's extent
_OUTLINE = re.compile(r"(in|out)(\d{1,3})((?:\.\d{1,3})*)((?:_[^_]+)+)")

Numbers = tuple[float, ...]


# --- Numbers --------------------------------------------------------------------------------------


def numbers(text: str) -> Numbers | None:
    """Finite numbers of moderate size, joined by '_'; None for anything else."""
    try:
        found = tuple(float(part) for part in text.split("_"))
    except ValueError:
        return None
    return found if all(abs(number) <= _MAX_NUMBER for number in found) else None


def _join(values: Sequence[float], extent: float) -> str:
    """Numbers as text, rounded to the resolution of a screen that shows ``extent``."""
    digits = min(9, max(0, math.ceil(-math.log10(extent / _FINENESS))))
    return "_".join(f"{round(value, digits) + 0.0:.12g}" for value in values)


def _turn(turn: Sequence[float]) -> str:
    """Yaw in ±half a turn, and pitch, both in radians; '' in 2-D."""
    if not turn:
        return ""
    yaw, pitch = turn
    return "_" + _join((math.remainder(yaw, 2 * math.pi), pitch), 2 * math.pi)


# --- The window -----------------------------------------------------------------------------------


def window_text(window: Sequence[float]) -> str:
    """Left, bottom, right and top of the visible part of the first network's plane, then its turn.

    Args:
        window: 4 numbers in 2-D, 6 in 3-D; other input gives ''.
    """
    left, bottom, right, top = window[:4]
    extent = min(right - left, top - bottom)
    if not extent > 0:
        return ""
    text = _join(window[:4], extent) + _turn(window[4:])
    return text if window_of(text, 3 if len(window) == 6 else 2) else ""


def window_of(text: str, dims: int) -> Numbers | None:
    """The window that a text encodes for a map of ``dims`` axes; None if it encodes none."""
    found = numbers(text)
    if found is None or len(found) != (4 if dims == 2 else 6):
        return None
    left, bottom, right, top = found[:4]
    return found if left < right and bottom < top else None


def is_window(text: str) -> bool:
    """Whether a text encodes a window of a map of two or three axes."""
    return any(window_of(text, dims) for dims in (2, 3))


# --- The selection --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outline:
    """A box or lasso that adds points to the selection or removes them.

    adds: which of the two; network: whose half of the map it was drawn on; hidden: classes that
    were hidden, whose points it leaves as they are; turn: yaw and pitch, or () in 2-D; corners: on
    the plane, two opposite ones of a box or all of a lasso.
    """

    adds: bool
    network: int
    hidden: tuple[int, ...]
    turn: tuple[float, ...]
    corners: tuple[tuple[float, float], ...]

    def holds(self, coordinates: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Whether points (N, C) with labels (N,) lie inside and were visible: bool (N,)."""
        x, y = _plane(coordinates, self.turn)
        corners = self.corners
        if len(corners) == 2:
            (x0, x1), (y0, y1) = (sorted(ends) for ends in zip(*corners, strict=True))
            within = (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)
        else:
            within = np.zeros(len(x), bool)
            for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
                if y0 != y1:  # even-odd rule: a ray to the left crosses the outline
                    within ^= ((y0 > y) != (y1 > y)) & (x > (x1 - x0) * (y - y0) / (y1 - y0) + x0)
        return within & ~np.isin(labels, self.hidden)


def _plane(coordinates: np.ndarray, turn: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Positions of points (N, C) on the plane, rightwards and upwards, (N,) each."""
    points = coordinates.astype(np.float64)
    if not turn:
        return points[:, 0], points[:, 1]
    (cy, cp), (sy, sp) = np.cos(turn), np.sin(turn)
    return points @ [cy, 0.0, sy], points @ [sp * sy, cp, -sp * cy]


def outline_text(outline: Outline, pixel: float) -> str:
    """An outline as text for the address, with as few corners as it takes to look the same.

    Args:
        pixel: its extent on the plane. Input that is no outline gives ''.
    """
    corners = np.array(outline.corners)
    if len(corners) > 2:
        corners = simplified(corners, pixel)
    extent = float(np.ptp(corners, axis=0).min()) if len(corners) else 0.0
    if not extent > 0:
        return ""
    hidden = "".join(f".{label}" for label in outline.hidden)
    head = f"{'in' if outline.adds else 'out'}{outline.network}{hidden}"
    text = f"{head}{_turn(outline.turn)}_{_join(corners.ravel().tolist(), extent)}"
    return text if outline_of(text, 3 if outline.turn else 2) else ""


def outline_of(text: str, dims: int) -> Outline | None:
    """The outline that a text encodes for a map of ``dims`` axes; None if it encodes none."""
    match = _OUTLINE.fullmatch(text)
    found = numbers(match[4][1:]) if match else None
    if match is None or found is None:
        return None
    turn, flat = (found[:2], found[2:]) if dims == 3 else ((), found)
    if len(flat) % 2 or not 4 <= len(flat) <= 2 * _MAX_CORNERS:
        return None
    hidden = tuple(int(label) for label in match[3].split(".")[1:])
    corners = tuple(zip(flat[::2], flat[1::2], strict=True))
    return Outline(match[1] == "in", int(match[2]), hidden, turn, corners)


def outlines_of(text: str, dims: int) -> list[Outline] | None:
    """The outlines that a text encodes, in drawn order; None if any of them is invalid."""
    found = [outline_of(part, dims) for part in text.split("~")] if text else []
    whole = [outline for outline in found if outline is not None]
    return whole if len(whole) == len(found) <= MAX_OUTLINES else None


def are_outlines(text: str) -> bool:
    """Whether a text encodes outlines on a map of two or three axes."""
    return any(outlines_of(text, dims) is not None for dims in (2, 3))


def selected(
    outlines: Sequence[Outline], coordinates: Sequence[np.ndarray], labels: np.ndarray
) -> np.ndarray:
    """The points that the outlines, applied in order, leave selected: bool (N,).

    Args:
        coordinates: for each network's half of the map, (N, C); labels: (N,).
    """
    chosen = np.zeros(len(labels), bool)
    for outline in outlines:
        chosen[outline.holds(coordinates[outline.network], labels)] = outline.adds
    return chosen


def simplified(corners: np.ndarray, tolerance: float) -> np.ndarray:
    """A line (P, 2) with fewer corners, which misses the others by at most ``tolerance``.

    The algorithm of Ramer, Douglas and Peucker, farthest corner first, up to _MAX_CORNERS.
    """

    def split(first: int, last: int) -> tuple[float, int, int, int]:
        """The largest distance of a corner between two others from their line, and which corner."""
        way, off = corners[last] - corners[first], corners[first + 1 : last] - corners[first]
        length = math.hypot(*way)
        far = np.abs(off @ [-way[1], way[0]]) / length if length else np.hypot(*off.T)
        middle = int(far.argmax()) if len(far) else 0
        return -float(far[middle]) if len(far) else 0.0, first, first + 1 + middle, last

    kept = {0, len(corners) - 1}
    spans = [split(0, len(corners) - 1)]
    while len(kept) < _MAX_CORNERS and -spans[0][0] > tolerance:
        _, first, middle, last = heapq.heappop(spans)
        kept.add(middle)
        heapq.heappush(spans, split(first, middle))
        heapq.heappush(spans, split(middle, last))
    return corners[sorted(kept)]


# --- Hidden classes -------------------------------------------------------------------------------


def is_hidden(text: str) -> bool:
    """Whether a text holds class labels, joined by '_'."""
    return re.fullmatch(r"\d{1,3}(_\d{1,3})*", text) is not None
