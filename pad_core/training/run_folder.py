"""The files in a run folder: their names, how to write them, and how to read them.

run.json             the recipe, written when the run starts
history.jsonl        one line per finished epoch
progress.json        the run's progress, rewritten every second
state.safetensors    full precision, optimisers and random streams: a run resumes from it exactly
latest.safetensors   the network after the last epoch, 16 bits: the explorer opens it
epoch-0001.safetensors …   the same, after epochs that were to be kept
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import torch

from pad_core.checkpoint.schema import Epoch, Header, dataset_record
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.model.condition import Condition
from pad_core.system.declared import Count, Number, check, is_declared
from pad_core.system.files import MAX_JSON_BYTES, parse_json, plain, read_bytes, write_atomically
from pad_core.system.tensors import read_header, read_tensors, write_tensors

RECIPE = "run.json"
HISTORY = "history.jsonl"
PROGRESS = "progress.json"
STATE = "state.safetensors"
LATEST = "latest.safetensors"
STATE_VERSION = 1
_MOST_HEADER = 100_000_000  # bytes of a state's header, with all epochs: the format's own limit
_MOST_ENTRIES = 5_000  # epochs in a checkpoint's header; each takes 300 bytes


@dataclass(frozen=True)
class Progress:
    """A run's progress: it has done ``step`` of ``steps`` cycles of ``epoch`` of ``epochs``.

    losses: means over the epoch so far. seconds_left: until the last epoch ends.
    """

    epoch: Count
    epochs: Count
    step: Count
    steps: Count
    images_per_s: float
    seconds_left: float
    losses: dict[str, float]


class _State(TypedDict):
    """A state's header as it stands in the file; its recipe checks itself."""

    recipe: dict[str, Any]
    device: str
    torch: str
    epoch: Count
    step: Count
    seconds: Number
    history: list[Epoch]
    data: NotRequired[dict[str, Any] | None]


@dataclass(frozen=True)
class RunState:
    """The header of a run's state.

    epoch: finished epochs; step: finished cycles of the next one, which took ``seconds``.
    device: 'cpu (x86_64)'. data: from ``same_data.comparable_record``; None in states of earlier
    versions, whose data are not checked.
    """

    recipe: Recipe
    device: str
    torch: str
    epoch: int
    step: int
    seconds: float
    history: list[dict[str, Any]]
    data: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The header as it stands in the file."""
        recipe = {"recipe": self.recipe.to_dict()}
        return {"format": "pad-run", "format_version": STATE_VERSION} | asdict(self) | recipe

    @classmethod
    def from_dict(cls, header: dict[str, Any], path: Path) -> RunState:
        """Check the header of ``path`` and read it; PadError says what is wrong."""
        version = header.get("format_version")
        if (
            header.get("format") != "pad-run"
            or type(version) is not int
            or version != STATE_VERSION
        ):
            raise PadError(f"{path} is not a state that this version of the program can resume.")
        try:
            header = plain(header)
            check("", header, _State)
            recipe = Recipe.from_dict(header["recipe"])
        except PadError as error:
            raise PadError(f"{path} has a damaged header: {error}") from None
        given: dict[str, Any] = {field.name: header.get(field.name) for field in fields(cls)}
        return cls(**(given | {"recipe": recipe}))

    def header(self, dataset: DataSet) -> Header:
        """The header of a checkpoint with the weights of this state."""
        recipe = self.recipe.to_dict()
        return Header(
            condition=Condition.from_dict(recipe.pop("condition")),
            dataset=dataset_record(dataset),
            class_names=dataset.class_names,
            seed=recipe.pop("seed"),
            epoch=self.epoch,
            recipe=recipe | {"device": self.device, "torch": self.torch},
            history=_thinned(self.history),
        )


def _thinned(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """So few entries, with the last one, that a checkpoint's header stays readable."""
    step = -(-len(history) // _MOST_ENTRIES)
    return history[::-step][::-1] if step > 1 else history


def run_folder(runs: Path, dataset: str, condition: Condition, seed: int) -> Path:
    """The default folder of a run: RUNS/DATA-CONDITION-seedS."""
    return runs / f"{dataset}-{condition.name}-seed{seed}"


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Write run.json."""
    text = json.dumps(recipe.to_dict(), indent=2, ensure_ascii=False)
    write_atomically(folder / RECIPE, text.encode())


def write_progress(folder: Path, progress: Progress) -> None:
    """Write progress.json, with this process and the time."""
    report = asdict(progress) | {"pid": os.getpid(), "time": time.time()}
    write_atomically(folder / PROGRESS, json.dumps(report).encode())


def write_history(folder: Path, history: Sequence[dict[str, Any]]) -> None:
    """Write history.jsonl."""
    lines = "".join(json.dumps(entry) + "\n" for entry in history)
    write_atomically(folder / HISTORY, lines.encode())


def write_state(folder: Path, tensors: dict[str, torch.Tensor], state: RunState) -> None:
    """Write the state, then its history; the files agree at whatever moment the process dies."""
    write_tensors(folder / STATE, tensors, state.to_dict())
    write_history(folder, state.history)


def read_progress(folder: Path) -> Progress | None:
    """A run folder's progress.json; None if there is none."""
    try:
        report = parse_json(read_bytes(folder / PROGRESS, MAX_JSON_BYTES), finite=False)
    except PadError:
        return None
    if not is_declared(report, Progress):
        return None
    return Progress(**{field.name: report[field.name] for field in fields(Progress)})


def epochs_done(folder: Path) -> int:
    """Finished epochs of a run folder; 0 without a run."""
    try:
        return read_state_header(folder).epoch
    except PadError:
        return 0


def read_state(folder: Path) -> tuple[dict[str, torch.Tensor], RunState]:
    """Tensors and header of a run folder's state; PadError without a state."""
    state = read_state_header(folder)  # raises if the header is wrong
    path = folder / STATE
    try:
        return read_tensors(path, _MOST_HEADER)[0], state
    except PadError:
        raise PadError(_damaged(path)) from None


def read_state_header(folder: Path) -> RunState:
    """The header of a run folder's state; PadError without a state."""
    path = folder / STATE
    if not path.exists():
        raise PadError(f"{folder} is not a run folder: it has no {STATE}.")
    try:
        header = read_header(path, _MOST_HEADER)
    except PadError:
        raise PadError(_damaged(path)) from None
    return RunState.from_dict(header, path)


def _damaged(path: Path) -> str:
    return (
        f"{path} is damaged, by the disk or by hand: move {path.parent} away to train it anew; its "
        "checkpoints can still be used."
    )


def check_same_recipe(before: Recipe, now: Recipe, folder: Path, data_known: bool = False) -> None:
    """PadError unless a run of one recipe can continue with the other; epochs may differ.

    data_known: the data themselves are compared elsewhere, so that they may have moved or been
    renamed.
    """
    old, new = (recipe.to_dict() for recipe in (before, now))
    for recipe in (old, new):
        condition = recipe.pop("condition")
        recipe |= {f"condition.{name}": value for name, value in condition.items()}
    free = {"epochs", "dataset"} if data_known else {"epochs"}
    changed = [name for name in old if old[name] != new[name] and name not in free]
    if changed:
        what = "; ".join(f"{name} was {old[name]!r}, now {new[name]!r}" for name in changed)
        raise PadError(f"{folder} was started differently ({what}); train in another folder.")


def own_precision(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with the precision of the run in the folder, if there is one to resume."""
    try:
        return replace(recipe, precision=read_state_header(folder).recipe.precision)
    except PadError:
        return recipe
