"""Means over seeds, intervals over images, and tests of differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch


def mean_sem(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard error of the mean; None for a single value, which has none.

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
        right: bool (D, N): D mask draws of the same N images. Draws of one image are no
            independent samples, so the images are what is counted. Wilson's interval, with
            the variance that the draws leave.
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


class Difference(NamedTuple):
    """A difference with its test: estimate, two-sided p, the test's name."""

    estimate: float
    p: float
    test: str


def welch(one: Sequence[float], other: Sequence[float]) -> Difference:
    """Welch's t-test of two conditions' means over seeds, each with at least two."""
    from scipy.stats import ttest_ind

    estimate = float(np.mean(one) - np.mean(other))
    if np.ptp(one) == 0 and np.ptp(other) == 0:
        p = 1.0 if estimate == 0 else 0.0
    else:
        p = float(ttest_ind(one, other, equal_var=False).pvalue)
    return Difference(estimate, p, f"Welch's t over seeds, n = {len(one)} and {len(other)}")


def z_test(one: float, one_se: float, other: float, other_se: float, over: str) -> Difference:
    """Test of a difference between two estimates with standard errors, ``over`` what they vary."""
    from scipy.stats import norm

    estimate, error = one - other, math.hypot(one_se, other_se)
    p = 2.0 * float(norm.sf(abs(estimate) / error)) if error > 0 else float(estimate == 0)
    return Difference(estimate, p, f"z over {over}")


def accuracy_se(percent: float, n: int) -> float:
    """Standard error, in points, of an accuracy measured on n images."""
    share = min(max(percent / 100, 1 / (n + 2)), 1 - 1 / (n + 2))
    return 100 * math.sqrt(share * (1 - share) / n)
