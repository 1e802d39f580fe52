"""Reading and writing files so that a crash, a full disk or a wrong file loses nothing.

Any file may come from anywhere. Only regular files are opened (a pipe or a device would never
end), sizes are checked before anything is read, and JSON texts are made printable.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import io
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from pad_core.errors import PadError, printable

MAX_JSON_BYTES = 1_000_000
_MAX_DEPTH = 10
_KINDS = (
    (stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"),
    (stat.S_ISBLK, "device"), (stat.S_ISCHR, "device"),
)  # fmt: skip


def open_file(path: Path) -> io.BufferedReader:
    """Open a regular file for reading; PadError for a missing file or anything else."""
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            named = next((name for is_it, name in _KINDS if is_it(kind)), "special file")
            raise PadError(f"Cannot read {path}: it is a {named}; give a file.")
        # The file may have become a pipe since it was checked: opening must not wait for a writer.
        return open(path, "rb", opener=_without_waiting)
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    except ValueError:  # a null character in the name
        raise PadError(f"Cannot read {path}: no file can have this name.") from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file; PadError if it can't be read or has more than ``most`` bytes."""
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            content = b"" if size > most else file.read(size)
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    if size > most:
        raise PadError(
            f"{path} has {size / 1e6:,.1f} MB; {most / 1e6:,.1f} MB are the most for such a file."
        )
    return content


def as_path(path: str | Path, what: str) -> Path:
    """The path that a caller names ``what`` by; '~' stands for the user's home.

    Raises:
        PadError: something that is no path.
    """
    if not isinstance(path, str | Path):
        raise PadError(f"A {what} is named by its path, not by {path!r}.")
    return Path(path).expanduser()


def parse_json(content: bytes | str, finite: bool = True) -> Any:
    """Parse JSON from outside and check it as ``plain`` does, and that no object gives a name
    twice; PadError says what is wrong."""
    try:
        return plain(json.loads(content, object_pairs_hook=_each_once), finite)
    except (ValueError, RecursionError):  # also bytes that are not UTF-8
        raise PadError("it is not JSON.") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise PadError(f"it gives {name!r} twice.")
        found[name] = value
    return found


def plain(value: Any, finite: bool = True, depth: int = 0) -> Any:
    """A JSON value with printable texts.

    Raises:
        PadError: a number that is not finite or beyond float64, or deep nesting.
    """
    kind = type(value)  # JSON has six types; comparing them is faster than isinstance
    if kind is float or kind is int:
        if finite and not abs(value) <= sys.float_info.max:
            raise PadError("it has a number that is not finite or too large.")
        return value
    if kind is str:
        return printable(value)
    if kind is not dict and kind is not list:
        return value
    if depth == _MAX_DEPTH:
        raise PadError(f"it is nested more than {_MAX_DEPTH} deep.")
    if kind is list:
        return [plain(part, finite, depth + 1) for part in value]
    return {printable(key): plain(part, finite, depth + 1) for key, part in value.items()}


def can_be_shown(path: Path) -> bool:
    """Whether a path can be shown on a page; names that are not UTF-8 can't."""
    return printable(str(path)) == str(path)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file at once: a reader or a crash sees the old content or the new.

    A link stays a link: its target is replaced. The file keeps its permissions.
    """
    path = Path(os.path.realpath(path))
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            if not _is_alive(part.name.split(".")[-2]):
                part.unlink(missing_ok=True)
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            scratch.chmod(stat.S_IMODE(path.stat().st_mode))
        scratch.replace(path)
    except OSError as error:
        raise PadError(f"Cannot write {path}: {error.strerror}.") from None
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


def _is_alive(pid: str) -> bool:
    """Whether the process that left a half-written file may still be writing it."""
    if os.name != "posix" or not pid.isdecimal():  # elsewhere os.kill does more than ask
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def file_sha256(path: Path) -> str:
    """SHA-256 of a whole file, in hexadecimal."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
