"""Out of a run into a file that ships, and from the published code's files into ours."""

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
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from pad_core.evaluation.evaluate import converged_separability
from pad_core.model.condition import Condition
from pad_core.model.networks import Networks, build_networks
from pad_core.system.randomness import check_seed
from pad_core.training import published
from pad_core.training.config import Recipe
from pad_core.training.cycle import restore_weights
from pad_core.training.run_folder import (
    LATEST,
    STATE,
    RunState,
    read_state,
    read_state_header,
)

# How far 8-bit weights may move the converged separability, in points, before 16 are used.
TOLERANCE_POINTS = 0.3


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a run folder that has finished at least one epoch or was stopped."""
    return read_state_header(folder).recipe


def export_run(
    folder: Path,
    out: Path,
    dataset: DataSet,
    bits: Bits | None = None,
    *,
    memories: bool = True,
    device: torch.device | str = "cpu",
) -> Header:
    """Write a run's network as a compact checkpoint and measure what rounding costs.

    Args:
        dataset: the data that the run was trained on: its images become the memories.
        bits: 8 or 16; by default 8 where that keeps the converged separability within
            0.3 points of full precision, else 16; 16 without classes to measure that by.
        memories: whether latents of the data are stored, too; without them, a fifth smaller.
        device: that measures.

    Returns:
        The header as written; ``export`` in it has the measurement.

    Raises:
        PadError: no finished epoch, a damaged state, or other data.
    """
    tensors, state = read_state(folder)
    if state.epoch == 0:
        raise PadError(f"{folder} has not finished an epoch yet; go on with 'train --resume'.")
    if state.step:
        raise PadError(
            f"{folder} was stopped within epoch {state.epoch + 1}; go on with 'train --resume', "
            f"or export {folder / LATEST}, which holds epoch {state.epoch}."
        )
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
    """Write a checkpoint anew, more compactly, such as one that a run kept of an epoch.

    The precision that ``path`` has is what rounding is measured against; see ``export_run``.
    """
    network = checkpoint.load(path)
    trained_on = network.header.dataset | {"class_names": list(network.class_names)}
    check_same_data(trained_on, dataset, path)
    header = replace(network.header, dataset=checkpoint.describe(dataset), metrics={}, export={})
    header = _of_its_own_data(header, trained_on)
    return save_measured(network.networks, header, out, dataset, bits)


def _trained_on(folder: Path, state: RunState) -> dict[str, Any]:
    """What is known of the data of a run; earlier versions kept it beside the state only."""
    if state.data is not None:
        return state.data
    try:
        header = checkpoint.load_header(folder / LATEST)
    except PadError:
        return {}
    return header.dataset | {"class_names": list(header.class_names)}


def _of_its_own_data(header: Header, trained_on: dict[str, Any]) -> Header:
    """A copy that names the data as they were called in training, wherever they lie now."""
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
    """Write networks at 8 or 16 bits with what rounding costs; see ``export_run``."""
    if not dataset.has_classes:  # nothing to measure by: the finer weights, unless asked
        candidate = bits or 16
        rounded = checkpoint.rounded(networks, candidate)
        header.export.update(bits=candidate)
    else:
        full = converged_separability(networks.encoder, dataset)
        for candidate in (bits,) if bits else (8, 16):
            rounded = checkpoint.rounded(networks, candidate)
            measured = converged_separability(rounded.encoder, dataset)
            cost = round(full - measured, 4)
            if abs(cost) <= TOLERANCE_POINTS:
                break
        header.export.update(
            bits=candidate,
            converged_separability_full_precision=full,
            converged_separability=measured,
            rounding_cost_points=cost,
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
    """Turn a checkpoint in the layout of the authors' published code into ours.

    Args:
        path: a torch file with keys 'generator' and 'discriminator', and maybe lists of losses,
            which become the history; it can run no code. See ``published.read``.
        condition, dataset, seed: what the file does not say of itself.
        epoch: None for as many as the file has losses of.

    Raises:
        PadError: not such a file, or weights that are missing, misshapen or not finite; an
            epoch below 0, or none that is known; or ``out`` is the file itself.
    """
    check_seed(seed)
    if epoch is not None and epoch < 0:
        raise PadError(f"A network was trained for 0 epochs or more, not {epoch}.")
    if out.resolve() == path.resolve():
        raise PadError(f"{path} would be overwritten; give another file with --out.")
    networks = build_networks(seed)
    found = published.read(path, networks)
    if epoch is None and (epoch := found.epoch) is None:
        raise PadError(f"{path} does not say how many epochs it was trained; give --epoch.")
    header = Header(
        condition=condition,
        dataset=checkpoint.describe(dataset),
        class_names=dataset.class_names,
        seed=seed,
        epoch=epoch,
        recipe={"imported_from": path.name},
        history=_history(found.losses, condition) if epoch == found.epoch else [],
    )
    return save_measured(networks, header, out, dataset, bits)


def _history(losses: list[dict[str, float]], condition: Condition) -> list[dict[str, Any]]:
    """Losses of each epoch that the condition learns from; values that aren't finite are left out.

    The published code notes all losses, whether or not it learns from them.
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
