import pytest
import torch

import pad_core
from pad_core.errors import PadError
from pad_core.model.condition import Mixture
from pad_core.model.dreams import (
    nrem_dreams,
    pick_memories,
    rem_dreams,
    rem_plane,
    walk,
    walk_along,
)

TRAINED = Mixture(0.5, 0.5, 1.0)


@pytest.fixture(scope="module")
def networks(exported):
    return pad_core.load(exported).networks


@pytest.fixture(scope="module")
def memories(exported):
    return pad_core.load(exported).memories["test"].latents


def test_memories_are_drawn_without_repetition():
    places = pick_memories(100, 100, seed=1, purpose="a")
    assert sorted(places.tolist()) == list(range(100))
    assert torch.equal(pick_memories(100, 8, 1, "a"), pick_memories(100, 8, 1, "a"))
    assert not torch.equal(pick_memories(100, 8, 1, "a"), pick_memories(100, 8, 2, "a"))
    with pytest.raises(PadError, match="3 stored memories, fewer than the 8"):
        pick_memories(3, 8, 0, "a")


def test_the_same_seed_dreams_the_same(networks, memories):
    a, b = memories[:8], memories[8:16]
    first, again = (rem_dreams(networks, a, b, TRAINED, seed=5) for _ in range(2))
    assert torch.equal(first.dreams, again.dreams)
    assert torch.equal(first.realness, again.realness)
    other = rem_dreams(networks, a, b, TRAINED, seed=6)
    assert not torch.equal(first.dreams, other.dreams)


def test_without_noise_and_partner_a_dream_is_the_memory(networks, memories):
    a, b = memories[:4], memories[4:8]
    dream = rem_dreams(networks, a, b, Mixture(1.0, 1.0, 0.0), seed=0)
    torch.testing.assert_close(dream.latents, a)
    torch.testing.assert_close(dream.dreams, networks.generator(a))
    expected = networks.encoder.logits(dream.dreams).sigmoid()
    torch.testing.assert_close(dream.realness, expected)


def test_the_noise_level_scales_the_same_noise(networks, memories):
    a, b = memories[:4], memories[4:8]
    still, single, double = (
        rem_dreams(networks, a, b, Mixture(0.5, 0.5, level), seed=0).latents
        for level in (0.0, 1.0, 2.0)
    )
    torch.testing.assert_close(double - still, 2 * (single - still))


def test_perturbed_dreams(networks, memories):
    z = memories[:6]
    none = nrem_dreams(networks, z, 0.0, 4, seed=0)
    assert torch.equal(none.occluded, none.dreams)
    torch.testing.assert_close(none.dreams, networks.generator(z))
    recovered = networks.encoder.latents(none.dreams)
    torch.testing.assert_close(none.recovered, networks.generator(recovered))
    torch.testing.assert_close(none.error, (recovered - z).square().mean(1))
    whole = nrem_dreams(networks, z, 1.0, 4, seed=0)
    assert (whole.occluded == 0).all()
    half = nrem_dreams(networks, z, 0.5, 4, seed=0)
    more = nrem_dreams(networks, z, 0.7, 4, seed=0)
    assert torch.equal(half.dreams, none.dreams)
    assert ((half.occluded == 0) <= (more.occluded == 0)).all()


@pytest.mark.parametrize(("intensity", "size"), [(-0.1, 4), (1.1, 4), (0.5, 0), (0.5, 9)])
def test_impossible_occlusions_are_refused(networks, memories, intensity, size):
    with pytest.raises(PadError, match="Occlusion"):
        nrem_dreams(networks, memories[:1], intensity, size, seed=0)


def test_a_walk_is_the_dreams_of_its_mixtures(networks, memories):
    a, b = memories[:4], memories[4:8]
    path = [Mixture(1.0, 1.0, 0.0), TRAINED, Mixture(0.0, 1.0, 0.0)]
    first, middle, last = walk(networks, a, b, path, seed=3)
    torch.testing.assert_close(first.latents, a)
    torch.testing.assert_close(last.latents, b)
    single = rem_dreams(networks, a, b, TRAINED, seed=3)
    assert torch.equal(middle.dreams, single.dreams)
    assert torch.equal(middle.realness, single.realness)


def test_a_walk_along_a_direction_moves_nothing_else(networks, memories):
    direction = torch.zeros(256)
    direction[7] = 1.0
    back, here, forth = walk_along(networks, memories[:4], direction, [-1.5, 0.0, 2.0])
    torch.testing.assert_close(here.dreams, networks.generator(memories[:4]))
    torch.testing.assert_close(forth.latents - back.latents, 3.5 * direction.expand(4, -1))
    expected = networks.encoder.logits(forth.dreams).sigmoid()
    torch.testing.assert_close(forth.realness, expected)


def test_a_plane_of_dreams_is_the_first_dream_at_each_of_its_mixtures(networks, memories):
    a, b = memories[:4], memories[4:8]
    mixtures = [Mixture(0.3, 0.8, 1.0), Mixture(1.0, 0.0, 2.0), Mixture(0.5, 0.5, 0.0)]
    plane = rem_plane(networks, a[:1], b[:1], mixtures, seed=3)
    for i, mixture in enumerate(mixtures):
        dreams = rem_dreams(networks, a, b, mixture, seed=3)
        torch.testing.assert_close(plane.latents[i], dreams.latents[0])
        torch.testing.assert_close(plane.realness[i], dreams.realness[0])
