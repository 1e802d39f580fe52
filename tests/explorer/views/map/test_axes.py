"""The map's axes, against scikit-learn and scipy."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial import procrustes
from sklearn.decomposition import PCA

from explorer.views.map import axes
from pad_core.errors import PadError


def with_latents(network, latents):
    """The network with other latents of its test memories."""
    memories = replace(network.memories["test"], latents=latents)
    return replace(network, memories=network.memories | {"test": memories})


@pytest.mark.parametrize("dims", [2, 3])
def test_axes_are_scikit_learns_of_the_stored_test_memories(network, dims):
    latents = network.memories["test"].latents.numpy()
    pca = PCA(dims, svd_solver="full").fit(latents)
    space = axes.space(network, dims)
    ours = space.projection.project(network.memories["test"].latents)
    theirs = pca.transform(latents)
    signs = np.sign((ours * theirs).sum(axis=0))
    assert np.allclose(ours, theirs * signs, atol=1e-3)
    assert np.allclose(space.projection.explained, pca.explained_variance_ratio_, atol=1e-6)
    assert space.n == len(latents)


def test_the_typical_distance_is_the_median_one_to_the_nearest(network):
    latents = network.memories["test"].latents.double().numpy()
    apart = np.linalg.norm(latents[:, None] - latents[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert axes.space(network, 2).typical == pytest.approx(
        np.sort(apart.min(axis=1))[(len(latents) - 1) // 2], rel=1e-3
    )


def test_a_turned_copy_is_turned_back_without_a_residual(network):
    latents = network.memories["test"].latents
    rotation, _ = torch.linalg.qr(torch.randn(256, 256, generator=torch.Generator().manual_seed(0)))
    copy = with_latents(network, 3.0 * latents @ rotation + 5.0)
    onto = axes.space(network, 3)
    turned = axes.turned(copy, axes.space(copy, 3), network, onto)
    assert turned.residual == pytest.approx(0.0, abs=1e-4)
    theirs = turned.projection.project(copy.memories["test"].latents)
    ours = onto.projection.project(latents)
    assert np.allclose(theirs, 3.0 * ours, atol=1e-2 * np.abs(theirs).max())
    assert np.allclose(turned.projection.explained, onto.projection.explained, atol=1e-4)


def test_another_networks_residual_and_variance_are_scipys_and_numpys(network, other):
    onto, own = axes.space(network, 2), axes.space(other, 2)
    turned = axes.turned(other, own, network, onto)
    latents = other.memories["test"].latents
    coordinates = own.projection.project(latents)
    target = onto.projection.project(network.memories["test"].latents)
    assert turned.residual == pytest.approx(procrustes(target, coordinates)[2], abs=1e-5)
    shown = turned.projection.project(latents)
    shares = shown.var(axis=0) / latents.double().numpy().var(axis=0).sum()
    assert np.allclose(turned.projection.explained, shares, atol=1e-5)
    assert np.linalg.norm(shown - target) < np.linalg.norm(coordinates - target)


def test_networks_that_remember_other_images_are_not_aligned(network, other):
    memories = other.memories["test"]
    moved = replace(memories, indices=memories.indices.flip(0))
    strange = replace(other, memories=other.memories | {"test": moved})
    with pytest.raises(PadError, match="remembers other images"):
        axes.same_images(network, strange)
