"""Nearest neighbours: which training image is closest, and which class its neighbours have.

Vectors are (N, F), on any device. uint8 images (N, 3, H, W) are converted to [−1, 1] block by
block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch

from pad_core.data.images import to_unit
from pad_core.errors import PadError

Metric = Literal["cosine", "euclidean"]
_QUERIES, _REFERENCES = 1_000, 5_000  # compared at once: 20 MB of scores
_SMALLEST_NORM = 1e-12


class Nearest(NamedTuple):
    """The k nearest references of each query, nearest first: distances and places, (Q, k)."""

    distances: torch.Tensor
    places: torch.Tensor


@torch.inference_mode()
def nearest(
    queries: torch.Tensor, references: torch.Tensor, k: int = 1, metric: Metric = "euclidean"
) -> Nearest:
    """The k nearest references of each query, by exhaustive search.

    Args:
        queries, references: (Q, …) and (R, …) of the same shape behind the first axis, R ≥ k.
        metric: 'cosine' compares directions: the distance is 1 − cos.

    Raises:
        PadError: fewer references than k.
    """
    if not 1 <= k <= len(references):
        raise PadError(f"{k} nearest neighbours need as many references, not {len(references)}.")
    device = queries.device
    # Half the squared distance, less a part that all references share. The mean is subtracted
    # first, so that little precision is lost.
    centre = None
    if metric == "euclidean":
        centre = _vectors(references[:: max(1, len(references) // 1_000)], device).mean(dim=0)
    found, places = [], []
    for query in queries.split(_QUERIES):
        q = _prepared(query, device, metric, centre)
        best = q.new_empty((len(q), 0))
        where = torch.empty((len(q), 0), dtype=torch.long, device=device)
        for first in range(0, len(references), _REFERENCES):
            r = _prepared(references[first : first + _REFERENCES], device, metric, centre)
            scores = torch.addmm(-0.5 * r.square().sum(dim=1), q, r.T)
            near = scores.topk(min(k, len(r)), dim=1)
            best, where = (
                torch.cat([best, near.values], dim=1),
                torch.cat([where, near.indices + first], dim=1),
            )
            if best.shape[1] > k:
                kept = best.topk(k, dim=1)
                best, where = kept.values, where.gather(1, kept.indices)
        squared = (q.square().sum(dim=1, keepdim=True) - 2 * best).clamp_min(0)
        found.append(squared / 2 if metric == "cosine" else squared.sqrt())
        places.append(where)
    return Nearest(torch.cat(found), torch.cat(places))


def votes(labels: torch.Tensor, n_classes: int) -> torch.Tensor:
    """The class with the most votes among labels (Q, k); on a tie, the first such class."""
    counts = torch.zeros((len(labels), n_classes), device=labels.device)
    counts.scatter_add_(1, labels, torch.ones_like(labels, dtype=counts.dtype))
    return counts.argmax(dim=1)


def knn_accuracy(
    train: torch.Tensor,
    train_labels: torch.Tensor,
    test: torch.Tensor,
    test_labels: torch.Tensor,
    ks: Sequence[int] = (20, 200),
    metric: Metric = "cosine",
) -> dict[int, float]:
    """Accuracy in percent of a majority vote of the k nearest training latents, for each k.

    Every neighbour has one vote, as in scikit-learn's KNeighborsClassifier. A k above the number
    of training latents is left out.
    """
    possible = [k for k in ks if k <= len(train)]
    if not possible:
        return {}
    places = nearest(test, train, max(possible), metric).places
    near = train_labels.to(places.device)[places]
    n_classes = int(train_labels.max()) + 1
    truth = test_labels.to(places.device)
    return {
        k: 100 * (votes(near[:, :k], n_classes) == truth).double().mean().item() for k in possible
    }


def _vectors(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    moved = values.to(device)
    return (to_unit(moved) if moved.dtype == torch.uint8 else moved.float()).flatten(1)


def _prepared(
    values: torch.Tensor, device: torch.device, metric: Metric, centre: torch.Tensor | None
) -> torch.Tensor:
    vectors = _vectors(values, device)
    if centre is not None:
        return vectors - centre
    return vectors / vectors.norm(dim=1, keepdim=True).clamp_min(_SMALLEST_NORM)
