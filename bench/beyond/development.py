"""The dreaming development: how like Wake's activity sleep's is, over the epochs of training."""

from __future__ import annotations

import torch

import pad_core
from bench.beyond.common import ROOT, SEEDS, images, networks, print_table, spread
from pad_core.dreaming.development import likeness, newborn
from pad_core.model.condition import Mixture
from pad_core.model.networks import Networks

N = 300  # test photographs
DRAWS = (0, 1, 2)  # of masks, noise and partners
PAIRS = ("wake-nrem", "wake-rem", "nrem-rem")
LAYERS = ("conv1", "conv3", "z")


def measure() -> None:
    """Print the tables."""
    seen = images().test.images[:N]
    folder = ROOT / "checkpoints"
    grown = networks("pad")
    mixture = grown[0].condition.rem_mixture
    stages: dict[str, list[Networks]] = {
        "0, untrained": [newborn(n) for n in grown],
        "1": [pad_core.load(folder / "cifar10-pad-seed0-epoch1.safetensors").networks],
        "20": [pad_core.load(folder / "cifar10-pad-seed0-epoch20.safetensors").networks],
        "50": [n.networks for n in grown],
    }
    rows = [_row(epoch, found, seen, mixture) for epoch, found in stages.items()]
    head = ["epoch", "networks", *(f"{layer}, {pair}" for layer in LAYERS for pair in PAIRS)]
    print_table(f"PAD: correlation of activity, {N} photographs, {len(DRAWS)} draws", head, rows)
    rows = [
        _row(condition, [n.networks for n in networks(condition)], seen, mixture)
        for condition in SEEDS
    ]
    print_table("After 50 epochs, all with PAD's REM", ["condition", *head[1:]], rows)


def _row(name: str, found: list[Networks], seen: torch.Tensor, mixture: Mixture) -> list[str]:
    values: dict[tuple[str, str], list[float]] = {}
    for network in found:
        draws = [likeness(network, seen, mixture, seed) for seed in DRAWS]
        for layer in LAYERS:
            for pair in PAIRS:
                mean = sum(draw[layer][pair] for draw in draws) / len(draws)
                values.setdefault((layer, pair), []).append(mean)
    return [name, f"{len(found)}", *(spread(some, 3) for some in values.values())]
