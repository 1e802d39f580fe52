"""Who trains in a run folder, and how to ask them to stop, from whatever process.

A run folder is occupied while its lock is held, which ends with the process that holds it,
however that ends. A file beside it asks for a stop: it works across a restart of whoever asks,
on any system, and reaches no process but the one that trains there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from pad_core.errors import PadError

_LOCK, _STOP = ".lock", ".stop"
_PATIENCE_S = 0.5  # 'is_occupied' holds the lock for an instant


class OccupiedError(PadError):
    """Another process trains in the run folder."""


@contextlib.contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """Hold a run folder, which is made if need be; may be entered again within.

    Raises:
        OccupiedError: another process trains there.
        PadError: the folder can't be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK, timeout=_PATIENCE_S, is_singleton=True)
        lock.acquire()
        if lock.lock_counter == 1:  # a wish of old, to a process that died before it saw it
            (folder / _STOP).unlink(missing_ok=True)
    except Timeout:
        raise OccupiedError(f"Another process is training in {folder}; wait or stop it.") from None
    except (FileExistsError, NotADirectoryError):
        raise PadError(f"Cannot use the folder {folder}: a file has that name.") from None
    except OSError as error:
        raise PadError(f"Cannot use the folder {folder}: {error.strerror}.") from None
    try:
        yield
    finally:
        if lock.lock_counter == 1:
            (folder / _STOP).unlink(missing_ok=True)
        lock.release()


def is_occupied(folder: Path) -> bool:
    """Whether a process holds the run folder now."""
    if not (folder / _LOCK).exists():
        return False
    try:
        with FileLock(folder / _LOCK, timeout=0, is_singleton=False):
            return False
    except Timeout:
        return True
    except OSError:  # not ours to open: nor to train in
        return False


def ask_to_stop(folder: Path) -> None:
    """Ask whoever trains in the folder to stop after the mini-batch at hand."""
    try:
        (folder / _STOP).touch()
    except OSError as error:
        raise PadError(f"Cannot write in {folder}: {error.strerror}.") from None


def asked_to_stop(folder: Path) -> bool:
    """Whether somebody has asked for a stop that is still to come."""
    return (folder / _STOP).exists()
