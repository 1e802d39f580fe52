"""What lies in a run folder, and how it is read back.

run.json             the recipe, written when the run starts
history.jsonl        one line per finished epoch
progress.json        where the run is right now, rewritten every second
state.safetensors    full precision, optimisers and random streams: resumes exactly
latest.safetensors   the network after the last epoch, 16 bits: the explorer opens it
epoch-0001.safetensors …   the same, for epochs that were asked to be kept
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from pad_core.checkpoint.schema import (
    Header,
    describe,
    is_count,
    is_history,
    is_number,
    is_text,
    plain,
    require,
)
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.model.condition import Condition
from pad_core.system.files import MAX_JSON_BYTES, parse_json, read_bytes, read_header, read_tensors
from pad_core.training.config import Recipe

STATE = "state.safetensors"
LATEST = "latest.safetensors"
STATE_VERSION = 1
_MOST_HEADER = 100_000_000  # bytes of a state's, with all epochs: the most that the format has
_MOST_ENTRIES = 5_000  # epochs in a checkpoint's header, of which one has some 300 bytes


@dataclass(frozen=True)
class Progress:
    """Where a run is: after ``step`` of ``steps`` cycles of ``epoch`` of ``epochs``.

    losses: means over the epoch so far. seconds_left: until the last epoch ends.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    images_per_s: float
    seconds_left: float
    losses: dict[str, float]


@dataclass(frozen=True)
class RunState:
    """What a run's state says of itself.

    epoch: finished epochs; step: finished cycles of the next one, which took ``seconds``.
    device: 'cpu (x86_64)'. data: of the data set, see ``same_data.describe_data``; None in states
    written by earlier versions, which are not checked for it.
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
            raise PadError(f"{path} is not the state of a run of this program's version.")
        try:
            header = plain(header)
            for names, check in (
                (("device", "torch"), is_text),
                (("epoch", "step"), is_count),
                (("seconds",), is_number),
                (("history",), is_history),
                (("recipe",), lambda value: isinstance(value, dict)),
                (("data",), lambda value: value is None or isinstance(value, dict)),
            ):
                for name in names:
                    require(name, header.get(name), check)
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
            dataset=describe(dataset),
            class_names=dataset.class_names,
            seed=recipe.pop("seed"),
            epoch=self.epoch,
            recipe=recipe | {"device": self.device, "torch": self.torch},
            history=_thinned(self.history),
        )


def _thinned(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most so many entries that a checkpoint's header stays readable, with the last one."""
    step = -(-len(history) // _MOST_ENTRIES)
    return history[::-step][::-1] if step > 1 else history


def run_folder(runs: Path, dataset: str, condition: Condition, seed: int) -> Path:
    """Where a run lies unless told otherwise: RUNS/DATA-CONDITION-seedS."""
    return runs / f"{dataset}-{condition.name}-seed{seed}"


def read_progress(folder: Path) -> Progress | None:
    """What a run folder's progress.json says, None where it has none."""
    try:
        report = parse_json(read_bytes(folder / "progress.json", MAX_JSON_BYTES), finite=False)
        given = {field.name: report[field.name] for field in fields(Progress)}
    except (PadError, KeyError, TypeError):
        return None
    losses = given["losses"]
    numbers = [value for name, value in given.items() if name != "losses"]
    counts = (given["epoch"], given["epochs"], given["step"], given["steps"])
    if (
        not isinstance(losses, dict)
        or not all(type(value) in (int, float) for value in (*numbers, *losses.values()))
        or not all(map(is_count, counts))
    ):
        return None
    return Progress(**given)


def epochs_done(folder: Path) -> int:
    """Finished epochs of a run folder; 0 where there is no run."""
    try:
        return read_state_header(folder).epoch
    except PadError:
        return 0


def read_state(folder: Path) -> tuple[dict[str, torch.Tensor], RunState]:
    """Tensors and header of a run folder's state; PadError where there is none."""
    state = read_state_header(folder)  # says what is wrong with the header
    path = folder / STATE
    try:
        return read_tensors(path, _MOST_HEADER)[0], state
    except PadError:
        raise PadError(_damaged(path)) from None


def read_state_header(folder: Path) -> RunState:
    """The header of a run folder's state; PadError where there is none."""
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
    """PadError unless a run of the one recipe can go on with the other: epochs may differ.

    data_known: the data themselves are compared, so that they may lie elsewhere or be named in
    other words.
    """
    old, new = before.to_dict(), now.to_dict()
    free = {"epochs", "dataset"} if data_known else {"epochs"}
    changed = [name for name in old if old[name] != new[name] and name not in free]
    if changed:
        what = "; ".join(f"{name} was {old[name]!r}, now {new[name]!r}" for name in changed)
        raise PadError(f"{folder} was started differently ({what}); train in another folder.")


def own_precision(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe at the precision of the run in the folder, where there is one to resume."""
    try:
        return replace(recipe, precision=read_state_header(folder).recipe.precision)
    except PadError:
        return recipe
