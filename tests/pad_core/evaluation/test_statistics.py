import math

import pytest
import torch
from scipy import stats

from pad_core.evaluation import statistics


def test_mean_and_sem():
    assert statistics.mean_sem([3.0]) == (3.0, None)
    mean, sem = statistics.mean_sem([1.0, 2.0, 4.0])
    assert (mean, sem) == pytest.approx((7 / 3, stats.sem([1, 2, 4])))


def test_accuracy_interval_with_one_draw_is_wilsons():
    right = torch.arange(200)[None] < 140
    expected = stats.binomtest(140, 200).proportion_ci(method="wilson")
    found = statistics.accuracy_interval(right)
    assert found == pytest.approx((70.0, 100 * expected.low, 100 * expected.high))
    mean, low, high = statistics.accuracy_interval(torch.ones((1, 50), dtype=torch.bool))
    assert mean == high == 100.0
    assert 90 < low < 100


def test_repeating_a_draw_makes_the_interval_no_narrower():
    random = torch.Generator().manual_seed(0)
    right = torch.rand((1, 500), generator=random) < 0.6
    once, fourfold = (
        statistics.accuracy_interval(right),
        statistics.accuracy_interval(right.repeat(4, 1)),
    )
    assert fourfold == pytest.approx(once)
    fresh = statistics.accuracy_interval(torch.rand((4, 500), generator=random) < 0.6)
    assert fresh[2] - fresh[1] < 0.6 * (once[2] - once[1])


def test_accuracy_interval_covers_the_truth_about_as_often_as_it_says():
    random = torch.Generator().manual_seed(1)
    covered = 0
    for _ in range(300):
        share = torch.rand((1, 200), generator=random)  # each image has its own difficulty
        _, low, high = statistics.accuracy_interval(torch.rand((3, 200), generator=random) < share)
        covered += low <= 50.0 <= high
    assert 0.91 <= covered / 300 <= 0.985


def test_differences_have_the_p_values_of_scipy():
    found = statistics.welch([58.0, 59.0, 57.5], [46.0, 47.0])
    assert found.p == pytest.approx(
        stats.ttest_ind([58.0, 59, 57.5], [46.0, 47], equal_var=False).pvalue
    )
    assert found.estimate == pytest.approx(58.1666667 - 46.5)
    assert "n = 3 and 2" in found.test
    assert statistics.welch([1.0, 1.0], [1.0, 1.0]).p == 1.0
    z = statistics.z_test(5.0, 0.3, 4.0, 0.4, "images")
    assert z.p == pytest.approx(2 * stats.norm.sf(2.0))
    assert statistics.z_test(1.0, 0.0, 1.0, 0.0, "").p == 1.0
    assert statistics.z_test(1.0, 0.0, 2.0, 0.0, "").p == 0.0


def test_accuracy_error_is_the_binomial_one():
    assert statistics.accuracy_se(50.0, 10_000) == pytest.approx(0.5)
    assert 0 < statistics.accuracy_se(100.0, 100) < 2
    assert not math.isnan(statistics.accuracy_se(0.0, 1))
