"""What a checkpoint says of itself, and what of that is checked.

A header may come from anywhere. After ``Header.from_dict`` whoever shows one can rely on the
types of all fields named here, on finite numbers, and on texts without control characters.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from pad_core.data.identity import Data
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.model.condition import Condition
from pad_core.system.files import plain as plain
from pad_core.system.randomness import check_seed

FORMAT_VERSION = 1
_LONGEST_NAME = 1000  # characters: folders have 255 at most, lists of synonyms some hundred
_N_HASHED = 64  # images of each split


@dataclass(frozen=True)
class Header:
    """What a checkpoint says of itself.

    dataset: 'name', 'spec', 'note', 'n_train', 'n_test', 'sha256'; recipe: how it was trained;
    history: one entry an epoch, with 'epoch', 'losses' and what else was measured;
    metrics: what evaluation recorded; export: 'bits' and what rounding cost.
    """

    condition: Condition
    dataset: dict[str, Any]
    class_names: tuple[str, ...]
    seed: int
    epoch: int
    recipe: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    export: dict[str, Any] = field(default_factory=dict)
    weights_sha256: str = ""

    @property
    def dataset_name(self) -> str:
        """Name of the data set that the network was trained on."""
        return str(self.dataset.get("name", "?"))

    @property
    def data(self) -> Data:
        """What tells its data set from others."""
        n_train, n_test = (self.dataset.get(name, 0) for name in ("n_train", "n_test"))
        return Data(self.dataset_name, n_train, n_test, self.dataset.get("sha256"))

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
                f"'python -m pad_core export RUN-FOLDER'."
            )
        if version > FORMAT_VERSION:
            raise PadError(
                f"{path} has format version {version}, this program reads up to "
                f"{FORMAT_VERSION}; update it."
            )
        try:
            header = plain(header)
            for name, check in _FIELDS.items():
                require(name, header.get(name), check)
            condition = Condition.from_dict(header.get("condition", {}))
            check_seed(header["seed"])
        except PadError as error:
            raise PadError(f"{path} has a damaged header: {error}") from None
        given = {name: header[name] for name in _FIELDS}
        return cls(condition, **(given | {"class_names": tuple(given["class_names"])}))


def describe(dataset: DataSet) -> dict[str, Any]:
    """What a header keeps of a data set."""
    return {
        "name": dataset.name,
        "spec": dataset.spec,
        "note": dataset.note,
        "n_train": len(dataset.train),
        "n_test": len(dataset.test),
        "sha256": fingerprint(dataset),
    }


def fingerprint(dataset: DataSet) -> str:
    """SHA-256 over all labels and some images: other data, or another order, give another one."""
    digest = hashlib.sha256()
    for split in (dataset.train, dataset.test):
        digest.update(split.labels.cpu().to(torch.int64).numpy().tobytes())
        stride = max(1, len(split) // _N_HASHED)
        digest.update(split.images[::stride].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


# --- Checks of what comes out of a file -----------------------------------------------------------


Check = Callable[[Any], bool]


def require(name: str, value: Any, check: Check) -> None:
    """PadError unless the field's value passes."""
    if not check(value):
        raise PadError(f"'{name}' is missing or malformed.")


def is_text(value: Any) -> bool:
    """A text."""
    return isinstance(value, str)


def is_name(value: Any) -> bool:
    """A text that isn't empty, and not too long to be shown."""
    return isinstance(value, str) and value.strip() != "" and len(value) <= _LONGEST_NAME


def is_number(value: Any) -> bool:
    """A finite number; JSON's true is none."""
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def is_count(value: Any) -> bool:
    """A whole number from 0 that a counter can have."""
    return type(value) is int and 0 <= value < 2**53


def _values(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _with(checks: Mapping[str, Check], *optional: str) -> Check:
    """An object whose fields pass; those that aren't optional are there."""
    return lambda value: (
        isinstance(value, dict)
        and all(
            check(value[name]) if name in value else name in optional
            for name, check in checks.items()
        )
    )


def _maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is_interval(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_number, value))


