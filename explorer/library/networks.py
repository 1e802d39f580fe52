"""Finding and loading checkpoints.

All viewers share loaded networks, which never change. A checkpoint's key, also in the address, is
its path (relative to the repository if it lies in it), or ``upload:NAME`` for a file that was
dropped onto the page.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

import streamlit as st

from explorer import home
from explorer.dreaming.dreams import Adversarial
from explorer.library.labels import in_epochs
from explorer.session.reach import check_folder
from explorer.session.upload import Upload
from pad_core.checkpoint import file as checkpoint
from pad_core.checkpoint.file import Header, PadNetwork
from pad_core.data.identity import labels
from pad_core.dreaming.reader import Reader, Readings
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, Condition
from pad_core.report.palette import style
from pad_core.system.files import can_be_shown

ROOT = home()
_NOT_EXPORTED = "state.safetensors"  # a run's state is no checkpoint
_MOST_HEADERS = 2048  # cached, of 40 kB each, so that pages need not read them again
_AT_FIRST = 5  # networks compared by default: each takes memory, time and width on the page

Stamp = tuple[int, int, int]
T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """Checkpoints at hand.

    headers: by key, in the order in which they are offered; problems: a sentence for each
    unusable file.
    """

    headers: dict[str, Header]
    problems: tuple[str, ...]

    def label(self, key: str) -> str:
        """A short name for people, distinct from those of the other checkpoints."""
        if key not in self.headers:
            return f"{key} (not here)"
        return self._labels[key]

    @cached_property
    def data_names(self) -> dict[str, str]:
        """The data set of each network, in a name that tells it from the others."""
        return dict(zip(self.headers, labels([h.data for h in self.headers.values()]), strict=True))

    @cached_property
    def condition_names(self) -> dict[str, str]:
        """The condition of each network; where two go by one name, its folder tells them apart."""
        first: dict[tuple[str, str], Condition] = {}
        names = {}
        for key, header in self.headers.items():
            label = style(header.condition.name).label
            known = first.setdefault((self.data_names[key], label), header.condition)
            names[key] = label if known == header.condition else f"{label} ({Path(key).parent})"
        return names

    def beside(self, key: str) -> dict[str, str]:
        """What can be compared with a network: those of its data set first, in short names.

        The first of each condition goes by the condition alone; others add what differs.
        """
        mine = self.data_names.get(key)
        ordered = sorted(self.headers, key=lambda other: self.data_names[other] != mine)
        first: dict[tuple[str, str], Header] = {}
        names: dict[str, str] = {}
        for other in ordered:
            data, condition = self.data_names[other], self.condition_names[other]
            header = self.headers[other]
            usual = first.setdefault((data, condition), header)
            parts = [
                condition,
                *([f"seed {header.seed}"] if header.seed != usual.seed else []),
                *([f"epoch {header.epoch}"] if header.epoch != usual.epoch else []),
                *([data] if data != mine else []),
            ]
            name = ", ".join(parts)
            names[other] = name if name not in names.values() else f"{name} ({other})"
        return names

    def conditions_beside(self, key: str) -> tuple[str, ...]:
        """The networks compared by default: those of this network's data set.

        They are the first listed one of each condition, of at most five conditions, beginning with
        the paper's Table 1, and of this network's own condition.
        """
        if key not in self.headers:
            return ()
        of = self.headers[key]
        first: dict[str, str] = {}
        for other, header in self.headers.items():
            if header.data.is_same(of.data):
                first.setdefault(header.condition.name, other)
        beside = sorted(first.values(), key=lambda key: _rank(self.headers[key]))[:_AT_FIRST]
        return tuple(dict.fromkeys([*beside, first[of.condition.name]]))

    @cached_property
    def _labels(self) -> dict[str, str]:
        names = {}
        told = [*self.data_names.values()]
        seeds = {(data, h.seed) for data, h in zip(told, self.headers.values(), strict=True)}
        several = {name for name, count in Counter(name for name, _ in seeds).items() if count > 1}
        for data, (key, header) in zip(told, self.headers.items(), strict=True):
            seed = f" · seed {header.seed}" if data in several else ""
            epochs = in_epochs(header.epoch)
            label = style(header.condition.name).label
            names[key] = f"{label} · {data} · {epochs}{seed}"
        first = {name: key for key, name in reversed(names.items())}  # the others say where
        return {k: name if first[name] == k else f"{name} ({k})" for k, name in names.items()}


def list_checkpoints(folder: str, upload: Upload | None) -> Listing:
    """List ``checkpoints/``, ``runs/``, the folder and the upload; reads headers only."""
    headers: dict[str, Header] = {}
    problems = []
    if upload is not None:
        try:
            headers[upload.key] = load(upload.key, upload).header
        except PadError as error:
            problems.append(str(error))
    places = [ROOT / "checkpoints", ROOT / "runs"]
    if folder:
        try:
            places.append(_further(folder))
        except PadError as error:
            problems.append(str(error))
    for place in places:
        here: dict[str, Header] = {}
        for path in _files(place):
            try:
                if not can_be_shown(path):  # an address could not name it either
                    raise PadError(f"{path} has a name that can't be shown; rename it.")
                here[key_of(path)] = _known(_load_header(path, _stamp(path)))
            except PadError as error:
                problems.append(str(error))
        headers |= dict(sorted(here.items(), key=lambda item: _rank(item[1])))
    return Listing(headers, tuple(problems))


def _rank(header: Header) -> tuple[str, int, str, int, int]:
    """The sort key: conditions in the paper's order, most trained networks first."""
    name = header.condition.name
    place = list(CONDITIONS).index(name) if name in CONDITIONS else len(CONDITIONS)
    return header.dataset_name, place, name, -header.epoch, header.seed


