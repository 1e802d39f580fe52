import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from pad_core.evaluation import geometry


@pytest.fixture
def latents(random):
    scale = torch.logspace(0, -2, 12)
    return torch.randn(300, 12, generator=random) * scale + 0.5


def test_the_spectrum_is_pcas(latents):
    expected = PCA().fit(latents.double().numpy()).explained_variance_
    np.testing.assert_allclose(geometry.spectrum(latents), expected, rtol=1e-9)


def test_effective_rank_is_the_entropy_of_singular_values(latents):
    singular = np.linalg.svd(latents.double().numpy(), compute_uv=False)
    shares = singular / np.abs(singular).sum() + 1e-7
    expected = np.exp(-(shares * np.log(shares)).sum())
    assert geometry.effective_rank(latents) == pytest.approx(expected, rel=1e-9)
    assert geometry.effective_rank(torch.eye(12)) == pytest.approx(12, rel=1e-4)
    line = torch.arange(1.0, 9)[:, None] * torch.ones(12)
    assert geometry.effective_rank(line) == pytest.approx(1, abs=1e-3)
    assert math.isnan(geometry.effective_rank(torch.zeros(5, 4)))


def test_the_participation_ratio_counts_dimensions(latents):
    values = np.linalg.eigvalsh(np.cov(latents.double().numpy(), rowvar=False))
    expected = values.sum() ** 2 / (values**2).sum()
    found = geometry.participation_ratio(geometry.spectrum(latents))
    assert found == pytest.approx(expected, rel=1e-9)
    assert geometry.participation_ratio(torch.ones(7)) == pytest.approx(7)
    assert math.isnan(geometry.participation_ratio(torch.zeros(7)))


def test_alignment_is_the_mean_squared_distance_of_pairs(latents, random):
    other = latents + 0.3 * torch.randn(latents.shape, generator=random)
    a, b = normalize(latents.double().numpy()), normalize(other.double().numpy())
    assert geometry.alignment(latents, other) == pytest.approx(((a - b) ** 2).sum(1).mean())
    assert geometry.alignment(latents, 3 * latents) == pytest.approx(0, abs=1e-12)


def test_class_alignment_is_over_all_pairs_of_a_class(latents):
    labels = torch.arange(300) % 7
    points = normalize(latents.double().numpy())
    expected = np.mean([(pdist(points[labels == k]) ** 2).mean() for k in range(7)])
    assert geometry.class_alignment(latents, labels) == pytest.approx(expected, rel=1e-9)
    assert math.isnan(geometry.class_alignment(latents[:3], torch.tensor([0, 1, 2])))


def test_uniformity_is_the_log_mean_potential_of_all_pairs(latents, random):
    points = normalize(latents.double().numpy())
    expected = math.log(np.exp(-2 * pdist(points) ** 2).mean())
    assert geometry.uniformity(latents) == pytest.approx(expected, rel=1e-9)
    many = torch.randn(1_500, 12, generator=random)  # more than a block
    expected = math.log(np.exp(-2 * pdist(normalize(many.double().numpy())) ** 2).mean())
    assert geometry.uniformity(many) == pytest.approx(expected, rel=1e-9)
    assert geometry.uniformity(torch.ones(5, 4)) == pytest.approx(0, abs=1e-9)
    assert math.isnan(geometry.uniformity(torch.ones(1, 4)))
