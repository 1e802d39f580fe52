"""Export a run, or a checkpoint of the published code, as a checkpoint that ships."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from pad_core.checkpoint import file as checkpoint
from pad_core.checkpoint.file import Bits
from pad_core.checkpoint.same_data import check_same_data
from pad_core.checkpoint.schema import Header
from pad_core.checkpoint.training_config import Recipe
from pad_core.data.load import DataSet, checked, load_dataset
from pad_core.errors import PadError
from pad_core.evaluation.evaluate import converged_separability
from pad_core.model.condition import Condition
from pad_core.model.networks import Networks, build_networks
from pad_core.system.files import as_path
from pad_core.system.randomness import check_seed
from pad_core.training import published_code
from pad_core.training.cycle import restore_weights
from pad_core.training.run_folder import (
    LATEST,
    RECIPE,
    STATE,
    RunState,
    read_state,
    read_state_header,
)

# The change of the converged separability, in points, up to which 8-bit weights will do.
TOLERANCE_POINTS = 0.3


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a run folder that has finished an epoch or was stopped."""
    return read_state_header(folder).recipe


def read_kept(path: Path) -> Header:
    """The header of a checkpoint that a run kept; PadError for one that was exported or imported.

    Its weights have been rounded already, so that nothing would tell what full precision reaches.
    """
    header = checkpoint.load_header(path)
    if header.export:
        raise PadError(
            f"{path} is an export already, with rounded weights; export its run folder, or a "
            "checkpoint that the run kept, or import the published file again."
        )
    return header


def export_run(
    folder: str | Path,
    out: str | Path,
    dataset: DataSet | None = None,
    bits: Bits | None = None,
    *,
    memories: bool = True,
    device: torch.device | str = "cpu",
) -> Header:
    """Write a run's network as a compact checkpoint and measure what rounding costs.

    Args:
        dataset: the data that the run was trained on, or None to load them; their images become
            the memories.
        bits: 8 or 16; by default 8 if that keeps the converged separability within 0.3 points of
            full precision, else 16; also 16 if there are no classes to measure that with.
        memories: whether to store latents of the data; without them the file is a fifth smaller.
        device: for the measurement.

    Returns:
        The header as written; its ``export`` holds the measurement.

    Raises:
        PadError: no finished epoch, a damaged state, other data or none, or ``out`` is a run's
            own state.
    """
    folder, out = as_path(folder, "run folder"), as_path(out, "checkpoint")
    if bits not in (None, 8, 16):
        raise PadError(f"Weights are stored at 8 or 16 bits, not {bits!r}.")
    tensors, state = read_state(folder)
    if state.epoch == 0:
        raise PadError(f"{folder} has not finished an epoch; continue with 'train --resume'.")
    if state.step:
        raise PadError(
            f"{folder} was stopped within epoch {state.epoch + 1}; continue with 'train --resume', "
            f"or export {folder / LATEST}, which holds epoch {state.epoch}."
        )
    dataset = load_dataset(state.recipe.dataset) if dataset is None else checked(dataset)
    trained_on = _trained_on(folder, state)
    check_same_data(trained_on, dataset, folder)
    networks = build_networks(state.recipe.seed)
    try:
        restore_weights(networks, tensors)
    except PadError as error:
        raise PadError(f"{folder / STATE} is damaged: {error}") from None
    header = _of_its_own_data(state.header(dataset), trained_on)
    for network in networks:
        network.to(device)
    return save_measured(networks, header, out, dataset, bits, memories)


def export_file(path: Path, out: Path, dataset: DataSet, bits: Bits | None = None) -> Header:
    """Write a checkpoint that a run kept after an epoch again, in fewer bits.

    Rounding is measured against the precision of ``path``; see ``export_run``, and ``read_kept``
    for what is refused.
    """
    read_kept(path)
    network = checkpoint.load(path)
    trained_on = network.header.dataset | {"class_names": list(network.class_names)}
    check_same_data(trained_on, dataset, path)
    header = replace(
        network.header, dataset=checkpoint.dataset_record(dataset), metrics={}, export={}
    )
    header = _of_its_own_data(header, trained_on)
    return save_measured(network.networks, header, out, dataset, bits)


