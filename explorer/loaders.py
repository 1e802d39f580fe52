"""Finding and loading checkpoints: the only caches of the explorer.

What is loaded is shared by all viewers and never changed. A checkpoint goes by a key that
also stands in the address: its path (relative to the repository where it lies in it), or
``upload:NAME`` for a file that was dropped onto the page.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
import torch

from pad_core import checkpoint
from pad_core.checkpoint import Header, PadNetwork
from pad_core.errors import PadError

ROOT = Path(__file__).resolve().parents[1]
UPLOAD = "upload:"
_NOT_EXPORTED = "state.safetensors"  # what training resumes from

# Eight dreams take one core a few milliseconds; more threads would make viewers wait
# for one another.
torch.set_num_threads(1)

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Upload:
    """A file that a viewer dropped onto the page."""

    name: str
    content: bytes

    @property
    def key(self) -> str:
        """What it goes by among the checkpoints."""
        return UPLOAD + self.name


@dataclass(frozen=True)
class Listing:
    """Checkpoints by key, as they present themselves, and a sentence for each unusable file."""

    labels: dict[str, str]
    problems: tuple[str, ...]


def list_checkpoints(folder: str, upload: Upload | None) -> Listing:
    """Look in ``checkpoints/``, ``runs/``, the folder and the upload; reads headers only."""
    headers: dict[str, Header] = {}
    problems = []
    places = [ROOT / "checkpoints", ROOT / "runs"]
    if folder:
        found = _existing(folder)
        if found is None:
            problems.append(f"There is no folder {folder[:200]}.")
        elif _files(found):
            places.append(found)
        else:
            problems.append(f"The folder {folder} holds no *.safetensors file.")
    if upload is not None:
        try:
            headers[upload.key] = _load_upload(_sha256(upload.content), upload).header
        except PadError as error:
            problems.append(str(error))
    for path in (path for place in places for path in _files(place)):
        try:
            headers[_key(path)] = _load_header(path, _stamp(path))
        except PadError as error:
            problems.append(str(error))
    return Listing(_labels(headers), tuple(problems))


def load(key: str, upload: Upload | None) -> PadNetwork:
    """The network of a key out of ``list_checkpoints``; PadError says why it can't be had."""
    if upload is not None and key == upload.key:
        return _load_upload(_sha256(upload.content), upload)
    path = ROOT / key
    return _load(path, _stamp(path))


@st.cache_resource(max_entries=8, show_spinner=False)
def _load(path: Path, stamp: Stamp) -> PadNetwork:
    return checkpoint.load(path)


@st.cache_data(max_entries=1000, show_spinner=False)
def _load_header(path: Path, stamp: Stamp) -> Header:
    return checkpoint.load_header(path)


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_upload(sha256: str, _upload: Upload) -> PadNetwork:
    """Load dropped bytes by way of a scratch file, which their errors don't mention."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "upload.safetensors"
        path.write_bytes(_upload.content)
        try:
            return checkpoint.load(path)
        except PadError as error:
            raise PadError(str(error).replace(str(path), _upload.name)) from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(path: Path) -> Stamp:
    """Changes whenever the file's content does: exports replace a file by a new one."""
    try:
        facts = path.stat()
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _existing(folder: str) -> Path | None:
    """The folder that a viewer typed, if there is one."""
    try:
        path = Path(folder).expanduser()
        return path if path.is_dir() else None
    except (OSError, RuntimeError):  # too long a name; a home of nobody
        return None


def _files(folder: Path) -> list[Path]:
    """Exported checkpoints in the folder and its sub-folders, newest epoch first."""
    found = [*folder.glob("*.safetensors"), *folder.glob("*/*.safetensors")]
    found = [path for path in found if path.name != _NOT_EXPORTED and path.name[0] != "."]
    by_name = sorted(found, key=lambda path: path.name, reverse=True)  # latest, epoch-0002, …
    return sorted(by_name, key=lambda path: path.parent)


def _key(path: Path) -> str:
    path = path.resolve()
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _labels(headers: dict[str, Header]) -> dict[str, str]:
    """A name for each key; where two would be the same, the file's name tells them apart."""
    names = {key: header.name for key, header in headers.items()}
    often = {name for name, count in Counter(names.values()).items() if count > 1}
    return {key: f"{name} ({key})" if name in often else name for key, name in names.items()}
