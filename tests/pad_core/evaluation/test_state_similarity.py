import numpy as np
import pytest
import torch
from scipy.stats import pearsonr
from torch.nn import functional as F

from pad_core.data.images import to_unit
from pad_core.evaluation.similarity import linear_cka
from pad_core.evaluation.state_similarity import (
    LAYERS,
    activities,
    pattern_correlation,
    state_images,
    state_similarity,
)
from pad_core.model.condition import PAD, Mixture
from pad_core.model.networks import build_networks


@pytest.fixture(scope="module")
def networks():
    return build_networks(2)


@pytest.fixture(scope="module")
def images(small):
    return to_unit(small.test.images[:30])


def test_activities_are_those_of_plain_layers(networks, images):
    encoder = networks.encoder
    found = activities(encoder, images)
    assert list(found) == list(LAYERS)
    features = images
    with torch.inference_mode():
        for name in LAYERS[:-1]:
            layer = getattr(encoder, name)
            features = F.conv2d(features, layer.weight, layer.bias, stride=2, padding=1)
            features = torch.where(features > 0, features, 0.2 * features)
            torch.testing.assert_close(found[name], features.flatten(1), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(found["z"], encoder.latents(images))


def test_the_correlation_is_scipys_over_units_without_what_all_share(random):
    one, other = torch.randn(2, 12, 40, generator=random) + torch.randn(40, generator=random)
    mean = one.mean(0)
    expected = np.mean([pearsonr(a - mean, b - mean).statistic for a, b in zip(one, other)])  # noqa: B905
    assert pattern_correlation(one, other, mean) == pytest.approx(expected, abs=1e-6)
    assert pattern_correlation(one, one, mean) == pytest.approx(1)
    assert abs(expected) < 0.2 < np.mean([pearsonr(a, b).statistic for a, b in zip(one, other)])  # noqa: B905


def test_sleep_shows_dreams_of_the_same_memories(networks, images):
    seen = state_images(networks, images, PAD.rem_mixture)
    assert torch.equal(seen["wake"], images)
    with torch.inference_mode():
        z = networks.encoder.latents(images)
        dreams = networks.generator(z)
    kept = seen["nrem"] != 0
    torch.testing.assert_close(seen["nrem"][kept], dreams[kept])
    shares = 1 - kept.float().mean((1, 2, 3))
    assert shares.min() < 0.3  # intensities from 0 to 1, each image its own
    assert shares.max() > 0.7
    # λ′ = 1 and λ = 1 is the memory itself, without noise or another one.
    alone = state_images(networks, images, Mixture(1.0, 1.0, 1.0))["rem"]
    torch.testing.assert_close(alone, dreams)
    assert not torch.allclose(seen["rem"], dreams, atol=1e-3)


def test_similarities_are_those_of_their_parts(networks, images):
    found = state_similarity(networks, images, PAD.rem_mixture)
    assert set(found) == {"correlation", "cka"}
    seen = state_images(networks, images, PAD.rem_mixture)
    for layer in LAYERS:
        activity = {state: activities(networks.encoder, x)[layer] for state, x in seen.items()}
        for pair in ("wake-nrem", "wake-rem", "nrem-rem"):
            one, other = (activity[state] for state in pair.split("-"))
            assert found["cka"][layer][pair] == pytest.approx(linear_cka(one, other), rel=1e-5)
            assert found["correlation"][layer][pair] == pytest.approx(
                pattern_correlation(one, other, activity["wake"].mean(0)), abs=1e-5
            )


def test_where_dreams_are_the_images_states_are_alike(networks, images):
    """A network that recalls perfectly: NREM differs from Wake by its masks alone."""

    class Perfect(torch.nn.Module):
        def forward(self, latents):
            return images

    perfect = networks._replace(generator=Perfect())
    found = state_similarity(perfect, images, PAD.rem_mixture)
    for layer in LAYERS:
        assert found["correlation"][layer]["wake-rem"] == pytest.approx(1, abs=1e-5)
        assert found["cka"][layer]["wake-rem"] == pytest.approx(1, abs=1e-5)
        assert 0 < found["correlation"][layer]["wake-nrem"] < 0.99


def test_pixels_may_come_as_they_are_stored(networks, small):
    stored = small.test.images[:10]
    one = state_similarity(networks, stored, PAD.rem_mixture)
    assert one == state_similarity(networks, to_unit(stored), PAD.rem_mixture)


def test_networks_that_mix_by_components_are_seen_in_rem_as_they_dream(networks, images):
    """A component of λ′z + (1−λ′)ε is that of one memory or of the other, none in between."""
    mixture = Mixture(0.5, 1.0, 1.0, mixing="components")
    seen = state_images(networks, images, mixture)
    assert seen["rem"].shape == images.shape
    convex = state_images(networks, images, Mixture(0.5, 1.0, 1.0))
    assert not torch.allclose(seen["rem"], convex["rem"])
