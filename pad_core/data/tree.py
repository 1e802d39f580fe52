"""List what lies below a folder, links included, without the files that systems hide there."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

from pad_core.errors import printable

# Made by macOS, Windows and network storage. Names that begin with a dot are hidden, too.
_OF_SYSTEMS = {
    "__MACOSX", "@eaDir", "@Recycle", "@Recently-Snapshot", "@tmp", "#recycle", "#snapshot",
    "$RECYCLE.BIN", "System Volume Information", "lost+found",
}  # fmt: skip
_SPLITS = {
    "train": "train", "training": "train",
    "test": "test", "testing": "test",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "eval": "validation", "evaluation": "validation",
}  # fmt: skip
SPLITS = ("train", "test", "validation")


class Split(NamedTuple):
    """The split that a name stands for, one of SPLITS, and the rest of the name."""

    kind: str
    rest: str


def split_of(name: str) -> Split | None:
    """The split in 'train', 'Testing', 'seg_train' or 'trees-valid-00000'; None if there is none.

    A split's name is bounded by the ends of the name, digits, spaces, '-', '.' or '_'.
    """
    words = re.split(r"[-._\s\d]+", name.lower())
    for index, word in enumerate(words):
        if word in _SPLITS:
            rest = [other for other in words[:index] + words[index + 1 :] if other]
            return Split(_SPLITS[word], "-".join(rest))
    return None


def sub_folders(folder: Path) -> list[Path]:
    """The folders in a folder, linked ones included, sorted by name."""
    return sorted(p for p in folder.iterdir() if not is_hidden(p.name) and p.is_dir())


def files_below(folder: Path, wanted: Callable[[str], bool]) -> list[Path]:
    """The files in and below a folder, sorted by path, whose names ``wanted`` accepts.

    Links are followed, but no folder is entered twice. Broken links are listed, pipes and
    devices are not.

    Raises:
        OSError: a folder that can't be read.
    """

    def fail(error: OSError) -> NoReturn:
        raise error

    found, seen = [], {os.path.realpath(folder)}
    for parent, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        names = (name for name in files if not is_hidden(name) and wanted(name))
        found += [path for name in names if _is_file(path := Path(parent, name))]
        kept = []
        for name in sorted(folders):
            real = os.path.realpath(Path(parent, name))
            if not is_hidden(name) and real not in seen:
                seen.add(real)
                kept.append(name)
        folders[:] = kept
    return sorted(found)


def readable(name: str) -> str:
    """A file's name as printable text, with composed characters.

    A name that isn't UTF-8, as in old archives, is read as Latin-1.
    """
    if any("\udc80" <= character <= "\udcff" for character in name):
        name = name.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return printable(unicodedata.normalize("NFC", name))


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is one that systems make for themselves."""
    return name.startswith(".") or name in _OF_SYSTEMS


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:  # a broken link, or one that may not be followed
        return True
