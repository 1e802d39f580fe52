"""What of the latent map's view stands in the page's address: its window, and the selection.

Both are in coordinates of the codes, not of the screen or as lists of points, so that an
address means the same in any window of any browser. A plane is what the viewer sees without
perspective: in 2-D the two axes themselves; in 3-D the axes turned by yaw, then by pitch (as
``pane.js`` turns them). Numbers are joined by '_', outlines by '~': neither is escaped.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MAX_CLASSES = 1000
MAX_OUTLINES = 12  # about as much as fits into an address that may be mailed
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
    """Numbers as text, rounded to what can be told apart on a screen that shows ``extent``."""
    digits = min(9, max(0, math.ceil(-math.log10(extent / _FINENESS))))
    return "_".join(f"{round(value, digits) + 0.0:.12g}" for value in values)


def _turn(turn: Sequence[float]) -> str:
    """Yaw, within half a turn either way, and pitch in radians; nothing in 2-D."""
    if not turn:
        return ""
    yaw, pitch = turn
    return "_" + _join((math.remainder(yaw, 2 * math.pi), pitch), 2 * math.pi)


# --- The window -----------------------------------------------------------------------------------


def window_text(window: Sequence[float]) -> str:
    """Left, bottom, right, top of what is seen of the first network's plane, then its turn.

    Args:
        window: 4 numbers in 2-D, 6 in 3-D. Empty text for what is no window.
    """
    left, bottom, right, top = window[:4]
    extent = min(right - left, top - bottom)
    if not extent > 0:
        return ""
    text = _join(window[:4], extent) + _turn(window[4:])
    return text if window_of(text, 3 if len(window) == 6 else 2) else ""


def window_of(text: str, dims: int) -> Numbers | None:
    """The window that a text stands for on a map of so many axes; None if for none."""
    found = numbers(text)
    if found is None or len(found) != (4 if dims == 2 else 6):
        return None
    left, bottom, right, top = found[:4]
    return found if left < right and bottom < top else None


def is_window(text: str) -> bool:
    """Whether a text is a window of a map of two or of three axes."""
    return any(window_of(text, dims) for dims in (2, 3))


# --- The selection --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outline:
    """A box or lasso, drawn to select points or to take them out of the selection.

    adds: which of both; network: on whose half of the map; hidden: classes that were out of
    sight, whose points it leaves as they are; turn: yaw and pitch, or () in 2-D; corners: two
    opposite ones of a box, or all of a lasso's, on the plane.
    """

    adds: bool
    network: int
    hidden: tuple[int, ...]
    turn: tuple[float, ...]
    corners: tuple[tuple[float, float], ...]

    def holds(self, coordinates: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Which points (N, C) with labels (N,) lie within and were in sight: bool (N,)."""
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
    """Where points (N, C) lie to the right and upwards, (N,) each."""
    points = coordinates.astype(np.float64)
    if not turn:
        return points[:, 0], points[:, 1]
    (cy, cp), (sy, sp) = np.cos(turn), np.sin(turn)
    return points @ [cy, 0.0, sy], points @ [sp * sy, cp, -sp * cy]


def outline_text(outline: Outline, pixel: float) -> str:
    """An outline for the address, with no more corners than it takes to look the same.

    Args:
        pixel: the extent of one on the screen. Empty text for what is no outline.
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
    """The outline that a text stands for on a map of so many axes; None if for none."""
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
    """The outlines, in the order drawn, that a text stands for; None if one is none."""
    found = [outline_of(part, dims) for part in text.split("~")] if text else []
    whole = [outline for outline in found if outline is not None]
    return whole if len(whole) == len(found) <= MAX_OUTLINES else None


def are_outlines(text: str) -> bool:
    """Whether a text is outlines on a map of two or of three axes."""
    return any(outlines_of(text, dims) is not None for dims in (2, 3))


def selected(
    outlines: Sequence[Outline], coordinates: Sequence[np.ndarray], labels: np.ndarray
) -> np.ndarray:
    """Which points the outlines, one after the other, leave selected: bool (N,).

    Args:
        coordinates: of each network's half of the map, (N, C); labels: (N,).
    """
    chosen = np.zeros(len(labels), bool)
    for outline in outlines:
        chosen[outline.holds(coordinates[outline.network], labels)] = outline.adds
    return chosen


def simplified(corners: np.ndarray, tolerance: float) -> np.ndarray:
    """The corners (P, 2) of a line that it can't do without; it misses others by ``tolerance``.

    Ramer, Douglas and Peucker's way, the farthest corner first, until there are _MAX_CORNERS.
    """

    def split(first: int, last: int) -> tuple[float, int, int, int]:
        """How far the line from one corner to another misses which between them."""
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


# --- Classes out of sight -------------------------------------------------------------------------


def is_hidden(text: str) -> bool:
    """Whether a text is labels of classes, joined by '_'."""
    return re.fullmatch(r"\d{1,3}(_\d{1,3})*", text) is not None
