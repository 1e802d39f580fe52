"""Who trains in a run folder, and how to ask them to stop, from whatever process.

A run folder is occupied while its lock is held, which ends with the process that holds it,
however that ends. Where the file system has no locks, a file that names its holder stands in for
one. Another file asks for a stop: it works across a restart of whoever asks, on any system, and
reaches no process but the one that trains there.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from pad_core.errors import PadError

_LOCK, _SOFT_LOCK, _STOP = ".lock", ".lock-file", ".stop"
_PATIENCE_S = 0.5  # 'is_occupied' holds the lock for an instant
# What file systems say that have no locks: Lustre, NFS and FUSE, as they are mounted.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


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
        lock = _acquired(folder)
        if lock.lock_counter == 1:  # a wish of old, to a process that died before it saw it
            (folder / _STOP).unlink(missing_ok=True)
    except Timeout as error:
        elsewhere = ""
        if error.lock_file.endswith(_SOFT_LOCK):  # one on another machine may have died
            elsewhere = f"; if there is none, remove {folder / _SOFT_LOCK}"
        raise OccupiedError(
            f"Another process is training in {folder}; wait or stop it{elsewhere}."
        ) from None
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


def _acquired(folder: Path) -> BaseFileLock:
    """The folder's lock, held once more; a file in its place where the file system has none."""
    lock: BaseFileLock = FileLock(
        folder / _LOCK, timeout=_PATIENCE_S, is_singleton=True, fallback_to_soft=False
    )
    try:
        lock.acquire()
    except OSError as error:
        if isinstance(error, Timeout) or error.errno not in _NO_LOCKS:
            raise
        lock = SoftFileLock(folder / _SOFT_LOCK, timeout=_PATIENCE_S, is_singleton=True)
        lock.acquire()
        if lock.lock_counter == 1:
            print(
                f"The file system of {folder} has no locks; {folder / _SOFT_LOCK} stands in for "
                "one. Train there from one machine at a time.",
                file=sys.stderr,
            )
    return lock


def is_occupied(folder: Path) -> bool:
    """Whether a process holds the run folder now."""
    kinds: tuple[tuple[type[BaseFileLock], str], ...] = (
        (FileLock, _LOCK), (SoftFileLock, _SOFT_LOCK),
    )  # fmt: skip
    for kind, name in kinds:
        if (folder / name).exists():
            try:
                with kind(folder / name, timeout=0, is_singleton=False, fallback_to_soft=False):
                    continue
            except Timeout:
                return True
            except OSError:  # not ours to open: nor to train in; or no locks
                continue
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
