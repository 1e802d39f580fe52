"""Checkpoints for the explorer's tests: untrained, real in every other respect."""

from pathlib import Path

from pad_core import checkpoint
from pad_core.checkpoint import Header
from pad_core.conditions import built_in
from pad_core.datasets import DataSet, load_dataset
from pad_core.networks import build_networks


def write_checkpoint(path: Path, condition: str = "pad", seed: int = 0) -> Path:
    """A checkpoint of a network without experience, on the data set that ships."""
    data: DataSet = load_dataset("fashion-mini")
    networks = build_networks(seed)
    for network in networks:  # strong enough for dreams that differ
        for layer in network.children():
            layer.weight.data.mul_(3.0)
    header = Header(
        built_in(condition), checkpoint.describe(data), data.class_names, seed=seed, epoch=1
    )
    memories = checkpoint.choose_memories(data, networks.encoder)
    checkpoint.save(path, networks, header, memories, bits=8)
    return path
