"""Out of a run into a file that ships, and from the published code's files into ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from pad_core import checkpoint
from pad_core.checkpoint import Bits
from pad_core.conditions import Condition
from pad_core.datasets import DataSet
from pad_core.errors import PadError
from pad_core.evaluation import separability
from pad_core.header import Header
from pad_core.networks import Networks, build_networks
from pad_core.randomness import check_seed
from pad_core.recipe import Recipe
from pad_core.runfolder import (
    LATEST,
    STATE,
    RunState,
    check_same_data,
    read_state,
    read_state_header,
)
from pad_core.trainer import restore_weights

# How far 8-bit weights may move the converged separability, in points, before 16 are used.
TOLERANCE_POINTS = 0.3


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a run folder that has finished at least one epoch or was stopped."""
    return read_state_header(folder).recipe


def export_run(folder: Path, out: Path, dataset: DataSet, bits: Bits | None = None) -> Header:
    """Write a run's network as a compact checkpoint and measure what rounding costs.

    Args:
        dataset: the data that the run was trained on: its images become the memories.
        bits: 8 or 16; by default 8 where that keeps the converged separability within
            0.3 points of full precision, else 16; 16 without classes to measure that by.

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
    return save_measured(networks, header, out, dataset, bits)


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
    networks: Networks, header: Header, out: Path, dataset: DataSet, bits: Bits | None
) -> Header:
    """Write networks at 8 or 16 bits with what rounding costs; see ``export_run``."""
    if not dataset.has_classes:  # nothing to measure by: the finer weights, unless asked
        candidate = bits or 16
        rounded = checkpoint.rounded(networks, candidate)
        header.export.update(bits=candidate)
    else:
        key = "converged_separability"
        full = separability(networks.encoder, dataset)[key]
        for candidate in (bits,) if bits else (8, 16):
            rounded = checkpoint.rounded(networks, candidate)
            measured = separability(rounded.encoder, dataset)[key]
            cost = round(full - measured, 4)
            if abs(cost) <= TOLERANCE_POINTS:
                break
        header.export.update(
            bits=candidate,
            converged_separability_full_precision=full,
            converged_separability=measured,
            rounding_cost_points=cost,
        )
    memories = checkpoint.choose_memories(dataset, rounded.encoder)
    return checkpoint.save(out, networks, header, memories, candidate)


def import_published(
    path: Path,
    out: Path,
    condition: Condition,
    dataset: DataSet,
    seed: int,
    epoch: int,
    bits: Bits | None = None,
) -> Header:
    """Turn a checkpoint in the layout of the authors' published code into ours.

    Args:
        path: a torch file with keys 'generator' and 'discriminator'; only weights are
            read from it (``weights_only``), it can run no code.
        condition, dataset, seed, epoch: what the file does not say of itself.

    Raises:
        PadError: not such a file, or weights that are missing, misshapen or not finite; an
            epoch below 0; or ``out`` is the file itself.
    """
    check_seed(seed)
    if epoch < 0:
        raise PadError(f"A network was trained for 0 epochs or more, not {epoch}.")
    if out.resolve() == path.resolve():
        raise PadError(f"{path} would be overwritten; give another file with --out.")
    try:
        # By its name torch.load would take a pickle called x.safetensors for something else.
        with path.open("rb") as file:
            content = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise PadError(f"There is no file {path}.") from None
    except OSError as error:
        raise PadError(f"Cannot read {path}: {error.strerror}.") from None
    except Exception:  # the unpickler raises errors of many kinds on damaged or hostile files
        raise PadError(
            f"{path} is no torch file with weights alone: it is damaged, of another format, or "
            f"holds other objects, which are not opened because they could run code."
        ) from None
    networks = build_networks(seed)
    for key, network in (("discriminator", networks.encoder), ("generator", networks.generator)):
        found = content.get(key) if isinstance(content, dict) else None
        if not isinstance(found, dict):
            raise PadError(f"{path} has no entry {key!r}; the published code writes one.")
        network.load_state_dict(_renamed(found, network.state_dict(), f"{path}: {key}"))
    header = Header(
        condition=condition,
        dataset=checkpoint.describe(dataset),
        class_names=dataset.class_names,
        seed=seed,
        epoch=epoch,
        recipe={"imported_from": path.name},
    )
    return save_measured(networks, header, out, dataset, bits)


def _renamed(
    found: dict[str, Any], expected: dict[str, torch.Tensor], where: str
) -> dict[str, torch.Tensor]:
    """Published names ('conv1.0.weight', after DataParallel 'module.conv1.0.weight') → ours."""
    given = {str(name).removeprefix("module."): value for name, value in found.items()}
    state = {}
    for name, tensor in expected.items():
        layer, kind = name.split(".")
        value = given.pop(f"{layer}.0.{kind}", None)
        usable = isinstance(value, torch.Tensor) and value.layout == torch.strided
        if not usable or not value.is_floating_point() or value.shape != tensor.shape:
            raise PadError(
                f"{where} lacks '{layer}.0.{kind}' of shape {tuple(tensor.shape)}; "
                f"only float networks for 3-channel 32×32 images with 256 latents can be imported."
            )
        if not bool(value.isfinite().all()):
            raise PadError(f"{where}: '{layer}.0.{kind}' has values that are not finite.")
        state[name] = value.float()
    if given:
        raise PadError(f"{where} has an unknown entry {next(iter(given))!r}.")
    return state
