"""Images that a viewer drops onto the page, as data sets in folders of their own.

They lie in ``data/dropped/NAME-HASH``; the hash is that of the zip, so that the same zip is the
same folder.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from pad_core.data.load import contents, is_data, kind_of
from pad_core.data.zipped import unpack
from pad_core.errors import PadError, printable
from pad_core.system.files import can_be_shown

FOLDER = Path("data", "dropped")
_DIGITS = 12  # of the hash
_LONGEST = 40  # characters of a name, which a run's name has in it


def take(name: str, content: bytes, home: Path) -> str:
    """Unpack a zip into the project's folder ``home``, once; returns the spec of its data.

    name: of the file, from which the folder's is made.

    Raises:
        PadError: a zip that can't be unpacked, or that holds no data set; nothing is left of it.
    """
    digest = sha256(content).hexdigest()[:_DIGITS]
    place = home / FOLDER
    folder = next(place.glob(f"[!.]*-{digest}"), place / f"{_called(name)}-{digest}")
    if not folder.exists():
        try:
            place.mkdir(parents=True, exist_ok=True)
            _unpack(content, folder)
        except OSError as error:
            raise PadError(f"Cannot write into {place}: {error.strerror}.") from None
    return _spec(folder, home)


def _unpack(content: bytes, folder: Path) -> None:
    """Unpack beside the folder, and move there once it is known to be data."""
    scratch = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        unpack(content, scratch, is_data)
        contents(f"{kind_of(scratch)}:{scratch}")
        scratch.chmod(0o755)
        scratch.rename(folder)
    except PadError as error:
        told = re.sub(rf"^\w+:{re.escape(str(scratch))}: ", "", str(error))
        told = told.replace(f"{scratch}/", "").replace(str(scratch), "the zip")
        raise PadError(told[:1].upper() + told[1:]) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def specs(home: Path) -> list[str]:
    """All that was dropped, by name."""
    folders = sorted((home / FOLDER).glob("[!.]*"))
    return [_spec(folder, home) for folder in folders if folder.is_dir() and can_be_shown(folder)]


@cache
def _spec(folder: Path, home: Path) -> str:
    return f"{kind_of(folder)}:{folder.relative_to(home).as_posix()}"


def _called(name: str) -> str:
    """A folder's name, of letters, digits, '_' and '-'."""
    stem = printable(name).rpartition(".")[0] or name
    return re.sub(r"[^\w-]+", "-", stem)[:_LONGEST].strip("-") or "images"