def is_history(value: Any) -> bool:
    """A list of entries with 'epoch', 'losses' by name, and other numbers."""
    return isinstance(value, list) and all(
        isinstance(entry, dict)
        and is_count(entry.get("epoch"))
        and _values(is_number)(entry.get("losses"))
        and all(is_number(part) for name, part in entry.items() if name != "losses")
        for entry in value
    )


def _is_recipe(value: Any) -> bool:
    """How a run trained, with all of ``_RECIPE``; or what is known of an imported network."""
    known = isinstance(value, dict) and ("epochs" in value or "device" in value)
    return _with(_RECIPE)(value) if known else isinstance(value, dict)


def _is_class_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(map(is_name, value))


def _are_numbers(value: Any) -> bool:
    """Numbers and nulls, in lists and objects of any shape; alone, too."""
    if isinstance(value, dict):
        return all(map(_are_numbers, value.values()))
    if isinstance(value, list):
        return all(map(_are_numbers, value))
    return value is None or is_number(value)


_DATASET = {
    "name": is_name, "spec": is_text, "note": is_text, "n_train": is_count, "n_test": is_count,
    "sha256": is_text,
}  # fmt: skip
_RECIPE: dict[str, Check] = {
    **dict.fromkeys(("dataset", "precision", "device", "torch"), is_text),
    **dict.fromkeys(("epochs", "batch_size"), is_count),
}
_NUMBERS = (
    "linear_separability_sd", "converged_separability", "intra_inter_ratio",
    "intra_inter_ratio_exact", "intra_inter_ratio_se", "clean_occluded_ratio",
    "clean_occluded_ratio_se", "realness_auc", "realness_auc_nrem",
    "clean_occluded_ratio_exact", "intra_inter_ratio_squared", "clean_occluded_ratio_squared",
    "majority_class", "effective_rank", "participation_ratio", "alignment", "class_alignment",
    "uniformity",
)  # fmt: skip
_COUNTS = (
    "seed", "epoch", "n_train", "n_test", "occlusion_n", "frechet_n",
    "knn_n", "trunk_n_train", "trunk_n_test", "dream_quality_n", "nearest_n", "robustness_n",
    "state_similarity_n",
)  # fmt: skip
_TREES = (
    "knn", "few_labels", "trunk", "confusion", "class_accuracies", "balanced_accuracy", "spectrum",
    "occlusion_se", "right_of", "dream_quality", "nearest", "robustness", "robustness_converged",
    "state_similarity", "fine_tuned",
)  # fmt: skip
_TEXTS = ("dataset", "trained_on", "condition", "on")
_METRICS: dict[str, Check] = {
    **dict.fromkeys(_NUMBERS, _maybe(is_number)),
    **dict.fromkeys(_COUNTS, is_count),
    **dict.fromkeys(_TREES, _are_numbers),
    "linear_separability": _maybe(is_number),
    **dict.fromkeys(_TEXTS, is_name),
    "dataset_sha256": _maybe(is_text),
    "linear_separability_by_seed": lambda v: isinstance(v, list) and all(map(is_number, v)),
    **dict.fromkeys(("occlusion", "occlusion_converged"), _values(is_number)),
    "frechet": _values(_maybe(is_number)),
    "occlusion_interval": _values(_is_interval),
    "baselines": _values(_values(_are_numbers)),
    "protocol": _values(is_number),
    **dict.fromkeys(("versions", "right"), _values(is_text)),
    "phases": lambda v: isinstance(v, list) and all(map(is_name, v)),
}
_EXPORT = {
    "bits": is_count, "converged_separability": is_number,
    "converged_separability_full_precision": is_number, "rounding_cost_points": is_number,
}  # fmt: skip
_FIELDS: dict[str, Check] = {
    "dataset": _with(_DATASET, "spec", "note", "sha256"),
    "class_names": _is_class_names,
    "seed": is_count,
    "epoch": is_count,
    "recipe": _is_recipe,
    "history": is_history,
    "metrics": _with(_METRICS, *_METRICS),
    "export": _with(_EXPORT, *_EXPORT),
    "weights_sha256": is_text,
}
