import math

import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from pad_core.model import losses


def test_reconstruction_is_a_mean_over_all_elements():
    target, estimate = torch.zeros(2, 3, 4, 4), torch.full((2, 3, 4, 4), 0.5)
    assert losses.reconstruction(target, estimate).item() == 0.25


def test_kl_against_the_closed_form_of_the_library(random):
    latents = torch.randn((64, 256), generator=random) * 1.7 + 0.4
    posterior = Normal(latents.mean(0), latents.std(0, unbiased=True))
    expected = kl_divergence(posterior, Normal(0.0, 1.0)).mean()
    torch.testing.assert_close(losses.kl_divergence(latents), expected)


def test_adversarial_losses_against_the_binary_cross_entropy(random):
    logits = torch.randn(50, generator=random) * 3
    ones, zeros = torch.ones(50), torch.zeros(50)
    d = logits.sigmoid()
    torch.testing.assert_close(losses.external(logits), F.binary_cross_entropy(d, ones))
    torch.testing.assert_close(losses.internal(logits), F.binary_cross_entropy(d, zeros))


def test_adversarial_losses_are_stable_far_from_chance():
    logits = torch.tensor([200.0], requires_grad=True)
    loss = losses.internal(logits)
    loss.backward()
    assert loss.item() == 200.0
    assert logits.grad.item() == 1.0
    assert losses.external(torch.tensor([200.0])).item() == 0.0
    assert math.isclose(losses.external(torch.zeros(3)).item(), math.log(2), rel_tol=1e-6)
