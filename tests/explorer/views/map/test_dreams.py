"""The Dream page's dreams on the map."""

import torch

from explorer.session.choices import Dream
from explorer.views.map import dreams


def test_the_path_leads_from_b_to_a_and_the_first_dream_lies_on_it(network):
    dreamt = dreams.dreamt(network, Dream(lam=0.3, lam_prime=1.0))
    a, b, *path = dreamt.latents[: 2 + dreams.STEPS]
    assert torch.allclose(path[0], b, atol=1e-5)
    assert torch.allclose(path[-1], a, atol=1e-5)
    noisy = dreams.dreamt(network, Dream(lam=0.3, lam_prime=0.5))
    path = noisy.latents[2 : 2 + dreams.STEPS]
    first = noisy.latents[2 + dreams.STEPS]
    assert torch.allclose(first, path[0].lerp(path[-1], 0.3), atol=1e-5)
    assert len(noisy.names) == len(noisy.images) == len(noisy.latents)
