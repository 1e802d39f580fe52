"""What a training is asked to do, checked, and the command that does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from explorer.runs import dropped
from pad_core.checkpoint.training_config import Recipe, shared
from pad_core.data.load import BUILT_IN, check_spec, is_local
from pad_core.data.tree import split_of, sub_folders
from pad_core.errors import PadError, shortened
from pad_core.model.condition import CONDITIONS, Condition, as_arguments, as_text, find_condition
from pad_core.system.fields import as_options, fields_of, said
from pad_core.system.files import can_be_shown
from pad_core.system.hardware import choose_device
from pad_core.training.request import TrainingRequest

SHIPPED = fields_of(TrainingRequest)["dataset"].default  # needs neither a network nor a file
RUNS = "runs"
_MOST_BYTES = 200  # of a name; file systems have 255, and names beside it are longer
# Names that open a device there, whatever their ending: such a run could not be taken along.
_OF_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


@dataclass(frozen=True)
class Order(TrainingRequest):
    """A training that is asked for in a run folder of its own."""

    name: Annotated[str, said("Run folder", "below runs/; empty for the usual name")] = ""

    def like(self, recipe: Recipe) -> Order:
        """This order with all that a recipe says."""
        kept = tuple(epoch for epoch in self.keep_epochs if epoch <= recipe.epochs)
        return replace(self, **shared(recipe), precision=recipe.precision, keep_epochs=kept)

    @property
    def folder(self) -> Path:
        """The run folder, relative to the project's."""
        return Path(RUNS) / self.name

    def arguments(self, resume: bool = False) -> list[str]:
        """What follows ``python`` in the command that trains it, run in the project's folder."""
        own = {"condition": as_arguments(self.condition), "name": ["--run", self.folder.as_posix()]}
        typed = as_options(self, always=("dataset", "epochs", "seed"), instead=own)
        return ["-m", "pad_core", "train", *typed, *(["--resume"] if resume else [])]


def own_condition(base: str, changes: Mapping[str, Any]) -> Condition:
    """A built-in condition with some fields changed; its name says which unless it is changed."""
    kept = {k: v for k, v in changes.items() if v != getattr(CONDITIONS[base], k)}
    return find_condition(base, {field: as_text(value) for field, value in kept.items()})


def folder_name(order: Order) -> str:
    """The usual name of the run folder: DATA-CONDITION-seedS."""
    kind, _, directory = order.dataset.strip().partition(":")
    data = re.sub(r"[^\w.-]+", "-", Path(directory or kind).name).strip("-") or kind
    return cut(re.sub(r"[^\w.+=-]", "-", f"{data}-{order.condition.name}-seed{order.seed}"))


def cut(name: str, spare: int = 0) -> str:
    """As much of a run's name as a folder can have, less some characters."""
    return name[: 100 - spare].encode()[: _MOST_BYTES - spare].decode(errors="ignore")


def check(order: Order, home: Path) -> None:
    """Whether the order can be carried out in the project's folder ``home``.

    Raises:
        PadError: a name that is no folder's, unknown data, a device that isn't here.
    """
    if (
        not re.fullmatch(r"\w[\w.+=-]{0,99}", order.name)
        or order.name[-1] == "."
        or len(order.name.encode()) > _MOST_BYTES
    ):
        raise PadError(
            "A run's name has 1 to 100 letters, digits or _ - . + =, and does not start or end "
            f"with a dot; {shortened(repr(order.name), 120)} is none."
        )
    if _OF_DEVICES.fullmatch(order.name):
        raise PadError(f"{order.name!r} is a device on Windows; take another name for the run.")
    choose_device(order.device)
    _check_dataset(order.dataset, home)


def needs_download(spec: str, home: Path) -> bool:
    """Whether training would first have to fetch this data set."""
    return spec in BUILT_IN and not is_local(spec, home / "data")


def datasets(home: Path) -> list[str]:
    """Specs of data sets to offer: those built in, folders in ``data/`` that look like one, and
    what was dropped onto the page.
    """
    here = dropped.specs(home)
    folders = (p for p in (home / "data").glob("*") if p != home / dropped.FOLDER)
    for folder in sorted(p for p in folders if p.is_dir() and can_be_shown(p)):
        spec = folder.relative_to(home).as_posix()
        if any(folder.glob("*.parquet")) or any(folder.glob("*/*.parquet")):
            here.append(f"parquet:{spec}")
        elif any(
            told.kind == "train" for sub in sub_folders(folder) if (told := split_of(sub.name))
        ):
            here.append(f"folder:{spec}")
    local = [spec for spec in BUILT_IN if not needs_download(spec, home) and spec != SHIPPED]
    return [SHIPPED, *here, *local, *(spec for spec in BUILT_IN if needs_download(spec, home))]


def _check_dataset(spec: str, home: Path) -> None:
    try:
        check_spec(spec, home)
    except PadError as error:
        sentence = str(error)
        raise PadError(f"{sentence[0].upper()}{sentence[1:]}") from None
