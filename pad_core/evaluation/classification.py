"""Which classes a classifier confuses: confusion matrix, accuracy of each class, chance."""

from __future__ import annotations

import math

import torch


def confusion_matrix(labels: torch.Tensor, predicted: torch.Tensor, n_classes: int) -> torch.Tensor:
    """Counts (K, K): rows are the true classes, columns the predicted ones.

    Args:
        labels, predicted: (N,) in 0..K − 1.
    """
    pairs = labels * n_classes + predicted
    return torch.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def class_accuracies(confusion: torch.Tensor) -> list[float]:
    """Percent right of each true class, from a matrix (K, K); NaN for a class without images."""
    right, of = confusion.diagonal().double(), confusion.sum(dim=1).double()
    return (100 * right / of).tolist()  # 0 / 0 is NaN


def balanced_accuracy(confusion: torch.Tensor) -> float:
    """Mean of the class accuracies, in percent; all classes count alike, whatever their size."""
    known = [value for value in class_accuracies(confusion) if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def majority_accuracy(train_labels: torch.Tensor, labels: torch.Tensor) -> float:
    """Percent right by always naming the most frequent class of training: chance."""
    most = train_labels.bincount().argmax()
    return 100 * (labels == most.to(labels.device)).double().mean().item()
