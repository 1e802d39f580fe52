"""The map's points: latents, pictures, occlusion."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.views.map import axes, clouds
from pad_core.checkpoint import file as checkpoint
from pad_core.data.images import to_uint8
from pad_core.errors import PadError
from pad_core.evaluation.paper_measures import encode_occluded
from pad_core.system.randomness import generator


def test_a_cloud_knows_which_image_each_latent_is_of(network, dataset):
    both = clouds.stored_cloud(network, ("train", "test"))
    n = {split: len(network.memories[split]) for split in ("train", "test")}
    assert len(both) == n["train"] + n["test"]
    for i in (0, n["train"] - 1, n["train"], len(both) - 1):
        images = getattr(dataset, both.splits[i])
        assert images.labels[both.indices[i]] == both.labels[i]
        stored = network.memories[both.splits[i]].latents[both.places[i]]
        assert torch.equal(stored, both.latents[i])


def test_all_test_images_are_there_and_the_stored_ones_known_among_them(network, dataset):
    latents = torch.cat(list(clouds.encode(network, dataset.test.images)))
    cloud = clouds.image_cloud(network, dataset, latents)
    assert len(cloud) == len(dataset.test)
    stored = cloud.places >= 0
    memories = network.memories["test"]
    assert stored.sum() == len(memories)
    assert np.array_equal(memories.indices.numpy()[cloud.places[stored]], cloud.indices[stored])
    assert torch.allclose(latents[17], network.encode(dataset.test.images[17:18])[0], atol=1e-4)


def test_pictures_are_the_real_images_or_else_what_is_recalled(network, dataset):
    both = clouds.stored_cloud(network, ("train", "test"))
    real = clouds.images_of(network, both, dataset)
    for i in (3, len(both) - 3):
        assert torch.equal(real[i], getattr(dataset, both.splits[i]).images[both.indices[i]])
    some = np.array([len(both) - 1, 0, len(both) - 2])
    assert torch.equal(clouds.images_of(network, both.at(some), dataset), real[some])
    recalled = clouds.images_of(network, both, None)
    expected = to_uint8(network.generate(both.latents[-3:]))
    assert (recalled[-3:].int() - expected.int()).abs().max() <= 1


def test_occluded_latents_are_those_of_the_occluded_images(network, cloud, dataset):
    images = clouds.images_of(network, cloud, dataset)
    encoded = clouds.occluded_latents(network, images, 0.4, 4, seed=3)
    for place in (0, 100, len(images) - 1):
        hidden = clouds.occluded_image(images[place, None], place, len(images), 0.4, 4, seed=3)
        assert bool((hidden == 0).any())
        assert torch.allclose(network.encode(hidden)[0], encoded[place], atol=1e-3)
    first = generator(3, "map occlusion", 0)
    encoder = network.networks.encoder
    chunk = encode_occluded(encoder, images[: clouds.CHUNK], 0.4, 4, first)
    assert torch.allclose(encoded[: clouds.CHUNK], chunk, atol=1e-5)


def test_without_occlusion_a_real_image_keeps_its_latent(network, cloud, dataset):
    images = clouds.images_of(network, cloud, dataset)
    encoded = clouds.occluded_latents(network, images, 0.0, 4, seed=3)
    # Stored latents are rounded to 8 bits, and are those of the network before its own rounding.
    apart = (encoded - cloud.latents).norm(dim=1) / cloud.latents.norm(dim=1)
    assert float(apart.max()) < 0.05


def test_thumbnails_of_very_many_images_are_halved():
    few, side = clouds.tiles(torch.full((3, 3, 32, 32), 7, dtype=torch.uint8))
    assert (len(few), side) == (3, 32)
    many, side = clouds.tiles(torch.full((4001, 3, 32, 32), 7, dtype=torch.uint8))
    assert many.shape == (4001, 3, 16, 16)
    assert (side, int(many.float().mean())) == (16, 7)


def test_without_stored_memories_there_is_a_sentence(network):
    empty = checkpoint.Memories(torch.empty((0, 256)), *(2 * [torch.empty(0, dtype=torch.int64)]))
    bare = replace(network, memories={"train": empty, "test": empty})
    with pytest.raises(PadError, match="no memories"):
        clouds.stored_cloud(bare, ("test",))
    with pytest.raises(PadError, match="holds 0 stored test memories"):
        axes.space(bare, 2)
