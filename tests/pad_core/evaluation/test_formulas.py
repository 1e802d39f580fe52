import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, pdist
from sklearn.metrics import roc_auc_score

from pad_core.errors import PadError
from pad_core.evaluation import formulas


@pytest.fixture
def latents() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    labels = torch.cat([torch.zeros(30), torch.ones(50), torch.full((20,), 2)]).long()
    labels = labels[torch.randperm(100, generator=random)]
    return torch.randn(100, 6, generator=random) + labels[:, None] * 0.8, labels


def by_scipy(latents, labels, power):
    groups = [latents[labels == k].double().numpy() for k in range(3)]
    intra = np.mean([(pdist(group) ** power).mean() for group in groups])
    pairs = [cdist(groups[i], groups[j]).ravel() for i in range(3) for j in range(i)]
    return intra, (np.concatenate(pairs) ** power).mean()


def test_exact_distances_are_those_of_scipy(latents):
    found = formulas.exact_distances(*latents)
    assert found == pytest.approx(by_scipy(*latents, 1), rel=1e-5)
    assert found.ratio == pytest.approx(found.intra / found.inter)


def test_squared_distances_in_closed_form_are_those_of_scipy(latents):
    assert formulas.squared_distances(*latents) == pytest.approx(by_scipy(*latents, 2), rel=1e-9)


def test_sampled_distances_approach_the_exact_ones(latents):
    exact = formulas.exact_distances(*latents)
    draws = [formulas.sampled_distances(*latents, seed=s) for s in range(8)]
    assert np.mean([d.intra for d in draws]) == pytest.approx(exact.intra, rel=0.01)
    assert np.mean([d.inter for d in draws]) == pytest.approx(exact.inter, rel=0.01)
    assert draws[0] == formulas.sampled_distances(*latents, seed=0)
    assert draws[0] != draws[1]


def test_no_pair_is_an_image_with_itself():
    # Two images a class, 2 apart within it: any pair with itself would lower the mean.
    latents = torch.tensor([[0.0], [2.0], [10.0], [12.0]])
    found = formulas.sampled_distances(latents, torch.tensor([0, 0, 1, 1]), seed=0)
    assert found.intra == pytest.approx(2.0)
    assert found.inter == pytest.approx(10.0, abs=0.1)


def test_spacing_is_the_median_distance_to_the_nearest_neighbour():
    along = torch.tensor([0.0, 1.0, 3.0, 7.0, 20.0])  # nearest: 1, 1, 2, 4, 13
    assert formulas.spacing(torch.stack([0.6 * along, 0.8 * along], dim=1)) == pytest.approx(2.0)
    assert formulas.spacing(torch.ones(1, 2)) == math.inf
    assert formulas.spacing(torch.ones(3, 2)) == 0.0


@pytest.mark.parametrize(
    "measure",
    [
        formulas.exact_distances,
        formulas.squared_distances,
        lambda latents, labels: formulas.sampled_distances(latents, labels, 0),
    ],
)
def test_distances_that_do_not_exist_are_no_numbers(measure):
    """Within a class of one image there is none, and between classes of which there is one."""
    one_class = measure(torch.randn(4, 2), torch.zeros(4).long())
    assert math.isfinite(one_class.intra) and math.isnan(one_class.inter)
    one_image = measure(torch.randn(3, 2), torch.tensor([0, 0, 1]))
    assert math.isnan(one_image.intra) and math.isfinite(one_image.inter)
    assert math.isnan(one_class.ratio) and math.isnan(one_image.ratio)


def test_occluded_distance_is_that_of_each_image_with_itself(latents):
    clean = latents[0]
    assert formulas.occluded_distance(clean, clean, 0) == 0.0
    shifted = clean + torch.tensor([3.0, 4.0, 0, 0, 0, 0])
    assert formulas.occluded_distance(clean, shifted, 0) == pytest.approx(5.0, rel=1e-5)


def test_principal_components_are_the_singular_vectors(latents):
    found = formulas.principal_components(latents[0], 3)
    centred = latents[0].double().numpy() - latents[0].double().numpy().mean(0)
    _, values, vectors = np.linalg.svd(centred, full_matrices=False)
    assert np.allclose(np.abs(found.components @ vectors[:3].T), np.eye(3), atol=1e-4)
    assert found.explained == pytest.approx((values**2 / (values**2).sum())[:3], rel=1e-4)
    coordinates = found.project(latents[0])
    assert np.allclose(coordinates.mean(0), 0, atol=1e-4)
    assert np.allclose(found.project(found.back(coordinates)), coordinates, atol=1e-4)
    with pytest.raises(PadError, match="as many latents"):
        formulas.principal_components(latents[0][:1], 2)


def test_frechet_distance_is_the_formula_with_scipys_root():
    random = np.random.default_rng(0)
    one = random.normal(size=(400, 7)) @ random.normal(size=(7, 7))
    other = random.normal(size=(300, 7)) @ random.normal(size=(7, 7)) + 0.5
    means, covariances = (one.mean(0), other.mean(0)), (np.cov(one.T), np.cov(other.T))
    root = sqrtm(covariances[0] @ covariances[1])
    expected = np.square(means[0] - means[1]).sum() + np.trace(sum(covariances) - 2 * root).real
    found = formulas.frechet_distance(formulas.moments(one), formulas.moments(other))
    assert found == pytest.approx(expected, rel=1e-8)


def test_frechet_distance_of_known_distributions():
    values = np.random.default_rng(0).normal(size=(500, 5))
    moments = formulas.moments(values)
    assert formulas.frechet_distance(moments, moments) == pytest.approx(0.0, abs=1e-8)
    assert formulas.frechet_distance(moments, formulas.moments(values + 2)) == pytest.approx(20.0)
    # Twice the spread: Σ(σ − 2σ)² over dimensions, whatever the correlations.
    doubled = formulas.moments(values * 2)
    expected = np.square(moments.mean).sum() + np.trace(moments.covariance)
    assert formulas.frechet_distance(moments, doubled) == pytest.approx(expected, rel=1e-8)


def test_frechet_distance_stands_fewer_images_than_features():
    values = np.random.default_rng(0).normal(size=(4, 20))
    found = formulas.frechet_distance(formulas.moments(values), formulas.moments(values[::-1]))
    assert found == pytest.approx(0.0, abs=1e-6)


def test_auc_is_that_of_scikit_learn_and_of_counting_pairs():
    random = torch.Generator().manual_seed(0)
    real, dreamt = torch.randn(200, generator=random) + 1, torch.randn(300, generator=random)
    pairs = (real[:, None] > dreamt[None]).double().mean().item()
    found = formulas.realness_auc(real, dreamt)
    assert found == pytest.approx(pairs)
    assert found == pytest.approx(roc_auc_score([1] * 200 + [0] * 300, torch.cat([real, dreamt])))
    assert formulas.realness_auc(torch.zeros(5), torch.zeros(9)) == 0.5
    assert formulas.realness_auc(torch.ones(5), torch.zeros(9)) == 1.0
