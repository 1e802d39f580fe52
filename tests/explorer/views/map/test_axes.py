"""The map's axes, against scikit-learn and scipy."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial import procrustes
from sklearn.decomposition import PCA

from explorer.views.map import axes
from pad_core.errors import PadError
from pad_core.evaluation.linear_probe import LinearProbe


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


def coordinates(space, latents):
    return space.projection.project(latents)


@pytest.mark.parametrize("dims", [2, 3])
def test_between_two_classes_their_means_lie_left_and_right_of_zero(network, dims):
    memories = network.memories["test"]
    line = axes.between_classes(network, 2, 7)
    space = axes.along(network, line, dims)
    means = [memories.latents[memories.labels == k].mean(dim=0) for k in (2, 7)]
    found = coordinates(space, torch.stack(means))
    apart = float((means[1] - means[0]).norm())
    assert np.allclose(found[:, 0], [-apart / 2, apart / 2], rtol=1e-3)
    assert np.allclose(found[:, 1:], 0, atol=1e-3 * apart)
    assert space.names[0] == f"{network.class_names[2]} to {network.class_names[7]}"


@pytest.mark.parametrize("dims", [2, 3])
def test_across_a_line_lie_the_components_of_what_it_leaves(network, dims):
    latents = network.memories["test"].latents.double()
    space = axes.along(network, axes.between(latents[3], latents[8], "x"), dims)
    components = space.projection.components
    assert np.allclose(components @ components.T, np.eye(dims), atol=1e-8)
    way = ((latents[8] - latents[3]) / (latents[8] - latents[3]).norm()).numpy()
    assert np.allclose(components[0], way)
    left = latents.numpy() - np.outer(latents.numpy() @ way, way)
    theirs = PCA(dims - 1, svd_solver="full").fit(left)
    assert np.allclose(np.abs(np.sum(components[1:] * theirs.components_, axis=1)), 1, atol=1e-6)
    shown = coordinates(space, latents)
    shares = shown.var(axis=0) / latents.numpy().var(axis=0).sum()
    assert np.allclose(space.projection.explained, shares, atol=1e-6)


def test_a_probes_axis_has_its_boundary_at_zero(network):
    memories = network.memories["test"]
    probe = LinearProbe(torch.randn(10, 256), torch.randn(10))
    space = axes.along(network, axes.by_probe(network, probe, 1, 4), 2)
    scores = probe.scores(memories.latents)
    prefers = (scores[:, 4] - scores[:, 1]).numpy()
    way = probe.weight[4] - probe.weight[1]
    x = coordinates(space, memories.latents)[:, 0]
    assert np.allclose(x, prefers / float(way.norm()), atol=1e-2 * np.abs(x).max())


def test_a_line_without_ends_or_direction_is_none(network):
    latents = network.memories["test"].latents
    probe = LinearProbe(torch.zeros(10, 256), torch.zeros(10))
    with pytest.raises(PadError, match="no class 10 among 10"):
        axes.between_classes(network, 0, 10)
    with pytest.raises(PadError, match="no class 77"):
        axes.by_probe(network, probe, 77, 0)
    for line in (
        axes.between(latents[0], latents[0], ""),
        axes.between_classes(network, 3, 3),
        axes.by_probe(network, probe, 0, 1),
    ):
        with pytest.raises(PadError, match="two ends that differ"):
            axes.along(network, line, 2)


def test_a_class_without_memories_ends_no_line(network):
    memories = network.memories["test"]
    few = replace(memories, labels=memories.labels.clamp(max=5))
    bare = replace(network, memories=network.memories | {"test": few})
    with pytest.raises(PadError, match=f"no test memory of {network.class_names[9]}"):
        axes.between_classes(bare, 0, 9)
