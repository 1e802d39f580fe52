"""Means over seeds, intervals over images, and tests: of differences, of trends, of many at once.

The error of a difference has one or several independent parts, such as test images and probe
seeds, each estimated from few samples. Student's t tests it, with the degrees of freedom of Welch
and Satterthwaite; with one part on either side this is Welch's test. SciPy takes a second to load,
so it is imported where it is used.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def mean_sem(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard error of the mean, which is None for a single value.

    The mean of no value is NaN.
    """
    if not values:
        return math.nan, None
    if len(values) < 2:
        return float(np.mean(values)), None
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))


def accuracy_interval(right: torch.Tensor) -> tuple[float, float, float]:
    """Accuracy in percent with its 95 % interval over images.

    Args:
        right: bool (D, N): D mask draws of the same N images. Draws of one image are not
            independent, so images are counted: this is Wilson's interval, with the variance that
            the draws leave.
    """
    from scipy.stats import binomtest

    per_image = right.double().mean(dim=0)
    n, share = len(per_image), float(per_image.mean())
    binomial = share * (1 - share)
    variance = float(per_image.var(unbiased=False))
    effective = n * binomial / variance if variance > 0 else float(n)
    interval = binomtest(round(share * effective), round(effective)).proportion_ci(method="wilson")
    return (
        100 * share,
        100 * min(float(interval.low), share),
        100 * max(float(interval.high), share),
    )


def accuracy_se(percent: float, n: int) -> float:
    """Standard error, in points, of an accuracy measured on n images."""
    share = min(max(percent / 100, 1 / (n + 2)), 1 - 1 / (n + 2))
    return 100 * math.sqrt(share * (1 - share) / n)


# --- Tests ----------------------------------------------------------------------------------------


class ErrorPart(NamedTuple):
    """A part of an estimate's error: its squared standard error, and its degrees of freedom."""

    variance: float
    df: float


class Estimate(NamedTuple):
    """A number and the parts of its error."""

    value: float
    parts: tuple[ErrorPart, ...]

    @property
    def se(self) -> float:
        """Standard error."""
        return math.sqrt(sum(part.variance for part in self.parts))

    @property
    def df(self) -> float:
        """Degrees of freedom of the standard error (Satterthwaite 1946); at least 1."""
        spread = sum(p.variance * p.variance / p.df for p in self.parts if p.df > 0)
        total = sum(part.variance for part in self.parts)
        return max(1.0, total * total / spread) if spread > 0 else math.inf

    def __sub__(self, other: Estimate) -> Estimate:
        """The difference of two independent estimates."""
        return Estimate(self.value - other.value, self.parts + other.parts)

    def times(self, factor: float) -> Estimate:
        """The estimate, multiplied by a factor."""
        parts = tuple(ErrorPart(factor * factor * p.variance, p.df) for p in self.parts)
        return Estimate(factor * self.value, parts)


def sample_mean(values: Sequence[float]) -> Estimate:
    """Mean of two or more independent values, with the standard error of the mean."""
    n = len(values)
    return Estimate(float(np.mean(values)), (ErrorPart(float(np.var(values, ddof=1)) / n, n - 1),))


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Mean of independent estimates; its error comes from theirs, not from their scatter."""
    n = len(estimates)
    value = sum(e.value for e in estimates) / n
    return Estimate(
        value, tuple(ErrorPart(p.variance / n**2, p.df) for e in estimates for p in e.parts)
    )


def p_above(estimate: Estimate, bound: float = 0.0) -> float:
    """One-sided p-value against the true value being at most ``bound``."""
    from scipy.stats import t

    apart = estimate.value - bound
    if estimate.se == 0:
        return 0.0 if apart > 0 else 1.0
    return float(t.sf(apart / estimate.se, estimate.df))


def p_different(estimate: Estimate) -> float:
    """Two-sided p-value against a true difference of 0."""
    if estimate.se == 0 and estimate.value == 0:
        return 1.0
    negative = estimate.times(-1.0)
    return min(1.0, 2 * min(p_above(estimate), p_above(negative)))


def p_equivalent(difference: Estimate, margin: float) -> float:
    """p-value of two one-sided tests: small if the true difference lies within ±margin.

    Both must reject (Schuirmann 1987).
    """
    return max(p_above(difference, -margin), p_above(difference.times(-1.0), -margin))


def p_beyond(difference: Estimate, margin: float) -> float:
    """p-value against the true difference lying within ±margin."""
    return min(p_above(difference, margin), p_above(difference.times(-1.0), margin))


def holm(ps: Sequence[float]) -> list[float]:
    """p-values corrected for their number: the chance of any false one stays below the level.

    These are Holm's (1979) adjusted p-values, in the given order. The tests may depend on one
    another.
    """
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = highest
    return adjusted


class Trend(NamedTuple):
    """A trend: Kendall's τ with its p-value, and the change from first to last along the line of
    Theil and Sen, with its 95 % interval."""

    tau: float
    p: float
    change: float
    low: float
    high: float


def trend_of(x: Sequence[float], y: Sequence[float]) -> Trend | None:
    """The trend of a whole curve, which no single point decides.

    None for fewer than three points, or if y never changes. The p-value treats the points as
    independent, which those of a training curve are not quite.
    """
    from scipy.stats import kendalltau, theilslopes

    if len(x) < 3 or float(np.ptp(y)) == 0:
        return None
    tau, p = kendalltau(x, y)
    slope, _, low, high = theilslopes(y, x)
    span = max(x) - min(x)
    return Trend(float(tau), float(p), *(float(value) * span for value in (slope, low, high)))


def pack_counts(counts: Sequence[int]) -> str | None:
    """Encode counts from 0 to 61 as one character each; None if one is larger."""
    if max(counts, default=0) >= len(ALPHABET):
        return None
    return "".join(ALPHABET[count] for count in counts)


def unpack_counts(text: str) -> np.ndarray:
    """Decode what ``pack_counts`` encoded, (N,); characters that it never writes are 0."""
    codes = np.frombuffer(text.encode("ascii", "replace"), np.uint8)
    table = np.zeros(256, np.int64)
    table[np.frombuffer(ALPHABET.encode(), np.uint8)] = np.arange(len(ALPHABET))
    return table[codes]


def paired_images(one: np.ndarray, other: np.ndarray) -> Estimate:
    """Difference of two accuracies on the same images, with the error over images.

    Args:
        one, other: share of right answers for each image, (N,) with N ≥ 2.
    """
    return sample_mean(one - other)
