import math

import numpy as np
import pytest
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


def views(random, n=6, size=10):
    return [torch.randn((n, size), generator=random, requires_grad=True) for _ in range(2)]


def gradients(loss, *inputs):
    return torch.autograd.grad(loss, inputs)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_nt_xent_against_a_loop_over_its_definition(temperature, random):
    first, second = views(random)
    latents = torch.cat([first, second])
    terms = []
    for i in range(12):
        twin = (i + 6) % 12
        similarity = [F.cosine_similarity(latents[i], latents[k], dim=0) for k in range(12)]
        scaled = torch.stack(similarity) / temperature
        others = torch.stack([scaled[k].exp() for k in range(12) if k != i]).sum()
        terms.append(-torch.log(scaled[twin].exp() / others))
    expected = torch.stack(terms).mean()
    found = losses.nt_xent(first, second, temperature)
    torch.testing.assert_close(found, expected)
    for a, b in zip(gradients(found, first, second), gradients(expected, first, second),
                    strict=True):  # fmt: skip
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)


def test_barlow_twins_against_the_correlation_of_numpy(random):
    first, second = views(random, n=20)
    correlation = np.corrcoef(first.detach().T, second.detach().T)[:10, 10:]
    diagonal = np.diag(correlation)
    apart = (correlation**2).sum() - (diagonal**2).sum()
    expected = (((1 - diagonal) ** 2).sum() + 0.3 * apart) / 10
    assert losses.barlow_twins(first, second, 0.3).item() == pytest.approx(expected, rel=1e-4)


def test_gradients_of_contrastive_losses_are_those_of_finite_differences(random):
    inputs = [torch.randn((5, 4), generator=random).double().requires_grad_() for _ in range(2)]
    # The losses compute in float32: their slopes are compared along whole directions.
    for loss in (
        lambda a, b: losses.nt_xent(a, b, 0.5),
        lambda a, b: losses.barlow_twins(a, b, 0.1),
    ):
        along = [torch.randn((5, 4), generator=random).double() for _ in range(2)]
        slope = sum((g * d).sum() for g, d in zip(gradients(loss(*inputs), *inputs), along,
                                                  strict=True))  # fmt: skip
        ends = [loss(*(x + s * 1e-2 * d for x, d in zip(inputs, along, strict=True)))
                for s in (1, -1)]  # fmt: skip
        assert slope.item() == pytest.approx((ends[0] - ends[1]).item() / 2e-2, rel=0.02, abs=1e-3)


@pytest.mark.parametrize(
    "loss",
    [lambda a, b: losses.nt_xent(a, b, 0.5), lambda a, b: losses.barlow_twins(a, b, 0.1)],
)
def test_descending_a_contrastive_loss_pulls_twins_together_and_others_apart(loss, random):
    twins = torch.randn((16, 8), generator=random) + 2.0  # all alike
    first, second = (twins + torch.randn((16, 8), generator=random) for _ in range(2))
    first, second = first.requires_grad_(), second.requires_grad_()

    def margins():
        a, b = (F.normalize(x.detach() - x.detach().mean(0)) for x in (first, second))
        similarity = a @ b.T
        others = similarity[~torch.eye(16, dtype=torch.bool)]
        return (similarity.diagonal().mean() - others.mean()).item()

    before = margins()
    adam = torch.optim.Adam([first, second], lr=0.05)
    for _ in range(40):
        adam.zero_grad()
        loss(first, second).backward()
        adam.step()
    assert margins() > before + 0.1


def test_a_constant_dimension_does_no_harm_to_barlow_twins(random):
    first, second = views(random)
    with torch.no_grad():
        first[:, 3] = 1.0
    loss = losses.barlow_twins(first, second, 0.1)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(first.grad).all()


def test_contrastive_losses_stay_in_float32_within_bfloat16(random):
    first, second = views(random)
    exact = losses.nt_xent(first, second, 0.1), losses.barlow_twins(first, second, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        within = losses.nt_xent(first, second, 0.1), losses.barlow_twins(first, second, 0.1)
    assert exact == within
