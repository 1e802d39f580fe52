"""A dream night: what the filter keeps, and whether a linear probe learns from it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import torch

from bench.beyond.common import codes, images, networks, print_table, spread
from pad_core.checkpoint.file import Memories, PadNetwork
from pad_core.data.load import DataSet
from pad_core.dreaming.goals import Goal
from pad_core.dreaming.night import Dreams, Scores, Weights, diversity, dream, remember, score
from pad_core.dreaming.reader import Reader
from pad_core.evaluation.linear_probe import fit_converged, train_sgd
from pad_core.system.randomness import generator

N_LABELLED = 1000  # photographs whose labels are known, all of the memories dreamed of
N_DREAMS, N_KEPT = 2000, 200
N_TEST = 5000
SEEDS = (0, 1, 2, 3, 4)  # of the photographs, the night and the probe
MARKED = (Goal("class", 3),)  # cats are emotional
FILTERS = {
    "realness": Weights(1, 0, 0, 0),
    "novelty": Weights(0, 1, 0, 0),
    "against novelty": Weights(0, -1, 0, 0),
    "coherence": Weights(0, 0, 1, 0),
    "salience (cat)": Weights(0, 0, 0, 1),
    "all four alike": Weights(),
}


def measure() -> None:
    """Print the tables."""
    data = images()
    _nights("pad", data)


def _labelled(network: PadNetwork, data: DataSet, seed: int) -> Memories:
    places = torch.randperm(len(data.train), generator=generator(seed, "labelled"))[:N_LABELLED]
    return Memories(codes(network, data.train.images[places]), data.train.labels[places], places)


def _kept(scores: Scores, seed: int) -> dict[str, torch.Tensor]:
    """Places of the dreams that each filter keeps, and of as many drawn at random."""
    forgetting = 1 - N_KEPT / N_DREAMS
    kept = {name: remember(scores, w, forgetting).kept for name, w in FILTERS.items()}
    random = torch.randperm(N_DREAMS, generator=generator(seed, "random choice"))[:N_KEPT]
    return {"random": random, **kept}


def _nights(condition: str, data: DataSet) -> None:
    """One table: means over nights of each network, then mean and deviation over networks."""
    columns: dict[str, list[list[list[float]]]] = {}
    bases: list[list[list[float]]] = []
    found = networks(condition)
    for network in found:
        reader = Reader.fit(network)
        test = codes(network, data.test.images[:N_TEST])
        per_seed: dict[str, list[list[float]]] = {}
        base: list[list[float]] = []
        for seed in SEEDS:
            memories = _labelled(network, data, seed)
            alone = _accuracies(memories.latents, memories.labels, test, data, seed)
            base.append(alone)
            mixture = network.condition.rem_mixture
            dreams = dream(reader, memories, N_DREAMS, mixture, seed)
            scores = score(reader, dreams, MARKED)
            for name, kept in _kept(scores, seed).items():
                learnt = _with_dreams(memories, dreams, kept, test, data, seed)
                per_seed.setdefault(name, []).append(
                    [
                        diversity(dreams.encoded[kept]) / reader.spacing,
                        float(scores.novelty[kept].mean()),
                        float(scores.realness[kept].mean()),
                        float(scores.coherence[kept].mean()),
                        float(scores.salience[kept].mean()),
                        learnt[0] - alone[0],
                        learnt[1] - alone[1],
                    ]
                )
        bases.append(base)
        for name, values in per_seed.items():
            columns.setdefault(name, []).append(values)
    n = len(found)
    rows = []
    for name, of_networks in columns.items():
        means = [_means(values) for values in of_networks]
        gains = [[value[i] for values in of_networks for value in values] for i in (-2, -1)]
        plain = [spread((m[i] for m in means), 2) for i in range(5)]
        rows.append([name, *plain, *(_gain(some) for some in gains)])
    start = [spread(_means(base)[i] for base in bases) for i in (0, 1)]
    print_table(
        f"{condition}: {N_KEPT} of {N_DREAMS} dreams kept; {n} networks, {len(SEEDS)} nights each; "
        f"linear probes of {N_LABELLED} labelled photographs alone: {start[0]} % converged, "
        f"{start[1]} % by the paper's protocol",
        [
            "kept by",
            "distance between dreams",
            "novelty",
            "d",
            "coherence",
            "salience",
            "converged probe, points",
            "paper's protocol, points",
        ],
        rows,
    )


def _with_dreams(
    memories: Memories,
    dreams: Dreams,
    kept: torch.Tensor,
    test: torch.Tensor,
    data: DataSet,
    seed: int,
) -> list[float]:
    """Each dream counts twice, once with the label of either memory."""
    latents = torch.cat([memories.latents, dreams.encoded[kept], dreams.encoded[kept]])
    labels = torch.cat(
        [
            memories.labels,
            memories.labels[dreams.first[kept]],
            memories.labels[dreams.second[kept]],
        ]
    )
    return _accuracies(latents, labels, test, data, seed)


def _accuracies(
    latents: torch.Tensor, labels: torch.Tensor, test: torch.Tensor, data: DataSet, seed: int
) -> list[float]:
    """Accuracy on test photographs, %: converged, and by the paper's protocol."""
    truth, n_classes = data.test.labels[:N_TEST], len(data.class_names)
    probes = (
        fit_converged(latents, labels, n_classes),
        train_sgd(latents, labels, n_classes, seed),
    )
    return [probe.accuracy(test, truth) for probe in probes]


def _means(values: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.fmean(column) for column in zip(*values, strict=True)]


def _gain(values: Sequence[float]) -> str:
    """Mean ± standard deviation over all nights of all networks, and in how many it is above 0."""
    above = sum(value > 0 for value in values)
    return f"{spread(values, 2)} (> 0 in {above} of {len(values)})"
