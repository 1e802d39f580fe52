"""Out of a run into a file that ships, and from the published code's files into ours."""

from __future__ import annotations

import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from pad_core import checkpoint
from pad_core.checkpoint import Bits, Header
from pad_core.conditions import Condition
from pad_core.datasets import DataSet
from pad_core.errors import PadError
from pad_core.evaluation import separability
from pad_core.networks import Networks, build_networks
from pad_core.training import Recipe, Trainer, header_from_state, read_state, read_state_header

# How far 8-bit weights may move the converged separability, in points, before 16 are used.
TOLERANCE_POINTS = 0.3


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a run folder that has finished at least one epoch or was stopped."""
    return Recipe.from_dict(read_state_header(folder)["recipe"])


def export_run(folder: Path, out: Path, dataset: DataSet, bits: Bits | None = None) -> Header:
    """Write a run's network as a compact checkpoint and measure what rounding costs.

    Args:
        dataset: the data that the run was trained on: its images become the memories.
        bits: 8 or 16; by default 8 where that keeps the converged separability within
            0.3 points of full precision, else 16.

    Returns:
        The header as written; ``export`` in it has the measurement.
    """
    tensors, state = read_state(folder)
    if state["epoch"] == 0:
        raise PadError(f"{folder} has not finished an epoch yet; go on with 'train --resume'.")
    if state["step"]:
        raise PadError(
            f"{folder} was stopped within epoch {state['epoch'] + 1}; go on with 'train --resume', "
            f"or export {folder / 'latest.safetensors'}, which holds epoch {state['epoch']}."
        )
    trainer = Trainer(Recipe.from_dict(state["recipe"]))
    trainer.restore(tensors)
    header = header_from_state(state, dataset)
    return save_measured(trainer.networks, header, out, dataset, bits)


def export_file(path: Path, out: Path, dataset: DataSet, bits: Bits | None = None) -> Header:
    """Write a checkpoint anew, more compactly, such as one that a run kept of an epoch.

    The precision that ``path`` has is what rounding is measured against; see ``export_run``.
    """
    network = checkpoint.load(path)
    header = replace(network.header, dataset=checkpoint.describe(dataset), metrics={}, export={})
    return save_measured(network.networks, header, out, dataset, bits)


def save_measured(
    networks: Networks, header: Header, out: Path, dataset: DataSet, bits: Bits | None
) -> Header:
    """Write networks at 8 or 16 bits with what rounding costs; see ``export_run``."""
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
        PadError: not such a file, or weights that are missing, misshapen or not finite.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise PadError(f"There is no file {path}.") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError,
            zipfile.BadZipFile):  # fmt: skip
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
        if not isinstance(value, torch.Tensor) or value.shape != tensor.shape:
            raise PadError(
                f"{where} lacks '{layer}.0.{kind}' of shape {tuple(tensor.shape)}; "
                f"only networks for 3-channel 32×32 images with 256 latents can be imported."
            )
        if not bool(value.isfinite().all()):
            raise PadError(f"{where}: '{layer}.0.{kind}' has values that are not finite.")
        state[name] = value.float()
    if given:
        raise PadError(f"{where} has an unknown entry {next(iter(given))!r}.")
    return state
