"""Who judges a dream of a class beside the network that made it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from pad_core.dreaming.reader import Reader
from pad_core.evaluation.frechet import CLASSIFIER_FILE, FeatureNetwork
from pad_core.system.tensors import read_tensors

Judge = Callable[[torch.Tensor], torch.Tensor]
"""From pictures (N, 3, 32, 32) in [−1, 1] to the class of each, (N,)."""


def classifier(dataset: str = "cifar10") -> Judge:
    """The classifier that ships (64.2 % of CIFAR-10's test images), which has never dreamt."""
    tensors, _ = read_tensors(CLASSIFIER_FILE)
    network = FeatureNetwork()
    network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    network.eval()
    head = network.heads[FeatureNetwork.DATASETS.index(dataset)]
    return lambda pictures: head(network(pictures)).argmax(dim=1)


def own(reader: Reader) -> Judge:
    """A network's own probe."""
    return lambda pictures: reader.probe.predict(reader.network.encode(pictures))


def right(judge: Judge, pictures: torch.Tensor, classes: torch.Tensor) -> float:
    """Share of pictures that a judge takes for the classes they were made for, in percent."""
    with torch.inference_mode():
        return 100 * float((judge(pictures) == classes).double().mean())


def right_by_others(
    readers: Sequence[Reader], but: int, pictures: torch.Tensor, classes: torch.Tensor
) -> float:
    """The same, the mean of the probes of all networks but one."""
    shares = [right(own(reader), pictures, classes) for i, reader in enumerate(readers) if i != but]
    return sum(shares) / len(shares)
