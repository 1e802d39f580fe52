"""The journal as a file on this computer: one line of JSON for each change, none ever lost.

A line holds a kept dream as it is from then on; the last line about a dream counts, so that
renaming, deleting and undoing are further lines. Lines that can't be read are passed over and
reported, and stay where they are. Several viewers, or several servers, can write at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from explorer.journal.entry import Kept
from pad_core.errors import PadError

VARIABLE = "PAD_JOURNAL"
_WAIT_S = 10.0


@dataclass(frozen=True)
class Journal:
    """What a journal holds.

    dreams: by id, those kept last first; deleted: what can be brought back; problems: a
    sentence for each line that can't be read.
    """

    dreams: dict[str, Kept]
    deleted: dict[str, Kept]
    problems: tuple[str, ...] = ()


def place() -> Path:
    """Where the journal of this computer's user lies: the variable PAD_JOURNAL, or the folder
    for data of programs that the system has."""
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", home / "AppData/Roaming"))
    elif sys.platform == "darwin":
        folder = home / "Library/Application Support"
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return folder / "pad-dream-explorer" / "journal.jsonl"


def read(path: Path) -> Journal:
    """Read a journal; an empty one where there is no file.

    Raises:
        PadError: the file can't be read at all.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Journal({}, {})
    except OSError as error:
        raise PadError(f"Cannot read the journal {path}: {error.strerror}.") from None
    return parse(content, path.name)


def parse(content: bytes, name: str) -> Journal:
    """Read a journal's lines; ``name`` stands in sentences about damaged ones."""
    dreams: dict[str, Kept] = {}
    deleted: dict[str, Kept] = {}
    problems = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            kept = Kept.from_dict(given)
            gone = given.get("deleted") is True
        except (ValueError, RecursionError):
            problems.append(f"Line {number} of {name} is damaged; the others are shown.")
        except PadError as error:
            problems.append(f"Line {number} of {name} can't be read. {error}")
        else:
            (dreams if gone else deleted).pop(kept.id, None)
            (deleted if gone else dreams)[kept.id] = kept
    newest = sorted(dreams.values(), key=lambda kept: kept.time, reverse=True)
    return Journal({kept.id: kept for kept in newest}, deleted, tuple(problems))


def write(path: Path, dreams: Sequence[Kept], deleted: bool = False) -> None:
    """Add lines that say how these dreams are from now on.

    Raises:
        PadError: the file can't be written; nothing of it is lost.
    """
    text = "".join(line(kept, deleted) for kept in dreams)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock"), timeout=_WAIT_S), path.open("ab") as f:
            if _ends_within_a_line(path):
                text = "\n" + text
            f.write(text.encode())
            f.flush()
            os.fsync(f.fileno())
    except Timeout:
        raise PadError(f"The journal {path} is in use by another program; try again.") from None
    except OSError as error:
        raise PadError(f"Cannot write the journal {path}: {error.strerror}.") from None


def line(kept: Kept, deleted: bool = False) -> str:
    """A dream as a line of a journal."""
    gone = {"deleted": True} if deleted else {}
    return json.dumps(kept.to_dict() | gone, ensure_ascii=True) + "\n"


def _ends_within_a_line(path: Path) -> bool:
    """Whether a crash cut off the last line."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
