"""What the speaker of a class shows, for the visitors who follow."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from explorer.session import classroom
from explorer.session.choices import Choices

_OWN = ("journal", "talk", "class")  # pages that are each viewer's own


@dataclass(frozen=True)
class Shown:
    """A page's path, and what is chosen there; how it is shown is each viewer's own."""

    page: str
    choices: Choices

    @classmethod
    def of(cls, page: str, choices: Choices) -> Shown:
        """What is seen on a page with these choices."""
        return cls(page, choices.changed(present="", slide=0, path=0))


class Lectern:
    """What the speaker shows, as far as the class may follow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._shown: Shown | None = None

    def tell(self, page: str, choices: Choices) -> None:
        """The speaker looks at this; pages that are each viewer's own are not told."""
        if page not in _OWN:
            with self._lock:
                self._shown = Shown.of(page, choices)

    def open(self, whether: bool) -> None:
        """Let the class follow, or no longer."""
        with self._lock:
            self._open = whether

    @property
    def is_open(self) -> bool:
        """Whether the class may follow."""
        return self._open

    @property
    def shown(self) -> Shown | None:
        """What the speaker shows now; None while the class may not follow."""
        with self._lock:
            return self._shown if self._open else None


LECTERN = Lectern()
"""The one of this server: all its pages run in one process."""


def tell(page: str, choices: Choices) -> None:
    """What a viewer looks at, told to the class if it is the speaker."""
    if classroom.is_speaker():
        LECTERN.tell(page, choices)
