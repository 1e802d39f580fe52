"""An associative hippocampus: what it recalls, from how little, and what it blends."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bench.beyond.common import SEEDS, all_memories, networks, print_table, spread
from pad_core.checkpoint.file import PadNetwork
from pad_core.dreaming.hopfield import Cue, Hopfield, Recall, cues
from pad_core.dreaming.reader import Reader
from pad_core.model.dreams import nrem_dreams, pick_memories, rem_dreams

N_CUES = 50
N_NOISE = 200
BETA = 40.0
CUE_SEEDS = (0, 1, 2)
CONDITIONS = tuple(SEEDS)
CUES: tuple[tuple[Cue, float], ...] = (
    ("noisy", 0.5),
    ("noisy", 0.7),
    ("partial", 0.8),
    ("partial", 0.95),
    ("occluded", 0.3),
    ("occluded", 0.6),
)


def measure() -> None:
    """Print the tables."""
    _capacity()
    _temperature()
    _conditions()
    _noise()
    _dreams()


def _recall(
    network: PadNetwork, stored: int, beta: float, kind: Cue, amount: float, seed: int
) -> tuple[Recall, torch.Tensor]:
    """N_CUES recalls of the first of ``stored`` memories, and the weight of the right one."""
    memories = all_memories(network).latents
    kept = memories[pick_memories(len(memories), stored, seed, "stored")]
    wanted = kept[:N_CUES]
    recall = Hopfield.of(kept, beta).recall(cues(network.networks, wanted, kind, amount, seed))
    own = torch.arange(len(wanted))
    return recall, recall.weights[own, own]


def _over_seeds(value: Callable[[int], float]) -> float:
    return sum(map(value, CUE_SEEDS)) / len(CUE_SEEDS)


def _right(network: PadNetwork, stored: int, beta: float, kind: Cue, amount: float) -> float:
    """Percent of cues that come to their own memory, with more than half of the weight."""

    def one(seed: int) -> float:
        _, own = _recall(network, stored, beta, kind, amount, seed)
        return 100 * (own > 0.5).double().mean().item()

    return _over_seeds(one)


def _cue_names() -> list[str]:
    return [f"{kind} {amount:g}" for kind, amount in CUES]


def _capacity() -> None:
    found = networks("pad")
    rows = []
    for stored in (100, 300, 1000, 3000):
        values = [
            spread(_right(n, stored, BETA, kind, amount) for n in found) for kind, amount in CUES
        ]
        rows.append([f"{stored}", *values])
    title = f"Recalled, %, by memories stored; PAD, β = {BETA:g}"
    print_table(title, ["stored", *_cue_names()], rows)


def _temperature() -> None:
    found = networks("pad")
    rows = []
    for beta in (10.0, 20.0, 40.0, 80.0):
        right = spread(_right(n, 3000, beta, "noisy", 0.5) for n in found)
        own = spread(_right(n, 3000, beta, "noisy", 0.0) for n in found)
        mixed, blended, ends = [], [], []
        for n in found:
            recalls = [_recall(n, 3000, beta, "noisy", 0.5, seed)[0] for seed in CUE_SEEDS]
            blends = torch.cat([r.blended for r in recalls])
            mixed.append(100 * (blends > 1.5).double().mean().item())
            blended.append(float(blends.median()))
            ends.append(_over_seeds(lambda s, r=recalls: len(r[s].strongest.unique())))
        rows.append([f"{beta:g}", own, right, spread(mixed), spread(blended), spread(ends, 0)])
    head = ["β", "memories at rest, %", "recalled from noisy 0.5, %", "mixtures, %"]
    head += ["memories in a recall, median", f"different ends of {N_CUES} cues"]
    print_table("By inverse temperature; PAD, 3,000 stored", head, rows)


def _conditions() -> None:
    rows = []
    for condition in CONDITIONS:
        found = networks(condition)
        values = [
            spread(_right(n, 3000, BETA, kind, amount) for n in found) for kind, amount in CUES
        ]
        rows.append([condition, f"{len(found)}", *values])
    title = f"Recalled, %, by what the network lived through; 3,000 stored, β = {BETA:g}"
    print_table(title, ["condition", "networks", *_cue_names()], rows)


def _noise() -> None:
    rows = []
    for condition in ("pad",):
        different, top, realness, bare = [], [], [], []
        for n in networks(condition):
            for seed in CUE_SEEDS:
                memories = all_memories(n).latents
                noise = cues(n.networks, memories[:N_NOISE], "noise", 1.0, seed)
                recall = Hopfield.of(memories, BETA).recall(noise)
                counts = recall.strongest.bincount()
                different.append(float((counts > 0).sum()))
                top.append(100 * float(counts.max()) / len(noise))
                realness.append(n.realness(n.generate(recall.latents)).mean().item())
                bare.append(n.realness(n.generate(noise)).mean().item())
        values = [spread(different, 0), spread(top), spread(realness, 2), spread(bare, 2)]
        rows.append([condition, *values])
    head = ["condition", "different memories", "share of the commonest, %"]
    head += ["d of what is recalled", "d of the noise itself"]
    print_table(f"What {N_NOISE} draws of noise recall of 3,000, β = {BETA:g}", head, rows)


def _dreams() -> None:
    found = networks("pad")
    readers = [Reader.fit(n) for n in found]
    rows = []
    for beta in (None, 80.0, 40.0, 20.0, 10.0):
        error, real, distance, certain = [], [], [], []
        for n, reader in zip(found, readers, strict=True):
            memories = all_memories(n).latents
            places = pick_memories(len(memories), 2 * N_CUES, 0, "dreams")
            recalled = memories[places]
            if beta is not None:
                cue = cues(n.networks, recalled, "noisy", 0.5, 0)
                recalled = Hopfield.of(memories, beta).recall(cue).latents
            one, other = recalled.split(N_CUES)
            nrem = nrem_dreams(n.networks, one, 0.3, 4, 0)
            rem = rem_dreams(n.networks, one, other, n.condition.rem_mixture, 0)
            seen = reader.interpret(rem.encoded, rem.realness.numpy())
            error.append(nrem.error.mean().item())
            real.append(rem.realness.mean().item())
            distance.append(float(seen.distance.mean()))
            certain.append(100 * float(seen.probabilities.max(axis=1).mean()))
        name = "exact memories" if beta is None else f"recalls, β = {beta:g}"
        values = [spread(error, 3), spread(real, 2), spread(distance, 2), spread(certain)]
        rows.append([name, *values])
    head = ["dreams of", "NREM error (30 % occluded)", "d of REM dreams"]
    head += ["their distance to the nearest memory", "probe's confidence, %"]
    print_table(
        "Dreams of recalls from noisy cues (0.5) instead of exact memories; PAD", head, rows
    )
