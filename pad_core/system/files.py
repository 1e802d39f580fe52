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
import struct
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from pad_core.errors import PadError, printable

HEADER_KEY, HASH_KEY = "pad", "pad_sha256"
MAX_HEADER_BYTES = 4_000_000  # real headers have 10 kB, and 200 bytes more for each epoch
MAX_TENSORS_BYTES = 2_000_000_000  # a run's state has 20 MB
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


def parse_json(content: bytes | str, finite: bool = True) -> Any:
    """Parse JSON from outside and check it as ``plain`` does; PadError says what is wrong."""
    try:
        return plain(json.loads(content), finite)
    except (ValueError, RecursionError):  # also bytes that are not UTF-8
        raise PadError("it is not JSON.") from None


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


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], header: dict[str, Any]) -> None:
    """Write a safetensors file whose metadata holds ``header`` as JSON, atomically.

    A hash of header and tensors stands beside it, so that a flipped bit is noticed.
    """
    text = json.dumps(header, ensure_ascii=False, allow_nan=False)
    metadata = {HEADER_KEY: text, HASH_KEY: _sha256_of_all(text, tensors)}
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(contiguous, metadata))


def read_header(path: Path, most: int = MAX_HEADER_BYTES) -> dict[str, Any]:
    """Read the JSON header alone, without any tensor.

    Args:
        most: bytes that the header may have.

    Raises:
        PadError: the file is missing, truncated, a pickle or of another format, or its header
            has more than ``most`` bytes.
    """
    try:
        with open_file(path) as file:
            return _header(_metadata(file, os.fstat(file.fileno()).st_size, path, most), path)
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None


def read_tensors(
    path: Path, most: int = MAX_HEADER_BYTES
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read all tensors, to the CPU, and the header.

    Raises:
        PadError: as ``read_header``; or the file has changed since it was written.
    """
    content = read_bytes(path, MAX_TENSORS_BYTES)
    metadata = _metadata(io.BytesIO(content), len(content), path, most)
    header = _header(metadata, path)
    try:
        tensors = load(content)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise PadError(f"{path} is damaged ({error}); fetch or export it again.") from None
    written = metadata.get(HASH_KEY)  # earlier versions wrote none
    if written is not None and written != _sha256_of_all(metadata[HEADER_KEY], tensors):
        raise PadError(
            f"{path} is damaged: it has changed since it was written; fetch or export it again."
        )
    return tensors, header


def _sha256_of_all(header: str, tensors: dict[str, torch.Tensor]) -> str:
    return hashlib.sha256(
        f"{tensors_sha256(tensors)} {header}".encode("utf-8", "replace")
    ).hexdigest()


def _metadata(file: io.BufferedIOBase, size: int, path: Path, most: int) -> dict[str, Any]:
    """The metadata texts of a safetensors file; PadError unless the file is whole."""
    start = file.read(8)
    brace = file.read(1)  # a safetensors header begins with '{'
    if brace != b"{" and (start[:4] == b"PK\x03\x04" or start[:1] == b"\x80"):
        raise PadError(
            f"{path} is a PyTorch pickle, which could run code and is not opened; "
            f"convert a checkpoint of the published PAD code with "
            f"'python -m pad_core import {path}'."
        )
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if length < 2 or brace != b"{":
        raise PadError(f"{path} is not a PAD checkpoint: it is not a safetensors file.")
    if length > most:
        raise PadError(
            f"{path} is not a PAD checkpoint: its header has {length / 1e6:,.0f} MB; "
            f"{most / 1e6:.0f} MB are the most."
        )
    raw = brace + file.read(length - 1)
    try:
        layout = json.loads(raw)
        metadata = layout.pop("__metadata__", {})
        end = max((int(entry["data_offsets"][1]) for entry in layout.values()), default=0)
    except (ValueError, AttributeError, KeyError, TypeError, IndexError, OverflowError,
            RecursionError):  # fmt: skip
        if len(raw) < length:
            raise PadError(_truncated(path)) from None
        raise PadError(f"{path} is not a PAD checkpoint: it is not a safetensors file.") from None
    if size < 8 + length + end:
        raise PadError(_truncated(path))
    return metadata if isinstance(metadata, dict) else {}


def _header(metadata: dict[str, Any], path: Path) -> dict[str, Any]:
    try:
        header = json.loads(metadata[HEADER_KEY])
        if not isinstance(header, dict):
            raise TypeError
    except (KeyError, TypeError, ValueError, RecursionError):
        raise PadError(
            f"{path} is a safetensors file of another program: it has no PAD header."
        ) from None
    return header


def file_sha256(path: Path) -> str:
    """SHA-256 of a whole file, in hexadecimal."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tensors_sha256(tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 over the tensors' names, types, shapes and values; the header plays no part."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _truncated(path: Path) -> str:
    return f"{path} is truncated: its end is missing; copy, fetch or export it again."
