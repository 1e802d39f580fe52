"""What points are coloured by, against plain computations."""

import numpy as np
import pytest
import torch

from explorer.views.map import axes, clouds, colours
from pad_core.evaluation.linear_probe import LinearProbe


def whole(parts):
    return np.concatenate(list(parts))


def test_d_is_the_networks_own_of_each_image(network, cloud, dataset):
    images = clouds.images_of(network, cloud, dataset)
    found = whole(colours.realness(network, images))
    assert found.shape == (len(cloud),)
    for i in (0, 260, len(cloud) - 1):
        assert found[i] == pytest.approx(network.realness(images[i, None]).item(), abs=1e-5)


def test_the_error_is_in_grey_levels_between_the_image_and_what_is_recalled(
    network, cloud, dataset
):
    images = clouds.images_of(network, cloud, dataset)
    found = whole(colours.errors(network, cloud.latents, images))
    for i in (3, 999):
        recalled = (network.generate(cloud.latents[i, None])[0].numpy() + 1) * 127.5
        apart = recalled - images[i].numpy().astype(float)
        assert found[i] == pytest.approx(np.sqrt(np.square(apart).mean()), rel=1e-4)


def test_the_nearest_is_another_latent(cloud):
    latents = torch.cat([cloud.latents[:600], cloud.latents[:1]])  # two that coincide
    apart = np.linalg.norm(latents.double().numpy()[:, None] - latents.double().numpy(), axis=2)
    np.fill_diagonal(apart, np.inf)
    found = whole(colours.nearest(latents, unit=2.0))
    assert np.allclose(found, apart.min(axis=1) / 2, atol=2e-2)
    assert (found[0], found[600]) == pytest.approx((0, 0), abs=2e-2)


def test_the_median_of_a_networks_memories_is_the_typical_distance(network, cloud):
    found = whole(colours.nearest(cloud.latents, axes.space(network, 2).typical))
    assert np.sort(found)[(len(found) - 1) // 2] == pytest.approx(1, abs=0.02)


def test_a_probe_is_right_where_it_puts_the_class_first():
    probe = LinearProbe(torch.eye(3, 256), torch.zeros(3))
    found = whole(colours.right(probe, torch.eye(3, 256), np.array([0, 2, 2])))
    assert found.tolist() == [1, 0, 1]


def test_a_scale_leaves_out_the_rarest():
    values = np.concatenate([np.linspace(0, 1, 999), [1e6]]).astype(np.float32)
    low, high = colours.ends(values)
    assert 0 < low < 0.05
    assert 0.95 < high < 1
