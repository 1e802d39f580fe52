"""Hybrids: are dreams of two classes more hybrid than other pictures, and who says so?"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch

from bench.beyond.common import all_memories, networks, print_table, spread
from pad_core.checkpoint.file import Memories, PadNetwork
from pad_core.dreaming.hybrids import hybridness, members, search
from pad_core.dreaming.reader import Reader
from pad_core.evaluation.frechet import CLASSIFIER_FILE, FeatureNetwork
from pad_core.model.condition import Mixture
from pad_core.model.dreams import rem_dreams
from pad_core.system.tensors import read_tensors

PAIRS = tuple(itertools.combinations(range(10), 2))
N = 20  # dreams of each pair of classes
Judge = Callable[[torch.Tensor], torch.Tensor]
NOISE = {"memories alone (λ′ = 1)": 1.0, "as trained (λ′ = 0.5)": 0.5}


def measure() -> None:
    """Print the tables."""
    found = [(n, Reader.fit(n)) for n in networks("pad")]
    _kinds(found)
    _shares(found)
    _search(found)


def _classifier() -> Judge:
    """Class probabilities of the classifier that ships, which has never seen a dream."""
    tensors, _ = read_tensors(CLASSIFIER_FILE)
    network = FeatureNetwork()
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    network.eval()
    head = network.heads[FeatureNetwork.DATASETS.index("cifar10")]
    return lambda pictures: head(network(pictures)).softmax(dim=1)


def _probe(network: PadNetwork, reader: Reader) -> Judge:
    return lambda pictures: reader.probe.probabilities(network.encode(pictures))


def _pairs(memories: Memories) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Places of N pairs of memories of each pair of classes, and their classes."""
    one = torch.cat([members(memories, a, N, 0) for a, _ in PAIRS])
    other = torch.cat([members(memories, b, N, 1) for _, b in PAIRS])
    return one, other, torch.tensor(PAIRS).repeat_interleave(N, dim=0)


def _both(judge: Judge, pictures: torch.Tensor, classes: torch.Tensor) -> float:
    probabilities = torch.cat([judge(batch) for batch in pictures.split(250)])
    return float(hybridness(probabilities, classes[:, 0], classes[:, 1]).mean())


def _kinds(found: list[tuple[PadNetwork, Reader]]) -> None:
    classifier = _classifier()
    table: dict[str, list[list[float]]] = {}
    for network, reader in found:
        memories = all_memories(network)
        one, other, classes = _pairs(memories)
        z, z_old = memories.latents[one], memories.latents[other]
        first, second = network.generate(z), network.generate(z_old)
        kinds = {"the first memory alone": first, "the mean of both pictures": (first + second) / 2}
        for name, share in NOISE.items():
            mixture = Mixture(0.5, share, 1.0)
            kinds[f"REM dreams, {name}"] = rem_dreams(network.networks, z, z_old, mixture, 0).dreams
        for name, share in NOISE.items():
            # Dreams of two memories of the first class: what is called hybrid by mistake.
            mixture = Mixture(0.5, share, 1.0)
            same = memories.latents[torch.cat([members(memories, a, N, 2) for a, _ in PAIRS])]
            kinds[f"dreams of two of the first class, {name}"] = rem_dreams(
                network.networks, z, same, mixture, 0
            ).dreams
        judges = (_probe(network, reader), classifier)
        for name, pictures in kinds.items():
            values = [_both(judge, pictures, classes) for judge in judges]
            table.setdefault(name, []).append(values)
    rows = []
    for name, values in table.items():
        by_judge = zip(*values, strict=True)
        rows.append([name, *(spread(some, 3) for some in by_judge)])
    title = f"Hybridness, mean over {len(PAIRS)} pairs of classes, {N} pictures each; PAD"
    print_table(title, ["pictures", "in the probe's eyes", "in the classifier's"], rows)


def _shares(found: list[tuple[PadNetwork, Reader]]) -> None:
    classifier = _classifier()
    rows = []
    for lam in (0.0, 0.25, 0.4, 0.5, 0.6, 0.75, 1.0):
        values: list[list[float]] = [[], []]
        for network, reader in found:
            memories = all_memories(network)
            one, other, classes = _pairs(memories)
            pictures = rem_dreams(
                network.networks,
                memories.latents[one],
                memories.latents[other],
                Mixture(lam, 1.0, 0.0),
                0,
            ).dreams
            for some, judge in zip(values, (_probe(network, reader), classifier), strict=True):
                some.append(_both(judge, pictures, classes))
        rows.append([f"{lam:g}", *(spread(some, 3) for some in values)])
    print_table(
        "By λ, memories alone; PAD", ["λ", "in the probe's eyes", "in the classifier's"], rows
    )


def _search(found: list[tuple[PadNetwork, Reader]]) -> None:
    """Eight dreams of each of five pairs of classes, by dreams tried."""
    classifier = _classifier()
    pairs = PAIRS[::9]
    steps = (1, 4, 16)
    table: dict[int, list[list[float]]] = {step: [] for step in steps}
    for network, reader in found:
        memories = all_memories(network)
        values: dict[int, list[tuple[float, float]]] = {step: [] for step in steps}
        for pair in pairs:
            looking = search(reader, memories, pair, 8, Mixture(0.5, 0.5, 1.0), 0)
            for step, state in enumerate(itertools.islice(looking, max(steps)), start=1):
                if step in steps:
                    best = state.best
                    judged = _both(classifier, best.images, best.classes)
                    values[step].append((float(best.hybridness.mean()), judged))
        for step, some in values.items():
            by_judge = zip(*some, strict=True)
            table[step].append([sum(one) / len(one) for one in by_judge])
    rows = []
    for step, some in table.items():
        by_judge = zip(*some, strict=True)
        rows.append([f"{64 * step}", *(spread(one, 3) for one in by_judge)])
    head = ["dreams tried", "in the probe's eyes", "in the classifier's"]
    print_table(f"The 8 most hybrid dreams of {len(pairs)} pairs of classes; PAD", head, rows)
