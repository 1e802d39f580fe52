"""What a training is asked to do, checked, and the command that does it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pad_core.data.load import BUILT_IN, check_spec, is_local
from pad_core.data.tree import split_of, sub_folders
from pad_core.errors import PadError, shortened
from pad_core.model.condition import CONDITIONS, PAD, Condition, find_condition
from pad_core.system.files import can_be_shown
from pad_core.system.hardware import choose_device
from pad_core.training.config import Recipe

SHIPPED = "fashion-mini"  # needs neither a network nor a file
RUNS = "runs"
_MOST_BYTES = 200  # of a name; file systems have 255, and names beside it are longer
# Names that open a device there, whatever their ending: such a run could not be taken along.
_OF_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


@dataclass(frozen=True)
class Order:
    """A training that is wished for; the fields are options of ``python -m pad_core train``.

    name: of the run folder; dataset: a spec as ``load_dataset`` reads it; device: 'auto',
    'cpu', 'cuda'; precision: 'auto', 'fp32', 'bf16'; probe_every: measure linear separability
    every so many epochs, 0 never; keep_epochs: epochs that are kept as files of their own.
    """

    name: str
    dataset: str = SHIPPED
    condition: Condition = PAD
    epochs: int = 2
    seed: int = 0
    batch_size: int = 64
    learning_rate: float = 2e-4
    precision: str = "auto"
    device: str = "auto"
    probe_every: int = 0
    keep_epochs: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self) | {"condition": self.condition.to_dict()}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Order:
        """The inverse of ``to_dict``; TypeError, KeyError or PadError where it is none."""
        condition = Condition.from_dict(fields["condition"])
        kept = tuple(int(epoch) for epoch in fields["keep_epochs"])
        order = cls(**{**fields, "condition": condition, "keep_epochs": kept})
        order.check_numbers()
        return order

    def like(self, recipe: Recipe) -> Order:
        """This order with all that a recipe says."""
        fields = ("dataset", "condition", "epochs", "seed", "batch_size", "learning_rate",
                  "precision")  # fmt: skip
        return replace(self, **{field: getattr(recipe, field) for field in fields})

    def check_numbers(self) -> None:
        """PadError where a number is none or out of range."""
        Recipe(self.dataset, self.condition, self.epochs, self.seed, self.batch_size,
               self.learning_rate)  # fmt: skip
        if self.probe_every < 0:
            raise PadError(
                f"Separability is measured every so many epochs, not {self.probe_every}."
            )
        for epoch in self.keep_epochs:
            if not 1 <= epoch <= self.epochs:
                raise PadError(f"Epoch {epoch} can't be kept: the epochs are 1 to {self.epochs}.")

    @property
    def folder(self) -> Path:
        """The run folder, relative to the project's."""
        return Path(RUNS) / self.name

    def arguments(self, resume: bool = False) -> list[str]:
        """What follows ``python`` in the command that trains it, run in the project's folder."""
        made = ["-m", "pad_core", "train", "--dataset", self.dataset]
        made += condition_arguments(self.condition)
        made += ["--epochs", str(self.epochs), "--seed", str(self.seed)]
        usual = Order("")
        for field in ("batch_size", "learning_rate", "precision", "device", "probe_every"):
            if (value := getattr(self, field)) != getattr(usual, field):
                made += [f"--{field.replace('_', '-')}", f"{value}"]
        if self.keep_epochs:
            made += ["--keep-epochs", ",".join(map(str, self.keep_epochs))]
        return [*made, "--run", self.folder.as_posix(), *(["--resume"] if resume else [])]


def condition_arguments(condition: Condition) -> list[str]:
    """``--condition`` with a built-in name, and ``--set`` for each field that differs from it."""

    def changes(base: Condition) -> dict[str, str]:
        ours, theirs = condition.to_dict(), base.to_dict()
        return {k: _as_json(v) for k, v in ours.items() if k != "name" and v != theirs[k]}

    named = CONDITIONS.get(condition.name)
    bases = [named] if named == condition else CONDITIONS.values()
    base = min(bases, key=lambda base: len(changes(base)))
    overrides = changes(base)
    if find_condition(base.name, overrides).name != condition.name:
        overrides["name"] = _as_json(condition.name)
    sets = [text for field, value in overrides.items() for text in ("--set", f"{field}={value}")]
    return ["--condition", base.name, *sets]


def own_condition(base: str, changes: Mapping[str, Any]) -> Condition:
    """A built-in condition with some fields changed; its name says which unless it is changed."""
    kept = {k: v for k, v in changes.items() if v != getattr(CONDITIONS[base], k)}
    return find_condition(base, {field: _as_json(value) for field, value in kept.items()})


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
        PadError: a name that is no folder's, unknown data, a device that isn't here, numbers
            out of range.
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
    order.check_numbers()
    choose_device(order.device)
    _check_dataset(order.dataset, home)


def needs_download(spec: str, home: Path) -> bool:
    """Whether training would first have to fetch this data set."""
    return spec in BUILT_IN and not is_local(spec, home / "data")


def datasets(home: Path) -> list[str]:
    """Specs of data sets to offer: those built in, and folders in ``data/`` that look like one."""
    here = []
    for folder in sorted(p for p in (home / "data").glob("*") if p.is_dir() and can_be_shown(p)):
        spec = folder.relative_to(home).as_posix()
        if any(folder.glob("*.parquet")) or any(folder.glob("*/*.parquet")):
            here.append(f"parquet:{spec}")
        elif any(
            told.kind == "train" for sub in sub_folders(folder) if (told := split_of(sub.name))
        ):
            here.append(f"folder:{spec}")
    local = [spec for spec in BUILT_IN if not needs_download(spec, home) and spec != SHIPPED]
    return [SHIPPED, *here, *local, *(spec for spec in BUILT_IN if needs_download(spec, home))]


def read_epochs(text: str) -> tuple[int, ...]:
    """'1, 5, 10' as numbers; PadError where it isn't that."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        given = shortened(repr(text), 60)
        raise PadError(f"Epochs to keep are whole numbers with commas between, not {given}.")
    return tuple(sorted({int(part) for part in parts}))


def _check_dataset(spec: str, home: Path) -> None:
    try:
        check_spec(spec, home)
    except PadError as error:
        sentence = str(error)
        raise PadError(f"{sentence[0].upper()}{sentence[1:]}") from None


def _as_json(value: Any) -> str:
    """A value as ``--set`` reads it: text without quotes where nothing mistakes it for JSON."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return value
    return json.dumps(value, ensure_ascii=False)
