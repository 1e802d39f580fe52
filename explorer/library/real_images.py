"""The images that a network was trained on, if they are on this machine or can be downloaded.

Without them, a checkpoint's stored memories take their place. Loading runs in the background for
all viewers; a page asks again until the images are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from explorer.library.background import Background
from explorer.library.networks import ROOT
from explorer.session.reach import is_named
from pad_core.checkpoint.file import SPLITS, PadNetwork
from pad_core.checkpoint.schema import fingerprint
from pad_core.data.load import BUILT_IN, DataSet, is_local, load_dataset

Status = Literal["absent", "loading", "ready", "failed"]
# What torchvision downloads and unpacks, roughly.
_BYTES = {"cifar10": 357e6, "svhn": 246e6, "mnist": 66e6, "fashion-mnist": 85e6}


@dataclass
class RealImages:
    """Images of a data set, or the progress of loading them.

    dataset: once ``status`` is 'ready'; message: the current step, or what went wrong;
    share: of the step that is done, 0 to 1.
    """

    status: Status
    dataset: DataSet | None = None
    message: str = ""
    share: float = 0.0


@dataclass
class _Download(RealImages):
    """A download. Its progress is the folder's growth: torchvision reports none.

    total, before: bytes of the download, and of the folder before it.
    """

    total: float = 0.0
    before: int = 0

    def look(self) -> None:
        """Look at the folder again."""
        self.share = min(0.99, (_size(_root()) - self.before) / self.total)


def find(network: PadNetwork) -> RealImages:
    """The data set of a network; the first call starts to load it from this machine.

    It is sought under its name in ``data/``, and in the folder that the checkpoint names, also
    relative to this project's folder. A checkpoint from elsewhere, or one that a viewer dropped,
    could name any folder of this computer: its data must lie in ``data/`` or in a folder of
    PAD_DATA. Images count as the network's own if its classes, and the labels of its stored
    memories, agree.
    """
    jobs, name = _jobs(), network.header.dataset_name
    spec = next((spec for spec in _specs(network) if is_local(spec, _root())), None)
    if spec is None:
        if name not in jobs:
            return RealImages("absent")
        spec = name  # on its way
    result = jobs.get(spec, partial(_load, spec))
    if result.error:
        return RealImages("failed", message=result.error)
    found = result.value or RealImages("loading", message=f"loading {spec}")
    if isinstance(found, _Download):
        found.look()
    if found.dataset is not None and not _same(found.dataset, network):
        return RealImages(
            "failed",
            message=f"The images found as {spec} are not in the order in which this network "
            "remembers them, or have other classes.",
        )
    return found


def place(network: PadNetwork) -> str:
    """The folder where ``find`` seeks data that can't be downloaded, relative to the project."""
    _, colon, folder = _spec(network).partition(":")
    named = Path(folder).name or network.header.dataset_name
    return folder if colon and _may_be_read(_spec(network), network) else f"data/{named}"


def can_fetch(network: PadNetwork) -> bool:
    """Whether ``fetch`` can download the network's images."""
    return network.header.dataset_name in _BYTES


def fetch(network: PadNetwork) -> None:
    """Start to download the network's data set into ``data/``; ``find`` tells the progress."""
    jobs, name = _jobs(), network.header.dataset_name
    if jobs.look(name).error:
        jobs.forget(name)
    jobs.get(name, partial(_load, name, download=True))


@st.cache_resource(show_spinner=False)
def _jobs() -> Background:
    """Data sets that are loaded or being loaded, by spec."""
    return Background(threads=2)


def _load(spec: str, download: bool = False) -> Iterator[RealImages]:
    """Load a data set in one step; the object yielded first tells the progress."""
    images = RealImages("loading", message=f"loading {spec}")
    if download:
        size = _size(_root())
        images = _Download("loading", None, f"downloading {spec}", 0.0, _BYTES[spec], size)
    yield images

    def progress(what: str, share: float) -> None:
        if not download:
            images.message, images.share = what, share

    yield RealImages("ready", load_dataset(spec, _root(), progress))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _root() -> Path:
    return ROOT / "data"


def _spec(network: PadNetwork) -> str:
    return str(network.header.dataset.get("spec", ""))


def _specs(network: PadNetwork) -> list[str]:
    spec = _spec(network)
    kind, colon, folder = spec.partition(":")
    beside = (ROOT / folder, _root() / Path(folder).name)
    named = [*(f"{kind}:{place}" for place in beside), spec] if colon else [spec]
    name = network.header.dataset_name
    return [
        *(spec for spec in named if _may_be_read(spec, network)),
        *([name] if name in BUILT_IN and name != spec else []),
    ]


def _may_be_read(spec: str, network: PadNetwork) -> bool:
    _, colon, folder = spec.partition(":")
    if not colon or network.path.resolve().is_relative_to(ROOT.resolve()):
        return True
    return is_named(folder, _root())


def _same(dataset: DataSet, network: PadNetwork) -> bool:
    header = network.header
    sizes = (len(dataset.train), len(dataset.test))
    if dataset.class_names != network.class_names or sizes != header.data[1:3]:
        return False
    # Without classes, labels tell nothing.
    if not dataset.has_classes and header.data.sha256 not in (None, fingerprint(dataset)):
        return False
    for split in SPLITS:
        memories, labels = network.memories[split], getattr(dataset, split).labels
        indices = memories.indices
        if len(memories) and not 0 <= int(indices.min()) <= int(indices.max()) < len(labels):
            return False
        if not bool((labels[memories.indices] == memories.labels).all()):
            return False
    return True
