"""What tests of any part need: the repository, a full disk, and waiting that ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
FULL = Path("/dev/full")  # a disk without space, on Linux
T = TypeVar("T")


def until(
    condition: Callable[[], T],
    what: str | Callable[[], str] = "waited in vain",
    seconds: float = 60.0,
    pause_s: float = 0.05,
) -> T:
    """Wait until the condition holds, and return what it came to; ``what`` is told if it fails."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(pause_s)
    return found
