"""Unpack a zip from anywhere: only files that data consist of, and nothing outside its folder.

Everything is checked, names, kinds, sizes and number, before anything is written.
"""

from __future__ import annotations

import io
import lzma
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from pad_core.data.tree import is_hidden
from pad_core.errors import PadError, printable

MOST_FILES = 100_000  # entries of a zip, folders among them
MOST_BYTES = 2_000_000_000  # of what is unpacked
_DEEPEST = 20  # folders above a file
_ENTRY = b"PK\x01\x02"  # what each entry of the list at a zip's end begins with
_ENCRYPTED, _UTF8 = 0x1, 0x800
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # in names on Windows
_DAMAGED = "The zip is damaged or cut off; fetch or make it again."


def unpack(content: bytes, folder: Path, wanted: Callable[[str], bool]) -> None:
    """Write those of a zip's files whose names ``wanted`` accepts into a folder that exists.

    Folders are made even where nothing in them is wanted: an empty class can then be told. What
    systems hide, such as ``__MACOSX`` and ``.DS_Store``, is left out.

    Raises:
        PadError: no zip, a damaged or encrypted one; a file that would lie outside the folder, a
            link; too many files or bytes; nothing that is wanted; a full disk.
    """
    if content.count(_ENTRY) > MOST_FILES:
        raise PadError(f"The zip holds more than {MOST_FILES:,} files; leave some out.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [(_parts(info), info) for info in archive.infolist()]
            shown = [(parts, info) for parts, info in entries if not any(map(is_hidden, parts))]
            files = _files(shown, wanted, shutil.disk_usage(folder).free)
            for parts, info in shown:
                above = parts if info.is_dir() else parts[:-1]
                folder.joinpath(*above).mkdir(parents=True, exist_ok=True)
            for place, info in files.items():
                with archive.open(info) as packed, folder.joinpath(*place).open("xb") as file:
                    shutil.copyfileobj(packed, file)
    except NotImplementedError:
        raise PadError(
            "The zip is packed in an unusual way; make it anew as a plain zip."
        ) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError,
            RuntimeError, OverflowError):  # fmt: skip
        raise PadError(_DAMAGED) from None
    except OSError as error:
        if error.errno is None:  # bz2's way to say so
            raise PadError(_DAMAGED) from None
        raise PadError(f"Cannot unpack the zip: {error.strerror}.") from None


def _files(
    shown: Sequence[tuple[tuple[str, ...], zipfile.ZipInfo]],
    wanted: Callable[[str], bool],
    free: int,
) -> dict[tuple[str, ...], zipfile.ZipInfo]:
    """The wanted files by their places; PadError where they can't all be written."""
    all_files = [(parts, info) for parts, info in shown if parts and not info.is_dir()]
    files: dict[tuple[str, ...], zipfile.ZipInfo] = {}
    for parts, info in all_files:
        if not wanted(parts[-1]):
            continue
        if parts in files:
            raise PadError(f"The zip holds two files {'/'.join(parts)!r}; leave one out.")
        if info.flag_bits & _ENCRYPTED:
            raise PadError("The zip has a password; make it anew without one.")
        files[parts] = info
    if not files:
        kinds = Counter(Path(parts[-1]).suffix.lower() for parts, _ in all_files)
        others = ", ".join(f"{n} {kind or 'other'}" for kind, n in kinds.most_common(3))
        raise PadError(f"The zip holds no pictures{f', but {others} file(s)' * bool(others)}.")
    size = sum(info.file_size for info in files.values())
    if size > MOST_BYTES:
        raise PadError(
            f"Unpacked, the zip takes {size / 1e9:,.1f} GB; {MOST_BYTES / 1e9:g} GB are the most."
        )
    if size > free:
        raise PadError(
            f"Unpacked, the zip takes {size / 1e6:,.0f} MB, more than the disk has left."
        )
    return files


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """Where an entry lies: its folders and its name, as any system can write them.

    Raises:
        PadError: a place outside the zip's folder, or very deep in it; a link or a device.
    """
    name = _name(info)
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".")]
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise PadError(f"The zip holds a link or a device, {name[:200]!r}; make it without.")
    if ".." in parts or re.match(r"[/\\]|[A-Za-z]:", name):
        raise PadError(
            f"The zip's {name[:200]!r} would lie outside its folder; make it from one folder."
        )
    if len(parts) > _DEEPEST:
        raise PadError(f"The zip's {name[:200]!r} lies in more than {_DEEPEST} folders.")
    return tuple(_FORBIDDEN.sub("_", printable(part)).rstrip(" .") or "_" for part in parts)


def _name(info: zipfile.ZipInfo) -> str:
    """An entry's name; many programs write UTF-8 and don't say so."""
    if not info.flag_bits & _UTF8:
        try:
            return info.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return info.filename
