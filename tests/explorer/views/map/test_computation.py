"""What the latent map computes, against scikit-learn, scipy and plain reckoning."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial import procrustes
from sklearn.decomposition import PCA

from explorer.session.choices import Choices
from explorer.views.map import axes as map_axes
from explorer.views.map import clouds as map_clouds
from explorer.views.map import dreams as map_dreams
from explorer.views.map import places as map_places
from explorer.views.map import table as map_table
from explorer.views.map.table import Table
from pad_core.checkpoint import file as checkpoint
from pad_core.data.images import to_uint8
from pad_core.data.load import load_dataset
from pad_core.errors import PadError
from pad_core.evaluation.measures import encode_occluded
from pad_core.system.randomness import generator
from tests.explorer.pages import write_checkpoint


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    path = tmp_path_factory.mktemp("c") / "b.safetensors"
    return checkpoint.load(write_checkpoint(path, "wake_only", seed=1))


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("fashion-mini")


@pytest.fixture(scope="module")
def cloud(network):
    return map_clouds.stored_cloud(network, ("test",))


def with_latents(network, latents):
    """The network with other codes of its test memories."""
    memories = replace(network.memories["test"], latents=latents)
    return replace(network, memories=network.memories | {"test": memories})


@pytest.mark.parametrize("dims", [2, 3])
def test_axes_are_scikit_learns_of_the_stored_test_memories(network, dims):
    latents = network.memories["test"].latents.numpy()
    pca = PCA(dims, svd_solver="full").fit(latents)
    space = map_axes.space(network, dims)
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
    assert map_axes.space(network, 2).typical == pytest.approx(
        np.sort(apart.min(axis=1))[(len(latents) - 1) // 2], rel=1e-3
    )


def test_a_cloud_knows_which_image_each_code_is_of(network, dataset):
    both = map_clouds.stored_cloud(network, ("train", "test"))
    n = {split: len(network.memories[split]) for split in ("train", "test")}
    assert len(both) == n["train"] + n["test"]
    for i in (0, n["train"] - 1, n["train"], len(both) - 1):
        images = getattr(dataset, both.splits[i])
        assert images.labels[both.indices[i]] == both.labels[i]
        stored = network.memories[both.splits[i]].latents[both.places[i]]
        assert torch.equal(stored, both.latents[i])


def test_all_test_images_are_there_and_the_stored_ones_known_among_them(network, dataset):
    latents = torch.cat(list(map_clouds.encode(network, dataset.test.images)))
    cloud = map_clouds.image_cloud(network, dataset, latents)
    assert len(cloud) == len(dataset.test)
    stored = cloud.places >= 0
    memories = network.memories["test"]
    assert stored.sum() == len(memories)
    assert np.array_equal(memories.indices.numpy()[cloud.places[stored]], cloud.indices[stored])
    assert torch.allclose(latents[17], network.encode(dataset.test.images[17:18])[0], atol=1e-4)


def test_pictures_are_the_real_images_or_else_what_is_recalled(network, dataset):
    both = map_clouds.stored_cloud(network, ("train", "test"))
    real = map_clouds.images_of(network, both, dataset)
    for i in (3, len(both) - 3):
        assert torch.equal(real[i], getattr(dataset, both.splits[i]).images[both.indices[i]])
    some = np.array([len(both) - 1, 0, len(both) - 2])
    assert torch.equal(map_clouds.images_of(network, both.at(some), dataset), real[some])
    recalled = map_clouds.images_of(network, both, None)
    expected = to_uint8(network.generate(both.latents[-3:]))
    assert (recalled[-3:].int() - expected.int()).abs().max() <= 1


def test_occluded_codes_are_those_of_the_occluded_images(network, cloud, dataset):
    images = map_clouds.images_of(network, cloud, dataset)
    codes = map_clouds.occluded_codes(network, images, 0.4, 4, seed=3)
    for place in (0, 100, len(images) - 1):
        hidden = map_clouds.occluded_image(images[place, None], place, len(images), 0.4, 4, seed=3)
        assert bool((hidden == 0).any())
        assert torch.allclose(network.encode(hidden)[0], codes[place], atol=1e-3)
    first = generator(3, "map occlusion", 0)
    encoder = network.networks.encoder
    chunk = encode_occluded(encoder, images[: map_clouds.CHUNK], 0.4, 4, first)
    assert torch.allclose(codes[: map_clouds.CHUNK], chunk, atol=1e-5)


def test_without_occlusion_a_real_image_keeps_its_code(network, cloud, dataset):
    images = map_clouds.images_of(network, cloud, dataset)
    codes = map_clouds.occluded_codes(network, images, 0.0, 4, seed=3)
    # Stored codes are rounded to 8 bits, and are those of the network before its own rounding.
    apart = (codes - cloud.latents).norm(dim=1) / cloud.latents.norm(dim=1)
    assert float(apart.max()) < 0.05


def test_a_turned_copy_is_turned_back_without_a_residual(network):
    latents = network.memories["test"].latents
    rotation, _ = torch.linalg.qr(torch.randn(256, 256, generator=torch.Generator().manual_seed(0)))
    copy = with_latents(network, 3.0 * latents @ rotation + 5.0)
    onto = map_axes.space(network, 3)
    turned = map_axes.turned(copy, map_axes.space(copy, 3), network, onto)
    assert turned.residual == pytest.approx(0.0, abs=1e-4)
    theirs = turned.projection.project(copy.memories["test"].latents)
    ours = onto.projection.project(latents)
    assert np.allclose(theirs, 3.0 * ours, atol=1e-2 * np.abs(theirs).max())
    assert np.allclose(turned.projection.explained, onto.projection.explained, atol=1e-4)


def test_another_networks_residual_and_variance_are_scipys_and_numpys(network, other):
    onto, own = map_axes.space(network, 2), map_axes.space(other, 2)
    turned = map_axes.turned(other, own, network, onto)
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
        map_axes.same_images(network, strange)


def test_at_a_data_point_the_map_decodes_that_points_code(network, cloud):
    space = map_axes.space(network, 2)
    at = space.projection.project(cloud.latents)[41]
    spot = map_places.spot(space, cloud, at)
    assert (spot.nearest, spot.far) == (41, False)
    assert spot.distance == pytest.approx(0.0, abs=1e-3)
    assert torch.allclose(spot.latents[0], cloud.latents[41], atol=1e-3)
    apart = to_uint8(network.generate(spot.latents)).int() - to_uint8(
        network.generate(cloud.latents[41, None])
    )
    assert apart.abs().max() <= 1


@pytest.mark.parametrize("dims", [2, 3])
def test_empty_ground_decodes_its_place_on_the_axes_and_the_nearest_code_off_them(
    network, cloud, dims
):
    space = map_axes.space(network, dims)
    coordinates = space.projection.project(cloud.latents)
    near = int(coordinates[:, 0].argmax())
    step = np.zeros(dims)
    step[0] = 0.5 * space.typical
    spot = map_places.spot(space, cloud, coordinates[near] + step)
    shown = space.projection.project(spot.latents)[0]
    assert np.allclose(shown, coordinates[near] + step, atol=1e-3)
    off = spot.latents[0] - cloud.latents[near]
    assert np.allclose(off, step @ space.projection.components, atol=1e-3)
    assert spot.distance <= 0.5 + 1e-3
    assert map_places.spot(space, cloud, coordinates[near] + 6 * step).far


def test_neighbours_are_the_nearest_in_all_dimensions_without_the_code_itself(cloud):
    near = map_places.neighbours(cloud, cloud.latents[7, None], without=7)
    apart = (cloud.latents.double() - cloud.latents[7].double()).norm(dim=1).numpy()
    order = [i for i in apart.argsort() if i != 7][: map_places.N_NEIGHBOURS]
    assert near.places.tolist() == order
    assert np.allclose(near.distances, apart[order], atol=1e-3)


def test_counts_by_class_are_of_the_selection_alone(cloud):
    chosen = np.array([0, 1, 2, 30, 31])
    counts = map_places.counts(cloud, chosen, 12)
    assert counts.sum() == 5
    assert counts.tolist() == [int((cloud.labels[chosen] == k).sum()) for k in range(12)]


def test_an_export_reads_back_exactly(network, other, cloud):
    chosen = np.array([4, 90])
    theirs = map_clouds.stored_cloud(other, ("test",))
    coordinates = map_axes.space(network, 2).projection.project(cloud.latents)
    tables = [
        Table(network, cloud, coordinates, None),
        Table(other, theirs, coordinates, None),
    ]
    rows = list(csv.DictReader(io.StringIO(map_table.to_csv(tables, chosen))))
    assert len(rows) == 4
    codes = np.array([[row[f"z{j}"] for j in range(256)] for row in rows], np.float32)
    assert np.array_equal(codes[:2], cloud.latents[chosen].numpy())
    assert np.array_equal(codes[2:], theirs.latents[chosen].numpy())
    assert [int(row["index"]) for row in rows[:2]] == cloud.indices[chosen].tolist()
    assert rows[1]["class"] == network.class_names[cloud.labels[90]]
    assert {row["sha256"] for row in rows} == {network.sha256, other.sha256}
    assert float(rows[0]["pc2"]) == pytest.approx(coordinates[4, 1], rel=1e-6)
    occluded = replace(tables[0], occluded=coordinates + 1)
    row = next(csv.DictReader(io.StringIO(map_table.to_csv([occluded], chosen))))
    assert float(row["occluded_pc1"]) == pytest.approx(coordinates[4, 0] + 1, rel=1e-6)


def test_the_path_leads_from_b_to_a_and_the_first_dream_lies_on_it(network):
    dreamt = map_dreams.dreamt(network, Choices(lam=0.3, lam_prime=1.0))
    a, b, *path = dreamt.latents[: 2 + map_dreams.STEPS]
    assert torch.allclose(path[0], b, atol=1e-5)
    assert torch.allclose(path[-1], a, atol=1e-5)
    noisy = map_dreams.dreamt(network, Choices(lam=0.3, lam_prime=0.5))
    path = noisy.latents[2 : 2 + map_dreams.STEPS]
    first = noisy.latents[2 + map_dreams.STEPS]
    assert torch.allclose(first, path[0].lerp(path[-1], 0.3), atol=1e-5)
    assert len(noisy.names) == len(noisy.images) == len(noisy.latents)


def test_thumbnails_of_very_many_images_are_halved():
    few, side = map_clouds.tiles(torch.full((3, 3, 32, 32), 7, dtype=torch.uint8))
    assert (len(few), side) == (3, 32)
    many, side = map_clouds.tiles(torch.full((4001, 3, 32, 32), 7, dtype=torch.uint8))
    assert many.shape == (4001, 3, 16, 16)
    assert (side, int(many.float().mean())) == (16, 7)


def test_without_stored_memories_there_is_a_sentence(network):
    empty = checkpoint.Memories(torch.empty((0, 256)), *(2 * [torch.empty(0, dtype=torch.int64)]))
    bare = replace(network, memories={"train": empty, "test": empty})
    with pytest.raises(PadError, match="no memories"):
        map_clouds.stored_cloud(bare, ("test",))
    with pytest.raises(PadError, match="holds 0 stored test memories"):
        map_axes.space(bare, 2)