def load(key: str, upload: Upload | None) -> PadNetwork:
    """The network of a key from ``list_checkpoints``; PadError if it can't be loaded."""
    if upload is not None and key == upload.key:
        return _known(_load_upload(_sha256(upload.content), upload))
    path = ROOT / key
    return _known(_load(path, _stamp(path)))


def key_of(path: Path) -> str:
    """The key of a checkpoint's file."""
    path = path.resolve()
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def reader(network: PadNetwork) -> Reader:
    """What reads the network's latents, fitted to its memories; PadError where it has too few."""
    return _reader(network.sha256, network)


def read(network: PadNetwork, dreams: Adversarial) -> Readings | None:
    """Class scores and distances of dreams; none where the checkpoint remembers too little."""
    try:
        return reader(network).interpret(dreams.encoded, dreams.realness)
    except PadError:
        return None


@st.cache_resource(max_entries=16, show_spinner=False)
def _reader(sha256: str, _network: PadNetwork) -> Reader:
    return Reader.fit(_network)


@st.cache_resource(max_entries=16, show_spinner=False)
def _load(path: Path, stamp: Stamp) -> PadNetwork | PadError:
    return _read(checkpoint.load, path)


@lru_cache(_MOST_HEADERS)  # Streamlit's caches copy each for each page
def _load_header(path: Path, stamp: Stamp) -> Header | PadError:
    return _read(checkpoint.load_header, path)


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_upload(sha256: str, _upload: Upload) -> PadNetwork | PadError:
    """Load dropped bytes by way of a scratch file, which error messages don't mention."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "upload.safetensors"
        path.write_bytes(_upload.content)
        found = _read(checkpoint.load, path)
    if isinstance(found, PadError):
        return PadError(str(found).replace(str(path), _upload.name))
    return found


def _read(read: Callable[[Path], T], path: Path) -> T | PadError:
    """Read an unknown file; any error becomes a PadError with one sentence.

    The PadError is returned, so that caches keep it and a slowly refused file is not read again
    for each page. An error of the system may pass, so it is raised.
    """
    try:
        return read(path)
    except PadError as error:
        if isinstance(error.__context__, OSError):
            raise
        return error
    except Exception as error:
        kind = type(error).__name__
        return PadError(f"{path} is damaged or no PAD checkpoint ({kind}: {error}).")


def _known(found: T | PadError) -> T:
    if isinstance(found, PadError):
        raise PadError(str(found))  # a copy: a raised error keeps its stack frames alive
    return found


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(path: Path) -> Stamp:
    """A stamp that changes with the file's content: exports replace a file by a new one."""
    try:
        facts = path.stat()
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _further(folder: str) -> Path:
    """The folder that a viewer typed; PadError where there is none, or nothing for them in it."""
    try:
        check_folder(folder)
        path = Path(folder).expanduser()
        here = path.is_dir()
    except (OSError, RuntimeError):  # too long a name; an unknown ~user
        here = False
    if not here:
        raise PadError(f"There is no folder {folder[:200]}.")
    if not _files(path):
        raise PadError(f"The folder {folder} holds no *.safetensors file.")
    return path


def _files(folder: Path) -> list[Path]:
    """Exported checkpoints in the folder and its sub-folders, by name."""
    found = [*folder.glob("*.safetensors"), *folder.glob("*/*.safetensors")]
    return sorted(path for path in found if path.name != _NOT_EXPORTED and path.name[0] != ".")