def _trained_on(folder: Path, state: RunState) -> dict[str, Any]:
    """The record of a run's data; earlier versions kept it beside the state only."""
    if state.data is not None:
        return state.data
    try:
        header = checkpoint.load_header(folder / LATEST)
    except PadError:
        return {}
    return header.dataset | {"class_names": list(header.class_names)}


def _of_its_own_data(header: Header, trained_on: dict[str, Any]) -> Header:
    """A copy that names the data as training did, wherever they lie now."""
    name = trained_on.get("name", header.dataset["name"])
    return replace(header, dataset=header.dataset | {"name": name})


def save_measured(
    networks: Networks,
    header: Header,
    out: Path,
    dataset: DataSet,
    bits: Bits | None,
    memories: bool = True,
) -> Header:
    """Write networks at 8 or 16 bits, and measure what rounding costs; see ``export_run``."""
    if out.name == STATE and (out.parent / RECIPE).exists():
        raise PadError(f"{out} is the run itself, from which it goes on; give another --out.")
    if not dataset.has_classes:  # there is nothing to measure with: take the finer weights
        candidate = bits or 16
        rounded = checkpoint.rounded(networks, candidate)
        header.export["bits"] = candidate
    else:
        full = converged_separability(networks.encoder, dataset)
        for candidate in (bits,) if bits else (8, 16):
            rounded = checkpoint.rounded(networks, candidate)
            measured = converged_separability(rounded.encoder, dataset)
            cost = round(full - measured, 4)
            if abs(cost) <= TOLERANCE_POINTS:
                break
        header.export.update(
            {
                "bits": candidate,
                "converged_separability_full_precision": full,
                "converged_separability": measured,
                "rounding_cost_points": cost,
            }
        )
    kept = checkpoint.choose_memories(dataset, rounded.encoder) if memories else {}
    return checkpoint.save(out, networks, header, kept, candidate)


def import_published(
    path: Path,
    out: Path,
    condition: Condition,
    dataset: DataSet,
    seed: int,
    epoch: int | None = None,
    bits: Bits | None = None,
) -> Header:
    """Convert a checkpoint in the layout of the authors' published code to ours.

    Args:
        path: a torch file with keys 'generator' and 'discriminator', and perhaps lists of losses,
            which become the history. It can run no code; see ``published_code.read``.
        condition, dataset, seed: what the file does not record.
        epoch: None for the number of losses in the file.

    Raises:
        PadError: another kind of file; weights that are missing, misshapen or not finite; an epoch
            below 0 or an unknown one; or ``out`` is the file itself.
    """
    check_seed(seed)
    if epoch is not None and epoch < 0:
        raise PadError(f"A network was trained for 0 epochs or more, not {epoch}.")
    if out.resolve() == path.resolve():
        raise PadError(f"{path} would be overwritten; give another file with --out.")
    networks = build_networks(seed)
    found = published_code.read(path, networks)
    if epoch is None and (epoch := found.epoch) is None:
        raise PadError(f"{path} does not say how many epochs it was trained; give --epoch.")
    header = Header(
        condition=condition,
        dataset=checkpoint.dataset_record(dataset),
        class_names=dataset.class_names,
        seed=seed,
        epoch=epoch,
        recipe={"imported_from": path.name},
        history=_history(found.losses, condition) if epoch == found.epoch else [],
    )
    return save_measured(networks, header, out, dataset, bits)


def _history(losses: list[dict[str, float]], condition: Condition) -> list[dict[str, Any]]:
    """Losses of each epoch that the condition learns from; values that aren't finite are left out.

    The published code records all losses, whether or not it learns from them.
    """
    learnt = {name for name, weight in condition.loss_weights.items() if weight > 0}
    learnt -= {"nrem"} if "nrem" not in condition.phases else set()
    learnt -= {"internal"} if "rem" not in condition.phases else set()
    return [
        {
            "epoch": epoch,
            "losses": {
                name: round(value, 6)
                for name, value in found.items()
                if name in learnt and math.isfinite(value)
            },
        }
        for epoch, found in enumerate(losses, start=1)
    ]
