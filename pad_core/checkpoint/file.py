"""Checkpoints: one safetensors file that holds all it takes to dream, map and probe a network.

A file holds the two networks, the latents of some training and test images (the
hippocampus), and a JSON header: format version, data set, condition with all fields,
seed, epoch, class names, recipe, history and metrics. There is no pickle in it.

Weights are stored at 8 bits with one scale per output channel and memories at 8 bits
with one scale per latent dimension, or both at 16 bits (float16).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch

from pad_core.checkpoint.evaluation_record import Evaluation
from pad_core.checkpoint.schema import Header as Header
from pad_core.checkpoint.schema import dataset_record as dataset_record
from pad_core.data.images import as_network_input
from pad_core.data.imagesets import Images, ImageSet, as_batch
from pad_core.data.load import DataSet
from pad_core.errors import PadError, printable
from pad_core.model.condition import Condition
from pad_core.model.latents import as_latents
from pad_core.model.networks import (
    LATENT_SIZE,
    Encoder,
    Generator,
    Networks,
    encode_all,
)
from pad_core.system.files import as_path, file_sha256
from pad_core.system.hardware import choose_device
from pad_core.system.randomness import generator
from pad_core.system.tensors import read_header, read_tensors, tensors_sha256, write_tensors

N_MEMORIES = {"train": 2000, "test": 1000}
Bits = Literal[8, 16]
SPLITS = ("train", "test")
_DIVERGED = "the network has diverged: train it anew with lower learning rates."


@dataclass(frozen=True, eq=False)
class Memories:
    """The stored latents of one split: a checkpoint's hippocampus.

    latents: float32 (N, 256); labels: int64 (N,); indices: int64 (N,), each image's place in its
    data set.
    """

    latents: torch.Tensor
    labels: torch.Tensor
    indices: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False, repr=False)
class PadNetwork:
    """A trained network, ready to use; ``load`` makes one. Change nothing in it."""

    networks: Networks
    header: Header
    memories: dict[str, Memories]
    path: Path
    sha256: str

    def __repr__(self) -> str:
        return f"<PadNetwork {self.name} from {printable(str(self.path))}>"

    @property
    def condition(self) -> Condition:
        """What the network lived through in a cycle."""
        return self.header.condition

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of its data set's K classes."""
        return self.header.class_names

    @property
    def history(self) -> list[dict[str, Any]]:
        """One entry per epoch: losses, and what was measured during training."""
        return self.header.history

    @property
    def metrics(self) -> Evaluation:
        """What evaluation recorded."""
        return self.header.metrics

    @property
    def name(self) -> str:
        """A short name for people: 'cifar10 · pad · seed 0 · epoch 20'."""
        return self.header.name

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.networks.encoder.conv1.weight.device

    @torch.no_grad()
    def encode(self, images: Images) -> torch.Tensor:
        """E_z: images → latents (B, 256).

        Args:
            images: (B, 3, 32, 32) or, with channels last, (B, 32, 32, 3); uint8 or float in
                [−1, 1], a tensor or an array; or a Pillow picture of any size, or a list of them.

        Raises:
            PadError: other shapes, types or values.
        """
        return self.networks.encoder.latents(self._input(images))

    @torch.no_grad()
    def generate(self, latents: torch.Tensor | np.ndarray) -> torch.Tensor:
        """G: latents (B, 256), a tensor or an array → images (B, 3, 32, 32), float in (−1, 1).

        Raises:
            PadError: another shape or type, or values that are not finite.
        """
        return self.networks.generator(as_latents(latents, self.device))

    @torch.no_grad()
    def realness(self, images: Images) -> torch.Tensor:
        """d = E_d(x): probability that images, as for ``encode``, are external, (B,) in (0, 1)."""
        return self.networks.encoder.logits(self._input(images)).sigmoid()

    def _input(self, images: Images) -> torch.Tensor:
        return as_network_input(as_batch(images).to(self.device))


