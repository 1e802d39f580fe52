import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from pad_core.errors import PadError
from pad_core.evaluation import similarity


@pytest.fixture
def pair(random):
    """Two representations of 60 images that share some of their directions."""
    one = torch.randn(60, 9, generator=random)
    other = one[:, :4] @ torch.randn(4, 13, generator=random)
    return one, other + torch.randn(60, 13, generator=random)


def cka_by_kernels(x, y):
    """HSIC with centring matrices, as its definition says."""
    n = len(x)
    centring = np.eye(n) - 1 / n
    k, m = (centring @ (v @ v.T) @ centring for v in (x.double().numpy(), y.double().numpy()))
    return np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m))


def test_cka_is_hsic_of_linear_kernels_in_either_form(pair, random):
    one, other = pair
    wide = other @ torch.randn(13, 200, generator=random)  # more features than images
    for y in (other, wide):
        assert similarity.linear_cka(one, y) == pytest.approx(cka_by_kernels(one, y), rel=1e-9)
    assert 0.1 < similarity.linear_cka(one, other) < 0.9


def test_rsa_is_scipys_spearman_of_scipys_distances(pair):
    expected = spearmanr(*(pdist(v.double().numpy(), "correlation") for v in pair)).statistic
    assert similarity.representational_similarity(*pair) == pytest.approx(expected, rel=1e-9)
    np.testing.assert_allclose(
        similarity.dissimilarities(pair[0]), pdist(pair[0].double().numpy(), "correlation")
    )


def test_equal_dissimilarities_share_their_rank(pair):
    doubled = [values.repeat(2, 1) for values in pair]  # each image twice: many ties
    expected = spearmanr(*(pdist(v.double().numpy(), "correlation").round(9) for v in doubled))
    found = similarity.representational_similarity(*doubled)
    assert found == pytest.approx(expected.statistic, abs=2e-3)


def test_rotations_and_scales_change_nothing(pair, random):
    one, _ = pair
    rotation = torch.linalg.qr(torch.randn(9, 9, generator=random)).Q
    assert similarity.linear_cka(one, 3 * one @ rotation + 5) == pytest.approx(1)
    assert similarity.representational_similarity(one, 3 * one) == pytest.approx(1)


def test_the_matrices_hold_each_pair_once_for_both(pair):
    three = [*pair, pair[0] ** 2]
    cka, rsa = similarity.pairwise([similarity.geometry_of(one) for one in three])
    for i in range(3):
        assert cka[i][i] == rsa[i][i] == 1
        for j in range(i):
            expected = similarity.linear_cka(three[i], three[j])
            assert cka[i][j] == cka[j][i] == pytest.approx(expected)
            expected = similarity.representational_similarity(three[i], three[j])
            assert rsa[i][j] == rsa[j][i] == pytest.approx(expected)


def test_what_cannot_be_compared(pair):
    with pytest.raises(PadError, match="same images"):
        similarity.linear_cka(pair[0], pair[1][:-1])
    with pytest.raises(PadError, match="same images"):
        similarity.representational_similarity(pair[0][:2], pair[1][:2])
    assert math.isnan(similarity.linear_cka(pair[0], torch.ones(60, 3)))
