"""The lock of a run folder, and the request to stop, between any two processes.

A process holds the folder's lock while it trains; the lock ends with the process, however that
ends. On a file system without locks, a file that names its holder takes its place. Another file
requests a stop: this works on any system and after a restart of the asking process, and reaches
only the process that trains in the folder.
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
# What file systems without locks answer: Lustre, NFS and FUSE with some mount options.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


class OccupiedError(PadError):
    """Another process trains in the run folder."""


@contextlib.contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """Hold a run folder's lock; make the folder if need be. May be nested.

    A folder that was made for it, and in which nothing was written, goes again.

    Raises:
        OccupiedError: another process trains there.
        PadError: the folder can't be used.
    """
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _acquired(folder)
        if lock.lock_counter == 1:  # remove a stop request to a process that died before it saw it
            (folder / _STOP).unlink(missing_ok=True)
    except Timeout as error:
        elsewhere = ""
        if error.lock_file.endswith(_SOFT_LOCK):  # its holder on another machine may have died
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
        if is_new:
            _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if [path.name for path in folder.iterdir()] == [_LOCK]:
            (folder / _LOCK).unlink()
            folder.rmdir()


def _acquired(folder: Path) -> BaseFileLock:
    """The folder's lock, acquired; on a file system without locks, a file in its place."""
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
                f"The file system of {folder} has no locks, so {folder / _SOFT_LOCK} takes their "
                "place; train there from one machine at a time.",
                file=sys.stderr,
            )
    return lock


def is_occupied(folder: Path) -> bool:
    """Whether a process trains in the run folder now."""
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
            except OSError:  # we may not open it, and so may not train there; or no locks
                continue
    return False


def ask_to_stop(folder: Path) -> None:
    """Request that the process training in the folder stops after its current mini-batch."""
    try:
        (folder / _STOP).touch()
    except OSError as error:
        raise PadError(f"Cannot write in {folder}: {error.strerror}.") from None


def asked_to_stop(folder: Path) -> bool:
    """Whether a stop was requested that has not happened yet."""
    return (folder / _STOP).exists()
