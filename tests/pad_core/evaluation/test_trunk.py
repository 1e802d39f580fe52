import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from pad_core.data.images import to_unit
from pad_core.errors import PadError
from pad_core.evaluation.linear_probe import fit_converged
from pad_core.evaluation.trunk import encode_with_trunk, wide_accuracy
from pad_core.model.networks import build_networks, encode_all


@pytest.fixture(scope="module")
def encoder():
    return build_networks(1).encoder


@torch.inference_mode()
def plain(encoder, images):
    """The trunk written out with PyTorch's own convolution."""
    features = to_unit(images)
    for layer in (encoder.conv1, encoder.conv2, encoder.conv3):
        features = F.conv2d(features, layer.weight, layer.bias, stride=2, padding=1)
        features = F.leaky_relu(features, 0.2)
    return features


def test_features_are_those_of_plain_convolutions(encoder, small):
    images = small.train.images  # two batches
    places = torch.tensor([0, 5, 127, 128, 200])
    found = encode_with_trunk(encoder, images, places)
    expected = plain(encoder, images)
    torch.testing.assert_close(found.features, expected[places].flatten(1), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.pooled, expected.mean((2, 3)), atol=1e-5, rtol=1e-4)
    assert torch.equal(found.latents, encode_all(encoder, images))
    assert found.features.shape == (5, 4096)


def test_floats_are_taken_as_they_are_and_no_place_gives_no_features(encoder, small):
    images = small.test.images[:10]
    one = encode_with_trunk(encoder, to_unit(images), torch.empty(0, dtype=torch.long))
    other = encode_with_trunk(encoder, images, torch.arange(10))
    assert torch.equal(one.pooled, other.pooled)
    assert one.features.shape == (0, 4096)


@pytest.mark.parametrize("n", [60, 400])  # fewer and more latents than features
def test_the_wide_probe_is_the_converged_one(random, n):
    labels = torch.randint(4, (n + 500,), generator=random)
    values = torch.randn(n + 500, 120, generator=random) + 2 * torch.eye(120)[labels]
    train, test, y, truth = values[:n], values[n:], labels[:n], labels[n:]
    found = wide_accuracy(train, y, test, truth, 4, tolerance=1e-6)
    judge = LogisticRegression(max_iter=5_000).fit(train, y)
    assert found == pytest.approx(100 * judge.score(test, truth), abs=0.7)
    direct = fit_converged(train, y, 4, tolerance=1e-6).accuracy(test, truth)
    assert found == pytest.approx(direct, abs=0.7)


def test_features_that_are_not_finite_are_refused():
    values = torch.full((10, 40), torch.nan)
    with pytest.raises(PadError):
        wide_accuracy(values, torch.arange(10) % 2, values, torch.arange(10) % 2, 2)
