import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu

from pad_core.errors import PadError
from pad_core.evaluation.dream_quality import KID_SUBSET, kernel_distance, manifold, nearer, quality


@pytest.fixture
def clouds(random):
    """Features of real images, and of dreams that are shifted and narrower."""
    real = torch.randn(220, 9, generator=random)
    dreams = 0.8 * torch.randn(180, 9, generator=random) + 0.4
    return real, dreams


def plainly(real, dreams, k):
    """Precision, recall, density, coverage as their definitions say, image by image."""

    def distance(a, b):
        return np.sqrt(((a - b) ** 2).sum())

    def radius(i, points):
        return sorted(distance(points[i], p) for j, p in enumerate(points) if j != i)[k - 1]

    real, dreams = real.double().numpy(), dreams.double().numpy()
    real_radii = [radius(i, real) for i in range(len(real))]
    dream_radii = [radius(i, dreams) for i in range(len(dreams))]
    inside = np.array(
        [[distance(x, d) <= r for d in dreams] for x, r in zip(real, real_radii, strict=True)]
    )
    back = np.array(
        [[distance(x, d) <= r for x in real] for d, r in zip(dreams, dream_radii, strict=True)]
    )
    return (
        np.mean([inside[:, j].any() for j in range(len(dreams))]),
        np.mean([back[:, i].any() for i in range(len(real))]),
        inside.sum() / (k * len(dreams)),
        np.mean([inside[i].any() for i in range(len(real))]),
    )


def test_the_four_are_those_of_their_definitions(clouds):
    real, dreams = clouds
    for k in (3, 5):
        found = quality(manifold(real, k), manifold(dreams, k))
        assert found == pytest.approx(plainly(real, dreams, k), abs=0.006)
        assert 0.2 < found.recall < found.precision < 1


def test_copies_have_all_of_them_and_strangers_none(clouds):
    real = manifold(clouds[0])
    same = quality(real, real)
    assert same.precision == same.recall == same.coverage == 1
    assert quality(real, manifold(clouds[0] + 100)) == (0, 0, 0, 0)
    one = quality(real, manifold(clouds[0][:1].repeat(50, 1) + 0.01))  # always the same dream
    assert one.precision == 1
    assert one.recall < 0.05
    with pytest.raises(PadError, match="more than 5 images"):
        manifold(clouds[0][:5])


def test_the_kernel_distance_is_torch_fidelitys(random):
    metric = pytest.importorskip("torch_fidelity.metric_kid")
    real = torch.randn(3 * KID_SUBSET, 16, generator=random).abs()
    dreams = torch.randn(3 * KID_SUBSET, 16, generator=random).abs() + 0.2
    found = kernel_distance(real, dreams)
    each = [
        metric.kid_features_to_metric(
            real[i::3], dreams[i::3], kid_subsets=1, kid_subset_size=KID_SUBSET, verbose=False,
        )[metric.KEY_METRIC_KID_MEAN]
        for i in range(3)
    ]  # fmt: skip
    assert found.value == pytest.approx(np.mean(each), rel=1e-4)
    assert found.se == pytest.approx(np.std(each, ddof=1) / 3**0.5, rel=1e-3)


def test_images_of_one_kind_have_no_kernel_distance_on_average(random):
    values = [
        kernel_distance(*torch.randn(2, 80, 6, generator=random), subset=40).value
        for _ in range(50)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / 50**0.5
    assert kernel_distance(torch.randn(9, 3), torch.randn(9, 3)).se is None
    with pytest.raises(PadError):
        kernel_distance(torch.ones(1, 3), torch.ones(5, 3))


def test_nearer_is_mann_and_whitneys_share_of_pairs(random):
    dreams = torch.randint(8, (60,), generator=random).float()  # with ties
    images = torch.randint(10, (90,), generator=random).float()
    statistic = mannwhitneyu(images, dreams).statistic  # pairs in which the image is further
    assert nearer(dreams, images) == pytest.approx(100 * statistic / (60 * 90))
    assert nearer(images, images) == pytest.approx(50)
    assert nearer(torch.zeros(3), images + 1) == 100
