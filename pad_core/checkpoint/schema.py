"""The schema of a checkpoint's header, and its checks.

A header may come from anywhere. After ``Header.from_dict`` all fields named here have their
types, numbers are finite, and texts hold no control characters.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NotRequired, Required, TypedDict, get_type_hints

import msgspec
import torch
from msgspec import Meta

from pad_core.checkpoint.evaluation_record import Evaluation
from pad_core.data.identity import Data
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.model.condition import Condition
from pad_core.system.declared import Count, Name, Number, Seed, check
from pad_core.system.files import plain as plain

FORMAT_VERSION = 1
_N_HASHED = 64  # images of each split


class DataSetRecord(TypedDict):
    """A data set; sha256: its ``fingerprint``."""

    name: Name
    n_train: Count
    n_test: Count
    spec: NotRequired[str]
    note: NotRequired[str]
    sha256: NotRequired[str]


class Trained(TypedDict):
    """How a run of this program trained: those fields of its recipe that are shown."""

    dataset: str
    epochs: Count
    batch_size: Count
    precision: str
    device: str
    torch: str


class Epoch(TypedDict, total=False):
    """An entry of a history: losses by name, means over the epoch, and other measurements."""

    epoch: Required[Count]
    losses: Required[dict[str, Number]]
    seconds: Number
    images_per_s: Number
    linear_separability: Number
    converged_separability: Number


class Export(TypedDict, total=False):
    """Bits a weight, and what rounding to them cost, in percent and points."""

    bits: Count
    converged_separability: Number
    converged_separability_full_precision: Number
    rounding_cost_points: Number


@dataclass(frozen=True)
class Header:
    """A checkpoint's header; objects in it may have more fields than are declared.

    recipe: how it was trained: a ``Trained`` if this program trained it, else whatever is known.
    history: an ``Epoch`` for each epoch. metrics: the record of its evaluation.
    """

    condition: Condition
    dataset: DataSetRecord
    class_names: Annotated[tuple[Name, ...], Meta(min_length=1)]
    seed: Seed
    epoch: Count
    recipe: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    metrics: Evaluation = field(default_factory=lambda: Evaluation())
    export: Export = field(default_factory=lambda: Export())
    weights_sha256: str = ""

    @property
    def dataset_name(self) -> str:
        """Name of the data set that the network was trained on."""
        return str(self.dataset.get("name", "?"))

    @property
    def data(self) -> Data:
        """What distinguishes its data set from others."""
        n_train, n_test = self.dataset.get("n_train", 0), self.dataset.get("n_test", 0)
        return Data(self.dataset_name, n_train, n_test, self.dataset.get("sha256"))

    @property
    def group(self) -> str:
        """The condition's name, and whether Adam coasted: networks of one group are averaged."""
        coasted = self.recipe.get("adam_coasts") is True
        return self.condition.name + ("+adam_coasts=True" if coasted else "")

    @property
    def name(self) -> str:
        """A short name for people: 'cifar10 · pad · seed 0 · epoch 20'."""
        where = f"{self.dataset_name} · {self.condition.name}"
        return f"{where} · seed {self.seed} · epoch {self.epoch}"

    def to_dict(self) -> dict[str, Any]:
        """The header as it stands in the file."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return (
            {"format": "pad", "format_version": FORMAT_VERSION}
            | fields
            | {
                "condition": self.condition.to_dict(),
                "class_names": list(self.class_names),
            }
        )

    @classmethod
    def from_dict(cls, header: dict[str, Any], path: Path) -> Header:
        """Check the header of ``path`` and read it; PadError says what is wrong."""
        version = header.get("format_version")
        if header.get("format") != "pad" or type(version) is not int:
            raise PadError(
                f"{path} is not an exported PAD checkpoint; make one with "
                f"'python -m pad_core export RUN-FOLDER --out FILE.safetensors'."
            )
        if version > FORMAT_VERSION:
            raise PadError(
                f"{path} has format version {version}, but this program reads versions up to "
                f"{FORMAT_VERSION}; update it."
            )
        try:
            header = plain(header)
            check("", header, _IN_FILE)
            if header["recipe"].keys() & {"epochs", "device"}:
                check("recipe", header["recipe"], Trained)
            condition = Condition.from_dict(header.get("condition", {}))
        except PadError as error:
            raise PadError(f"{path} has a damaged header: {error}") from None
        given = {name: header[name] for name in _IN_FILE.__struct_fields__}
        return cls(condition, **(given | {"class_names": tuple(given["class_names"])}))


# The whole header as it stands in a file; a condition checks itself.
_IN_FILE = msgspec.defstruct(
    "Header",
    [
        (name, list[Epoch] if name == "history" else declared)
        for name, declared in get_type_hints(Header, include_extras=True).items()
        if name != "condition"
    ],
)


def dataset_record(dataset: DataSet) -> DataSetRecord:
    """What a header records of a data set."""
    return {
        "name": dataset.name,
        "spec": dataset.spec,
        "note": dataset.note,
        "n_train": len(dataset.train),
        "n_test": len(dataset.test),
        "sha256": fingerprint(dataset),
    }


def fingerprint(dataset: DataSet) -> str:
    """SHA-256 over all labels and some images; other data or another order give another hash."""
    digest = hashlib.sha256()
    for split in (dataset.train, dataset.test):
        digest.update(split.labels.cpu().to(torch.int64).numpy().tobytes())
        stride = max(1, len(split) // _N_HASHED)
        digest.update(split.images[::stride].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
