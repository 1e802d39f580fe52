"""A command of the project as a process that outlives the page, and the log that it writes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pad_core
from pad_core.errors import PadError
from pad_core.system.files import open_file

_LOG_READ = 8_000  # bytes of its end
_CODE = Path(pad_core.__file__).resolve().parents[1]


def spoken(arguments: Sequence[str]) -> str:
    """The command as one types it."""
    return shlex.join(["python", *arguments])


def run(arguments: Sequence[str], home: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start ``python ARGUMENTS`` in the folder ``home``; the log says so, and takes what it prints.

    Raises:
        OSError: the log can't be written.
    """
    with log.open("ab", buffering=0) as file:
        file.write(f"$ {spoken(arguments)}\n".encode())
        return detached([sys.executable, "-u", *arguments], home, file.fileno())


def detached(command: list[str], home: Path, log: int) -> subprocess.Popen[bytes]:
    """A process that goes on when this one ends, and lets this one go first."""
    paths = [str(_CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}  # as a log is read
    windows: dict[str, Any] = {}
    if sys.platform == "win32":
        windows["creationflags"] = (
            subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.DETACHED_PROCESS
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    process = subprocess.Popen(
        command, cwd=home, env=os.environ | own,
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        start_new_session=True, **windows,
    )  # fmt: skip
    if sys.platform != "win32":
        with suppress(OSError):  # it may be over already
            here = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, process.pid, min(here + 10, 19))
    return process


def log_lines(log: Path) -> list[str]:
    """The last lines of a log; none where there is none."""
    try:
        with open_file(log) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LOG_READ))
            return file.read(_LOG_READ).decode("utf-8", "replace").splitlines()
    except (OSError, PadError):
        return []


def last_words(log: Path, command: str) -> str:
    """The sentence with which the process ended in an error, or nothing.

    command: 'train' or another one, with which its own errors start.
    """
    lines = log_lines(log)
    starts = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    lines = [line.strip() for line in lines[starts[-1] + 1 if starts else 0 :] if line.strip()]
    last = lines[-1] if lines else ""
    if last.startswith(own := f"pad_core {command}: "):
        return last.removeprefix(own)
    if ": error: " in last:  # of the options
        return last.split(": error: ")[1]
    crashed = any(line.startswith("Traceback (most recent call last)") for line in lines)
    return f"It broke off: {last[:300]}" if crashed else ""
