"""How similar two representations of the same images are: linear CKA and RSA.

Representations are float tensors (N, F) and (N, G) on one device; row i of both is image i.
Neither measure changes with the scale of a representation; CKA does not change with a rotation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from pad_core.errors import PadError


@torch.inference_mode()
def linear_cka(one: torch.Tensor, other: torch.Tensor) -> float:
    """Linear centred kernel alignment, from 0 to 1 (Kornblith et al. 2019, Eq. 4).

    NaN if all rows of a representation are the same.

    Raises:
        PadError: representations of different numbers of images, or of fewer than three.
    """
    _check(one, other)
    if max(one.shape[1], other.shape[1]) > len(one):  # then Gram matrices are smaller
        return gram_alignment(gram(one), gram(other))
    x, y = _centred(one), _centred(other)
    own = float((x.T @ x).norm() * (y.T @ y).norm())
    return float((y.T @ x).square().sum()) / own if own > 0 else math.nan


@torch.inference_mode()
def gram(representation: torch.Tensor) -> torch.Tensor:
    """Inner products of the centred patterns of a representation (N, F): float64 (N, N)."""
    centred = _centred(representation)
    return centred @ centred.T


@torch.inference_mode()
def gram_alignment(one: torch.Tensor, other: torch.Tensor) -> float:
    """The cosine of two Gram matrices (N, N): ``linear_cka`` of their representations.

    Raises:
        PadError: as for ``linear_cka``.
    """
    _check(one, other)
    own = float(one.norm() * other.norm())
    return float((one * other).sum()) / own if own > 0 else math.nan


@torch.inference_mode()
def dissimilarities(representation: torch.Tensor) -> torch.Tensor:
    """1 − Pearson's correlation of the patterns of each pair of images: (N(N−1)/2,), float64.

    Pairs are in the order of the upper triangle, row by row. A pattern without variance has
    correlation 0 with all others.
    """
    patterns = representation.double()
    patterns = patterns - patterns.mean(dim=1, keepdim=True)
    patterns = torch.nn.functional.normalize(patterns, dim=1)
    rows, columns = torch.triu_indices(
        len(patterns), len(patterns), 1, device=patterns.device
    ).unbind()
    return 1 - (patterns @ patterns.T)[rows, columns]


@torch.inference_mode()
def representational_similarity(one: torch.Tensor, other: torch.Tensor) -> float:
    """Spearman's correlation of both representations' dissimilarities, from −1 to 1.

    Representational similarity analysis (Kriegeskorte et al. 2008). NaN if all images of a
    representation are equally dissimilar.

    Raises:
        PadError: representations of different numbers of images, or of fewer than three.
    """
    _check(one, other)
    return _rank_correlation(_ranks(dissimilarities(one)), _ranks(dissimilarities(other)))


class Similarities(NamedTuple):
    """Matrices (M, M) over M representations, as nested lists; the diagonals are 1."""

    cka: list[list[float]]
    rsa: list[list[float]]


class Geometry(NamedTuple):
    """What both measures need of one representation of N images, whatever its width.

    gram: see ``gram``, (N, N); ranks: of the dissimilarities, less their mean, (N(N−1)/2,); both
    float64.
    """

    gram: torch.Tensor
    ranks: torch.Tensor


@torch.inference_mode()
def geometry_of(representation: torch.Tensor) -> Geometry:
    """The geometry of a representation (N, F)."""
    return Geometry(gram(representation), _ranks(dissimilarities(representation)))


@torch.inference_mode()
def pairwise(geometries: Sequence[Geometry]) -> Similarities:
    """Linear CKA and RSA of each pair of representations, given their geometries.

    Raises:
        PadError: representations of different numbers of images, or of fewer than three.
    """
    m = len(geometries)
    cka, rsa = ([[1.0] * m for _ in range(m)] for _ in range(2))
    for i, one in enumerate(geometries):
        for j, other in enumerate(geometries[:i]):
            cka[i][j] = cka[j][i] = gram_alignment(one.gram, other.gram)
            rsa[i][j] = rsa[j][i] = _rank_correlation(one.ranks, other.ranks)
    return Similarities(cka, rsa)


def _check(one: torch.Tensor, other: torch.Tensor) -> None:
    if len(one) != len(other) or len(one) < 3:
        raise PadError(
            "Representations are compared on the same images, three or more, not on "
            f"{len(one)} and {len(other)}."
        )


def _centred(values: torch.Tensor) -> torch.Tensor:
    wide = values.double()
    return wide - wide.mean(dim=0)


def _ranks(values: torch.Tensor) -> torch.Tensor:
    """Ranks from 1, less the mean of all ranks; equal values share their mean rank."""
    _, place, counts = values.unique(return_inverse=True, return_counts=True)
    last = counts.cumsum(0).double()
    ranks = (last - (counts.double() - 1) / 2)[place]
    return ranks - ranks.mean()


def _rank_correlation(one: torch.Tensor, other: torch.Tensor) -> float:
    length = float(one.norm() * other.norm())
    return float(one @ other) / length if length > 0 else math.nan
