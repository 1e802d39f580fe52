"""Record the data set that a file was trained on, and check whether a data set is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pad_core.checkpoint.schema import dataset_record
from pad_core.data.load import DataSet
from pad_core.errors import PadError


def comparable_record(dataset: DataSet) -> dict[str, Any]:
    """The record of a data set by which a state recognises it."""
    return dataset_record(dataset) | {"class_names": list(dataset.class_names)}


def check_same_data(recorded: dict[str, Any], dataset: DataSet, where: Path) -> None:
    """PadError unless a data set has the images that ``where`` was trained on.

    Args:
        recorded: some fields of ``comparable_record``; missing ones aren't compared.
    """
    if changed := what_changed(recorded, comparable_record(dataset)):
        raise PadError(
            f"{where} was trained on {recorded.get('name', 'other data')}, but {dataset.spec} "
            f"now has {changed}; give the data that it was trained on."
        )


def what_changed(recorded: dict[str, Any], now: dict[str, Any]) -> str:
    """'another number of test images (then 100)'; '' for the same data. Fields as above."""
    for name, what in (
        ("class_names", "list of classes"),
        ("n_train", "number of training images"),
        ("n_test", "number of test images"),
        ("sha256", "choice or order of images"),
    ):
        if name in recorded and recorded[name] != now[name]:
            then = "" if name == "sha256" else f" (then {_short(recorded[name])})"
            return f"another {what}{then}"
    return ""


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else f"{value:,}"
    return text if len(text) <= 60 else f"{text[:60]}…"
