"""Linear probes of a network's latents, fitted to a few labelled images a class."""

from __future__ import annotations

from typing import NamedTuple

import torch

from pad_core.evaluation.linear_probe import fit_converged
from pad_core.evaluation.statistics import mean_sem
from pad_core.system.randomness import generator

PER_CLASS = (1, 10, 100)
_TOLERANCE = 5e-4  # so fine that a few latents are not rounded to bfloat16


class FewLabels(NamedTuple):
    """Accuracy in percent over draws of the labelled images: mean, and SD (None for one draw)."""

    mean: float
    sd: float | None


def draw_per_class(labels: torch.Tensor, per_class: int, random: torch.Generator) -> torch.Tensor:
    """Places of ``per_class`` random images of each class, or of all if there are fewer."""
    order = torch.randperm(len(labels), generator=random)
    shuffled = labels.cpu()[order]
    return torch.cat([order[shuffled == k][:per_class] for k in shuffled.unique().tolist()])


def few_label_accuracy(
    train: torch.Tensor,
    train_labels: torch.Tensor,
    test: torch.Tensor,
    test_labels: torch.Tensor,
    n_classes: int,
    per_class: int,
    draws: int,
    seed: int = 0,
) -> FewLabels | None:
    """Converged probes of a few labelled latents; None if a class has too few.

    Args:
        train, test: latents (N, Z) and (M, Z); labels in 0..n_classes − 1.
        draws: how often the labelled images are drawn anew.
        seed: of the draws; the same images for every network.
    """
    if int(train_labels.bincount(minlength=n_classes).min()) < per_class:
        return None
    random = generator(seed, "few labels", per_class)
    accuracies = []
    for _ in range(draws):
        chosen = draw_per_class(train_labels, per_class, random).to(train.device)
        probe = fit_converged(train[chosen], train_labels[chosen], n_classes, _TOLERANCE)
        accuracies.append(probe.accuracy(test, test_labels))
    mean, sem = mean_sem(accuracies)
    return FewLabels(mean, None if sem is None else sem * draws**0.5)
