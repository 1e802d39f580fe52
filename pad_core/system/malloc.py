"""Memory that a process frees: kept by one that trains, handed back by one that serves."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of glibc's malloc.h
_LARGEST_MMAP_THRESHOLD = 32 * 2**20  # that glibc accepts


def keep_freed_memory(limit_mb: int = 1024) -> bool:
    """Have this process keep freed memory for its next allocations, up to ``limit_mb``.

    A cycle on the CPU takes and frees some hundred blocks of 1 to 8 MB. glibc hands such blocks
    back to the system, which has to clear them page by page when they are wanted again: some
    4,500 page faults and 4 % of the time of a cycle at batch 64.

    Returns:
        Whether the C library could do that; else nothing has changed.
    """
    return _set(
        {
            _M_MMAP_THRESHOLD: _LARGEST_MMAP_THRESHOLD,
            _M_TRIM_THRESHOLD: limit_mb * 2**20 - 1,  # an int: 2 GiB would not fit
        }
    )


def share_freed_memory(limit_mb: int = 32) -> bool:
    """Have the threads of this process share freed memory, and keep at most ``limit_mb`` of it.

    glibc gives up to eight times as many threads as there are cores an arena each, and every
    one keeps what its busiest moment took. A server, whose pages run in a new thread each time,
    grows so for hours. One arena is left here: of any other one, ``return_freed_memory`` cannot
    hand back what is free at its end, up to ``limit_mb`` of it.

    Returns:
        Whether the C library could do that; else nothing has changed.
    """
    return _set(
        {
            _M_ARENA_MAX: 1,
            _M_MMAP_THRESHOLD: _LARGEST_MMAP_THRESHOLD,
            _M_TRIM_THRESHOLD: limit_mb * 2**20,
        }
    )


def return_freed_memory() -> bool:
    """Hand what is free back to the system, also between blocks that are not; takes milliseconds.

    Returns:
        Whether the C library could do that.
    """
    trim = _of_glibc("malloc_trim")
    return trim is not None and trim(0) in (0, 1)


def _set(limits: dict[int, int]) -> bool:
    mallopt = _of_glibc("mallopt")
    return mallopt is not None and all(mallopt(k, value) == 1 for k, value in limits.items())


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of the C library; musl has none of them, and other systems have another one."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)
