import math

import numpy as np
import pytest
import torch
from scipy import stats

from pad_core.evaluation import statistics
from pad_core.evaluation.statistics import (
    ErrorPart,
    Estimate,
    holm,
    mean_estimate,
    p_above,
    p_beyond,
    p_different,
    p_equivalent,
    pack_counts,
    paired_images,
    sample_mean,
    trend_of,
    unpack_counts,
)


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


def test_accuracy_error_is_the_binomial_one():
    assert statistics.accuracy_se(50.0, 10_000) == pytest.approx(0.5)
    assert 0 < statistics.accuracy_se(100.0, 100) < 2
    assert not math.isnan(statistics.accuracy_se(0.0, 1))


@pytest.fixture
def samples():
    random = np.random.default_rng(0)
    return random.normal(50, 1, 7), random.normal(51, 3, 4)


def test_a_difference_of_two_samples_is_tested_as_by_welch(samples):
    one, other = samples
    difference = sample_mean(one) - sample_mean(other)
    expected = stats.ttest_ind(one, other, equal_var=False)
    assert p_different(difference) == pytest.approx(expected.pvalue)
    assert difference.df == pytest.approx(expected.df)
    upper = stats.ttest_ind(one, other, equal_var=False, alternative="greater").pvalue
    assert p_above(difference) == pytest.approx(upper)


def test_equivalence_is_two_one_sided_tests(samples):
    one, other = samples
    difference = sample_mean(one) - sample_mean(other)
    for margin in (0.5, 2.0, 6.0):
        lower = stats.ttest_ind(one + margin, other, equal_var=False, alternative="greater")
        upper = stats.ttest_ind(one - margin, other, equal_var=False, alternative="less")
        expected = max(lower.pvalue, upper.pvalue)
        assert p_equivalent(difference, margin) == pytest.approx(expected)
        beyond = [
            stats.ttest_ind(one - margin, other, equal_var=False, alternative="greater").pvalue,
            stats.ttest_ind(one + margin, other, equal_var=False, alternative="less").pvalue,
        ]
        assert p_beyond(difference, margin) == pytest.approx(min(beyond))
    assert p_equivalent(difference, 50) < 1e-4
    assert p_equivalent(difference, 0) >= 0.5


def test_a_paired_test_over_images_is_scipys():
    random = np.random.default_rng(1)
    ease = random.random(300)  # some images are easy for both
    one, other = (random.random((2, 300)) < ease).astype(float)
    other = np.minimum(other, one * random.integers(0, 2, 300) + other)
    found = paired_images(one, other)
    expected = stats.ttest_rel(one, other)
    assert p_different(found) == pytest.approx(expected.pvalue)
    assert found.se < (sample_mean(one) - sample_mean(other)).se  # what the pairs are good for


def test_parts_of_an_error_add_up():
    one = Estimate(5.0, (ErrorPart(0.09, 100), ErrorPart(0.16, 9)))
    assert one.se == pytest.approx(0.5)
    assert one.df == pytest.approx(0.25**2 / (0.09**2 / 100 + 0.16**2 / 9))
    scaled = one.times(-2.0)
    assert (scaled.value, scaled.se, scaled.df) == pytest.approx((-10, 1.0, one.df))
    mean = mean_estimate([one, Estimate(7.0, (ErrorPart(0.25, 50),))])
    assert mean.value == 6.0
    assert mean.se == pytest.approx(np.sqrt(0.25 + 0.25) / 2)


def test_errors_cover_the_truth_as_often_as_they_say():
    """Accuracies of images by probes: with both in the error, 5 % of intervals miss."""
    random = np.random.default_rng(2)
    missed = 0
    for _ in range(400):
        image, seed = random.normal(0, 1, 60), random.normal(0, 0.5, 10)
        seen = image[:, None] + seed + random.normal(0, 1, (60, 10))
        parts = [sample_mean(seen.mean(axis=axis)).parts[0] for axis in (0, 1)]
        missed += p_different(Estimate(float(seen.mean()), tuple(parts))) < 0.05
    assert 0.02 < missed / 400 < 0.085


def test_without_an_error_a_difference_is_sure():
    assert p_different(Estimate(0.0, ())) == 1.0
    assert p_different(Estimate(1.0, ())) == 0.0
    assert p_above(Estimate(1.0, ()), 2.0) == 1.0
    assert p_equivalent(Estimate(1.0, ()), 2.0) == 0.0


def test_holms_correction_is_that_of_its_definition():
    """Against the step-down procedure itself: each level's rejections, one after the other."""
    random = np.random.default_rng(3)
    for _ in range(50):
        ps = random.random(7) ** 3
        adjusted = holm(list(ps))
        for alpha in (0.01, 0.05, 0.2, 0.5):
            rejected = set()
            for rank, i in enumerate(np.argsort(ps)):
                if ps[i] > alpha / (7 - rank):
                    break
                rejected.add(int(i))
            assert {i for i, p in enumerate(adjusted) if p <= alpha} == rejected
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.7, 0.9]) == [1.0, 1.0]


def test_a_trend_is_that_of_the_whole_curve():
    epochs = list(range(1, 31))
    random = np.random.default_rng(4)
    rising = [50 + 0.2 * e + random.normal(0, 0.5) for e in epochs]
    found = trend_of(epochs, rising)
    tau, p = stats.kendalltau(epochs, rising)
    assert (found.tau, found.p) == pytest.approx((tau, p))
    slopes = [
        (rising[j] - rising[i]) / (epochs[j] - epochs[i])
        for i in range(30)
        for j in range(i + 1, 30)
    ]
    assert found.change == pytest.approx(29 * np.median(slopes))
    assert found.low < found.change < found.high
    spoiled = [*rising[:-1], 0.0]  # one bad probe at the end turns first against last
    assert trend_of(epochs, spoiled).tau > 0.6
    assert trend_of([1, 2], [1.0, 2.0]) is None
    assert trend_of([1, 2, 3], [1.0, 1.0, 1.0]) is None


def test_counts_are_packed_a_character_each():
    counts = [0, 9, 10, 35, 36, 61]
    packed = pack_counts(counts)
    assert packed == "09AZaz"
    assert unpack_counts(packed).tolist() == counts
    assert pack_counts([62]) is None
    assert pack_counts([]) == ""
    assert unpack_counts("0é~1").tolist() == [0, 0, 0, 1]
