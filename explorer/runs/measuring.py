"""Trained networks are evaluated from the page, as processes that record what they measure."""

from __future__ import annotations

import subprocess
from pathlib import Path

from explorer.runs.process import last_words, run
from pad_core.errors import PadError

LOG = "evaluate.log"

_children: dict[Path, subprocess.Popen[bytes]] = {}  # by run folder


def measure(folder: Path, home: Path) -> None:
    """Begin to evaluate a run folder's latest network, and to record that in its header.

    Raises:
        PadError: another network is measured now; the log can't be written.
    """
    if busy := [one.name for one in _children if is_measured(one)]:
        raise PadError(f"{busy[0]} is being measured; measure this one after it.")
    latest = (folder / "latest.safetensors").relative_to(home).as_posix()
    try:
        command = ["-m", "pad_core", "evaluate", latest, "--record"]
        _children[folder] = run(command, home, folder / LOG)
    except OSError as error:
        raise PadError(f"Cannot measure in {folder}: {error.strerror}.") from None


def is_measured(folder: Path) -> bool:
    """Whether a process of this explorer measures its network now."""
    child = _children.get(folder)
    return child is not None and child.poll() is None


def problem(folder: Path) -> str:
    """Why the last evaluation of it failed; '' where none did."""
    child = _children.get(folder)
    return last_words(folder / LOG, "evaluate") if child is not None and child.poll() else ""
