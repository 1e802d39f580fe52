"""What the measurements share: networks, images and their latents, tables with their spread."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

import pad_core
from pad_core.checkpoint.file import Memories, PadNetwork
from pad_core.data.load import DataSet, load_dataset
from pad_core.model.networks import encode_all

ROOT = Path(__file__).resolve().parents[2]
CIFAR10 = "parquet:data/cifar10-jpeg"
# Seeds of the networks that were trained for 50 epochs on CIFAR-10, by condition.
SEEDS = {
    "pad": (0, 1, 2),
    "wo_memory_mix": (0, 1, 2),
    "wo_rem": (0, 1),
    "wo_nrem": (0, 1),
    "wake_only": (0, 1),
}


def networks(condition: str) -> list[PadNetwork]:
    """The networks of a condition, seed by seed."""
    folder = ROOT / "checkpoints"
    return [
        pad_core.load(folder / f"cifar10-{condition}-seed{seed}.safetensors")
        for seed in SEEDS[condition]
    ]


def all_memories(network: PadNetwork) -> Memories:
    """The 3,000 stored latents, training ones first."""
    train, test = network.memories["train"], network.memories["test"]
    return Memories(
        torch.cat([train.latents, test.latents]),
        torch.cat([train.labels, test.labels]),
        torch.cat([train.indices, test.indices]),
    )


def images() -> DataSet:
    """CIFAR-10, re-encoded as JPEG."""
    return load_dataset(CIFAR10)


def codes(network: PadNetwork, pictures: torch.Tensor) -> torch.Tensor:
    """Latents (N, Z) of images (N, 3, 32, 32), uint8."""
    return encode_all(network.networks.encoder, pictures)


def spread(values: Iterable[float], digits: int = 1) -> str:
    """'48.3 ± 0.2': the mean and the standard deviation, or the one value that there is."""
    found = list(values)
    mean = f"{statistics.fmean(found):.{digits}f}"
    return mean if len(found) < 2 else f"{mean} ± {statistics.stdev(found):.{digits}f}"


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table in Markdown."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