def load(path: str | Path, device: torch.device | str = "cpu") -> PadNetwork:
    """Load an exported checkpoint.

    Args:
        path: ``~`` stands for the user's home.
        device: 'auto' is a GPU where there is one.

    Raises:
        PadError: a device that this machine lacks; a file that is missing, truncated, a pickle, of
            another format or a newer version, or whose tensors have wrong shapes, values that are
            not finite, or values that were changed. The message names the file and the tensor.
    """
    path = as_path(path, "checkpoint")
    if isinstance(device, str):
        device = choose_device(device)
    stored, raw_header = read_tensors(path)
    header = Header.from_dict(raw_header, path)
    tensors = _dequantised(stored, path)
    networks = Networks(Encoder(), Generator())
    for part, network in networks._asdict().items():
        _fill(network, tensors, part, path)
        network.eval().requires_grad_(False).to(device)
        network.to(memory_format=torch.channels_last)  # else each pass permutes the weights
    memories = {}
    for split in SPLITS:
        memories[split] = _read_memories(tensors, split, len(header.class_names), path, device)
    unknown = sorted(tensors)
    if unknown:
        raise PadError(f"{path} has a tensor that PAD doesn't know: {unknown[0]!r}.")
    if header.weights_sha256 and header.weights_sha256 != _weights_sha256(stored):
        raise PadError(f"{path} is damaged: its weights have changed since it was written.")
    return PadNetwork(networks, header, memories, path, file_sha256(path))


def load_header(path: str | Path) -> Header:
    """Read a checkpoint's header alone, a few kilobytes: its condition, history and metrics.

    Raises:
        PadError: as ``load``, but for what only the tensors tell.
    """
    path = as_path(path, "checkpoint")
    return Header.from_dict(read_header(path), path)


def save(
    path: str | Path,
    networks: Networks,
    header: Header,
    memories: dict[str, Memories],
    bits: Bits,
) -> Header:
    """Write a checkpoint with weights and memories at 8 or 16 bits; returns its header."""
    tensors = {
        f"{part}.{name}": tensor
        for part, network in zip(Networks._fields, networks, strict=True)
        for name, tensor in network.state_dict().items()
    }
    stored = _quantised(tensors, bits)
    for split, memory in memories.items():
        prefix = f"memories.{split}"
        # One scale per latent dimension: quantised along the first axis of the transpose.
        latents = _quantised({f"{prefix}.latents.weight": memory.latents.T}, bits)
        stored |= latents
        stored[f"{prefix}.labels"] = memory.labels.to(torch.int16)
        stored[f"{prefix}.indices"] = memory.indices.to(torch.int32)
    header = replace(header, weights_sha256=_weights_sha256(stored))
    write_tensors(Path(path), stored, header.to_dict())
    return header


def _weights_sha256(stored: dict[str, torch.Tensor]) -> str:
    return tensors_sha256({k: v for k, v in stored.items() if not k.startswith("memories")})


def rounded(networks: Networks, bits: Bits) -> Networks:
    """Copies of the networks, rounded as a checkpoint of that many bits rounds them."""
    twins = copy.deepcopy(networks)
    for twin in twins:
        twin.load_state_dict(_dequantised(_quantised(twin.state_dict(), bits), Path("memory")))
    return twins


def update_metrics(path: str | Path, metrics: Mapping[str, Any]) -> None:
    """Write metrics into a checkpoint's header; its tensors stay as they are.

    Raises:
        PadError: metrics that a header can't hold; nothing is written then.
    """
    stored, raw_header = read_tensors(Path(path))
    header = Header.from_dict(raw_header, Path(path))
    recorded = cast(Evaluation, {**header.metrics, **metrics})
    merged = replace(header, metrics=recorded).to_dict()
    Header.from_dict(merged, Path(path))
    write_tensors(Path(path), stored, merged)


def update_history(path: str | Path, history: list[dict[str, Any]]) -> None:
    """Replace the history in a checkpoint's header; its tensors stay as they are."""
    stored, raw_header = read_tensors(Path(path))
    header = Header.from_dict(raw_header, Path(path))
    write_tensors(Path(path), stored, replace(header, history=history).to_dict())


def choose_memories(dataset: DataSet, encoder: Encoder) -> dict[str, Memories]:
    """Latents of 2,000 training and 1,000 test images, or of all if there are fewer.

    The choice depends on the data set alone, so that memory i is the same image in every
    network that was trained on it.
    """
    chosen = {}
    for split, wanted in N_MEMORIES.items():
        images: ImageSet = getattr(dataset, split)
        order = torch.randperm(len(images), generator=generator(0, "memories", split))
        indices = order[:wanted].sort().values
        latents = encode_all(encoder, images.images[indices.to(images.images.device)])
        labels = images.labels.cpu()[indices]
        chosen[split] = Memories(latents.cpu(), labels, indices)
    return chosen


