"""Reading and writing files so that a crash, a full disk or a wrong file loses nothing."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import stat
import struct
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from pad_core.errors import PadError

HEADER_KEY = "pad"
_MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors format


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
    """Write a safetensors file whose metadata holds ``header`` as JSON, atomically."""
    metadata = {HEADER_KEY: json.dumps(header, ensure_ascii=False, allow_nan=False)}
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, save(contiguous, metadata))


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header alone, without reading a tensor.

    Raises:
        PadError: the file is missing, truncated, a pickle, or of another format.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
            brace = file.read(1)  # what a safetensors header begins with
            if brace != b"{" and (start[:4] == b"PK\x03\x04" or start[:1] == b"\x80"):
                raise PadError(
                    f"{path} is a PyTorch pickle, which is not opened because a pickle can run "
                    f"code; convert a checkpoint of the published PAD code with "
                    f"'python -m pad_core import {path}'."
                )
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= _MAX_HEADER_BYTES:
                raise PadError(f"{path} is not a PAD checkpoint: no safetensors file at all.")
            raw = brace + file.read(length - 1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
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
    try:
        header = json.loads(metadata[HEADER_KEY])
        if not isinstance(header, dict):
            raise TypeError
    except (KeyError, TypeError, ValueError, RecursionError):
        raise PadError(
            f"{path} is a safetensors file of another program: it has no PAD header."
        ) from None
    return header


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """All tensors, on the CPU, and the header; errors as in ``read_header``."""
    header = read_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, header  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise PadError(f"{path} is damaged ({error}); fetch or export it again.") from None


def file_sha256(path: Path) -> str:
    """SHA-256 of the file as it lies there, in hexadecimal."""
    with path.open("rb") as file:
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
