"""Lesions: how often a dream is taken for real, and what a damaged hippocampus makes of dreams."""

from __future__ import annotations

import statistics

import torch

from bench.beyond.common import SEEDS, all_memories, images, networks, print_table, spread
from pad_core.checkpoint.file import PadNetwork
from pad_core.data.images import to_unit
from pad_core.dreaming.lesions import DAMAGES, LESIONS, hallucination_curve, replay
from pad_core.dreaming.night import diversity
from pad_core.dreaming.reader import Reader
from pad_core.model.dreams import pick_memories, rem_dreams

N = 1000  # dreams, and photographs
AMOUNTS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
LESION_SEEDS = (0, 1, 2, 3, 4)
CONDITIONS = tuple(c for c in SEEDS if c not in ("wo_rem", "wake_only"))  # d was trained


def measure() -> None:
    """Print the tables."""
    photographs = to_unit(images().test.images[:N])
    _hallucinations(photographs)
    _hippocampus()


def _dreams(network: PadNetwork) -> torch.Tensor:
    memories = all_memories(network).latents
    one, other = memories[pick_memories(len(memories), 2 * N, 0, "dreams")].split(N)
    return rem_dreams(network.networks, one, other, network.condition.rem_mixture, 0).dreams


def _hallucinations(photographs: torch.Tensor) -> None:
    for condition in CONDITIONS:
        rows = []
        found = [(n.networks.encoder, _dreams(n)) for n in networks(condition)]
        for kind in LESIONS:
            curves = [
                [
                    hallucination_curve(encoder, dreams, photographs, kind, AMOUNTS, seed)
                    for seed in (LESION_SEEDS if kind != "scale" else (0,))
                ]
                for encoder, dreams in found
            ]
            for name, field in (("dreams", "dreams"), ("photographs", "pictures")):
                values = []
                for i in range(len(AMOUNTS)):
                    of_networks = [
                        statistics.fmean(getattr(curve[i], field) for curve in of_seeds)
                        for of_seeds in curves
                    ]
                    values.append(spread(of_networks))
                rows.append([f"{kind}: {name} taken for real, %", *values])
        title = f"By share of damage; {condition}, {len(found)} networks"
        print_table(title, ["lesion", *(f"{a:g}" for a in AMOUNTS)], rows)


def _hippocampus() -> None:
    found = networks("pad")
    readers = [Reader.fit(n) for n in found]
    rows = []
    for kind in DAMAGES:
        for amount in (0.0, 0.25, 0.5, 0.75, 1.0):
            if amount == 0.0 and rows:
                continue  # healthy is the same whatever the kind
            real, far, certain, varied, classes = [], [], [], [], []
            for n, reader in zip(found, readers, strict=True):
                mixture = n.condition.rem_mixture
                memories = all_memories(n)
                one, other = replay(memories, 2 * N, kind, amount, 0, label=3).latents.split(N)
                rem = rem_dreams(n.networks, one, other, mixture, 0)
                seen = reader.interpret(rem.encoded, rem.realness.numpy())
                real.append(100 * float((rem.realness > 0.5).double().mean()))
                far.append(float(seen.distance.mean()))
                certain.append(100 * float(seen.probabilities.max(axis=1).mean()))
                varied.append(diversity(rem.encoded) / reader.spacing)
                commonest = torch.from_numpy(seen.probabilities).argmax(dim=1).bincount()
                classes.append(100 * float(commonest.max()) / N)
            name = "healthy" if amount == 0.0 else f"{kind} {amount:g}"
            values = [spread(real), spread(far, 2), spread(certain), spread(varied, 2)]
            rows.append([name, *values, spread(classes)])
    head = ["hippocampus", "dreams taken for real, %", "distance to the nearest memory"]
    head += ["probe's confidence, %", "distance between dreams", "share of the commonest class, %"]
    print_table(f"{N} REM dreams of replayed memories; PAD, {len(found)} networks", head, rows)
