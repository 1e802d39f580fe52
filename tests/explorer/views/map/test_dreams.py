"""The Dream page's dreams on the map."""

import torch

from explorer.dreaming.dreams import recall
from explorer.session.choices import Dream
from explorer.views.map import cache, dreams


def test_the_path_leads_from_b_to_a_and_the_first_dream_lies_on_it(network):
    without_noise = cache.dreamt(network, Dream(lam=0.3, lam_prime=1.0), {})
    a, b, *path = without_noise.latents[: 2 + dreams.STEPS]
    assert torch.allclose(path[0], b, atol=1e-5)
    assert torch.allclose(path[-1], a, atol=1e-5)
    noisy = cache.dreamt(network, Dream(lam=0.3, lam_prime=0.5), {})
    path = noisy.latents[2 : 2 + dreams.STEPS]
    first = noisy.latents[2 + dreams.STEPS]
    assert torch.allclose(first, path[0].lerp(path[-1], 0.3), atol=1e-5)
    assert len(noisy.names) == len(noisy.images) == len(noisy.latents)


def test_the_path_is_the_same_for_every_lambda_and_no_other_dial(network):
    dream = Dream(lam=0.3)
    recalled = recall(network, dream)
    path = dreams.path(network, recalled, dream).latents
    assert torch.equal(path, dreams.path(network, recalled, Dream(lam=0.8)).latents)
    for other in (Dream(lam_prime=0.2), Dream(noise_level=2.0), Dream(seed=1)):
        assert not torch.equal(path, dreams.path(network, recalled, other).latents)


def test_what_is_kept_is_what_is_dreamt(network):
    for dream in (Dream(lam=0.1), Dream(lam=0.6), Dream(lam=0.6, seed=2), Dream(first=3)):
        recalled = recall(network, dream)
        made = dreams.path(network, recalled, dream) + dreams.asleep(network, recalled, dream)
        kept = cache.dreamt(network, dream, {})
        assert torch.equal(kept.latents, made.latents)
        assert torch.equal(kept.images, made.images)
        assert kept.names == made.names
