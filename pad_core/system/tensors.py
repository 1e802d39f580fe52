"""Files of tensors with a JSON header: safetensors, checked before anything is made of them.

Any such file may come from anywhere: what is missing, cut off, changed or of another program is
told apart, and a pickle is never opened.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shlex
import struct
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from pad_core.errors import PadError
from pad_core.system.files import open_file, read_bytes, write_atomically

HEADER_KEY, HASH_KEY = "pad", "pad_sha256"
MAX_HEADER_BYTES = 4_000_000  # real headers have 10 kB, and 200 bytes more for each epoch
MAX_TENSORS_BYTES = 2_000_000_000  # a run's state has 20 MB


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
            f"convert a checkpoint of the published PAD code: "
            f"python -m pad_core import {shlex.quote(str(path))}"
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
