"""Reading and writing files so that a crash, a full disk or a wrong file loses nothing.

Any file may come from anywhere: only regular ones are opened (a pipe or a device would never
end), sizes are checked before anything is read, and what JSON holds can be shown.
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
MAX_HEADER_BYTES = 4_000_000  # real ones have some 10 kB, and 200 bytes more for each epoch
MAX_TENSORS_BYTES = 2_000_000_000  # a run's state has some 20 MB
MAX_JSON_BYTES = 1_000_000
_MAX_DEPTH = 10
_KINDS = (
    (stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"),
    (stat.S_ISBLK, "device"), (stat.S_ISCHR, "device"),
)  # fmt: skip


def open_file(path: Path) -> io.BufferedReader:
    """Open a regular file for reading; PadError for what is missing or of another kind."""
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            named = next((name for is_it, name in _KINDS if is_it(kind)), "special file")
            raise PadError(f"Cannot read {path}: it is a {named}; give a file.")
        # Where another file has taken its place since, this doesn't wait for a writer either.
        return open(path, "rb", opener=_without_waiting)
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    except ValueError:  # a null character
        raise PadError(f"Cannot read {path}: no file can have this name.") from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bytes(path: Path, most: int) -> bytes:
    """All of a regular file; PadError where it can't be read or has more bytes than ``most``."""
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
    """JSON from outside, as ``plain`` makes it; PadError says in half a sentence what is wrong."""
    try:
        return plain(json.loads(content), finite)
    except (ValueError, RecursionError):  # also bytes that are not UTF-8
        raise PadError("it is not JSON.") from None


def plain(value: Any, finite: bool = True, depth: int = 0) -> Any:
    """A JSON value whose texts are printable; PadError for what can't be shown.

    That is a number that is not finite or beyond float64, or something nested deeply.
    """
    kind = type(value)  # JSON has no others; faster to compare than isinstance, of 400 a header
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
    """Whether a path can stand on a page; names that are not UTF-8 can't."""
    return printable(str(path)) == str(path)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at once: a reader or a crash sees the old content or the new.

    A link stays one: what it leads to is replaced. A file keeps who may read and write it.
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
    """Whether a process that left something half-written may still go on with it."""
    if os.name != "posix" or not pid.isdecimal():  # elsewhere, signal 0 is no mere question
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

    Beside it stands a hash of header and tensors: a bit that flips later is noticed.
    """
    text = json.dumps(header, ensure_ascii=False, allow_nan=False)
    metadata = {HEADER_KEY: text, HASH_KEY: _sha256_of_all(text, tensors)}
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(contiguous, metadata))


def read_header(path: Path, most: int = MAX_HEADER_BYTES) -> dict[str, Any]:
    """The JSON header alone, without reading a tensor.

    Args:
        most: bytes that it may have.

    Raises:
        PadError: the file is missing, truncated, a pickle, of another format or no file at all,
            or its header is larger than any real one.
    """
    try:
        with open_file(path) as file:
            return _header(_metadata(file, os.fstat(file.fileno()).st_size, path, most), path)
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None


def read_tensors(
    path: Path, most: int = MAX_HEADER_BYTES
) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """All tensors, on the CPU, and the header.

    Raises:
        PadError: as ``read_header``; or they are not those that were written.
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
    """The texts that a safetensors file holds beside its tensors, of which it has all."""
    start = file.read(8)
    brace = file.read(1)  # what a safetensors header begins with
    if brace != b"{" and (start[:4] == b"PK\x03\x04" or start[:1] == b"\x80"):
        raise PadError(
            f"{path} is a PyTorch pickle, which is not opened because a pickle can run "
            f"code; convert a checkpoint of the published PAD code with "
            f"'python -m pad_core import {path}'."
        )
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if length < 2 or brace != b"{":
        raise PadError(f"{path} is not a PAD checkpoint: no safetensors file at all.")
    if length > most:
        raise PadError(
            f"{path} is not a PAD checkpoint: its header has {length / 1e6:,.0f} MB, of "
            f"which {most / 1e6:.0f} are the most."
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
        raise PadError(f"{path} is not a PAD checkpoint: no safetensors file at all.") from None
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
    """SHA-256 of the file as it lies there, in hexadecimal."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tensors_sha256(tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 over names, types, shapes and values: the same whatever the header says."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _truncated(path: Path) -> str:
    return f"{path} is truncated: the end is missing; copy, fetch or export it again."
