"""How many viewers there are at once: above that, a newcomer waits until one leaves.

A server that takes in more than it serves well serves none of them well.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

VARIABLE = "PAD_EXPLORER_VIEWERS"
USUAL = 50  # that two cores serve; see bench/RESULTS.md


def most() -> int:
    """The number of viewers that are let in: of the variable PAD_EXPLORER_VIEWERS, else USUAL."""
    given = os.environ.get(VARIABLE, "")
    return int(given) if given.isascii() and given.isdecimal() else USUAL


class Admission:
    """Who has been let in.

    Args:
        is_here: whether a viewer's page is still open.
    """

    def __init__(self, is_here: Callable[[str], bool]) -> None:
        self._is_here = is_here
        self._inside: set[str] = set()
        self._lock = threading.Lock()

    def admit(self, viewer: str) -> bool:
        """Let a viewer in, if there is room or they are in already; returns whether they are."""
        with self._lock:
            self._inside = {one for one in self._inside if self._is_here(one)}
            if len(self._inside) < most():
                self._inside.add(viewer)
            return viewer in self._inside

    def inside(self) -> int:
        """How many are in."""
        with self._lock:
            return sum(map(self._is_here, self._inside))

    def room(self) -> bool:
        """Whether one more would be let in."""
        return self.inside() < most()