def _quantised(tensors: dict[str, torch.Tensor], bits: Bits) -> dict[str, torch.Tensor]:
    """Round weights to ``bits``; biases, which are few, stay float32.

    Raises:
        PadError: a value that isn't finite, or beyond the range of float16.
    """
    stored = {}
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise PadError(f"{name} has values that are not finite; {_DIVERGED}")
        if not name.endswith("weight"):
            stored[name] = tensor.float()
        elif bits == 16:
            stored[name] = tensor.to(torch.float16)
            if not bool(stored[name].isfinite().all()):
                raise PadError(f"{name} has values beyond ±65,504; {_DIVERGED}")
        else:
            axis = _channel_axis(name)
            others = [i for i in range(tensor.ndim) if i != axis]
            scale = tensor.float().abs().amax(dim=others, keepdim=True) / 127.0
            scale = scale.clamp_min(1e-12)
            stored[name] = (tensor / scale).round().to(torch.int8)
            stored[f"{name}.scale"] = scale.flatten()
    return stored


def _dequantised(stored: dict[str, torch.Tensor], path: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for name, tensor in stored.items():
        if name.endswith(".scale"):
            continue
        if tensor.dtype == torch.int8:
            axis = _channel_axis(name)
            scale = stored.get(f"{name}.scale")
            if scale is None or tensor.ndim < 2 or scale.shape != tensor.shape[axis : axis + 1]:
                raise PadError(f"{path}: the scales of tensor {name!r} are missing or misshapen.")
            shape = [-1 if i == axis else 1 for i in range(tensor.ndim)]
            tensor = tensor.float() * scale.float().reshape(shape)
        elif tensor.dtype.is_floating_point:
            tensor = tensor.float()
        if tensor.dtype == torch.float32 and not bool(tensor.isfinite().all()):
            raise PadError(f"{path}: tensor {name!r} has values that are not finite; retrain it.")
        tensors[name] = tensor
    return tensors


def _channel_axis(name: str) -> int:
    """The axis of output channels: the second one in transposed convolutions."""
    return 1 if "tconv" in name else 0


def _fill(
    network: Encoder | Generator, tensors: dict[str, torch.Tensor], part: str, path: Path
) -> None:
    """Move one network's tensors out of ``tensors`` into it."""
    state = {}
    for name, expected in network.state_dict().items():
        found = tensors.pop(f"{part}.{name}", None)
        if found is None:
            raise PadError(f"{path} lacks tensor '{part}.{name}'; export it again.")
        if found.shape != expected.shape:
            raise PadError(
                f"{path}: tensor '{part}.{name}' has shape {tuple(found.shape)}, "
                f"expected {tuple(expected.shape)}; it belongs to another architecture."
            )
        if found.dtype != torch.float32:
            kind = str(found.dtype).removeprefix("torch.")
            raise PadError(
                f"{path}: tensor '{part}.{name}' holds {kind}, which is neither a float nor int8 "
                "with scales; export it again."
            )
        state[name] = found
    network.load_state_dict(state)


def _read_memories(
    tensors: dict[str, torch.Tensor],
    split: str,
    n_classes: int,
    path: Path,
    device: torch.device | str,
) -> Memories:
    prefix = f"memories.{split}"
    empty = torch.empty(0)
    latents = tensors.pop(f"{prefix}.latents.weight", torch.empty((LATENT_SIZE, 0)))
    labels = tensors.pop(f"{prefix}.labels", empty).long()
    indices = tensors.pop(f"{prefix}.indices", empty).long()
    if (
        latents.dtype != torch.float32
        or latents.shape != (LATENT_SIZE, labels.numel())
        or labels.ndim != 1
        or indices.shape != labels.shape
    ):
        raise PadError(f"{path}: the stored {split} memories have wrong shapes; export it again.")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < n_classes:
        raise PadError(f"{path}: a {split} memory has a label without a class name.")
    return Memories(latents.T.contiguous().to(device), labels.to(device), indices)
