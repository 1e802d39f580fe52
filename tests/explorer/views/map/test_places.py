"""What is asked of a place of the map."""

import numpy as np
import pytest
import torch

from explorer.views.map import axes, places
from pad_core.data.images import to_uint8


def test_at_a_data_point_the_map_decodes_that_points_latent(network, cloud):
    space = axes.space(network, 2)
    at = space.projection.project(cloud.latents)[41]
    spot = places.spot(space, cloud, at)
    assert (spot.nearest, spot.far) == (41, False)
    assert spot.distance == pytest.approx(0.0, abs=1e-3)
    assert torch.allclose(spot.latents[0], cloud.latents[41], atol=1e-3)
    apart = to_uint8(network.generate(spot.latents)).int() - to_uint8(
        network.generate(cloud.latents[41, None])
    )
    assert apart.abs().max() <= 1


@pytest.mark.parametrize("dims", [2, 3])
def test_empty_ground_decodes_its_place_on_the_axes_and_the_nearest_latent_off_them(
    network, cloud, dims
):
    space = axes.space(network, dims)
    coordinates = space.projection.project(cloud.latents)
    near = int(coordinates[:, 0].argmax())
    step = np.zeros(dims)
    step[0] = 0.5 * space.typical
    spot = places.spot(space, cloud, coordinates[near] + step)
    shown = space.projection.project(spot.latents)[0]
    assert np.allclose(shown, coordinates[near] + step, atol=1e-3)
    off = spot.latents[0] - cloud.latents[near]
    assert np.allclose(off, step @ space.projection.components, atol=1e-3)
    assert spot.distance <= 0.5 + 1e-3
    assert places.spot(space, cloud, coordinates[near] + 6 * step).far


def test_neighbours_are_the_nearest_in_all_dimensions_without_the_latent_itself(cloud):
    near = places.neighbours(cloud, cloud.latents[7, None], without=7)
    apart = (cloud.latents.double() - cloud.latents[7].double()).norm(dim=1).numpy()
    order = [i for i in apart.argsort() if i != 7][: places.N_NEIGHBOURS]
    assert near.places.tolist() == order
    assert np.allclose(near.distances, apart[order], atol=1e-3)


def test_counts_by_class_are_of_the_selection_alone(cloud):
    chosen = np.array([0, 1, 2, 30, 31])
    counts = places.counts(cloud, chosen, 12)
    assert counts.sum() == 5
    assert counts.tolist() == [int((cloud.labels[chosen] == k).sum()) for k in range(12)]
