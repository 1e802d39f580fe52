"""Each phase against a hand-written autograd reference of Algorithm 1.

In float64: in float32, sums in another order can put a unit on the other side of its LeakyReLU's
kink. The losses themselves are float32.
"""

import copy
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from pad_core.model import phases
from pad_core.model.condition import PAD
from pad_core.model.networks import Networks, build_networks
from pad_core.model.occlusion import draw_nrem_mask

B = 6


@pytest.fixture
def networks():
    networks = build_networks(7)
    with torch.no_grad():  # latents of a size as in training, not the tiny ones of the start
        for network in networks:
            network.double()
            for p in network.parameters():
                p *= 3
    return networks


@pytest.fixture
def images(random):
    return torch.rand((B, 3, 32, 32), generator=random, dtype=torch.float64) * 2 - 1


@pytest.fixture
def latents(random):
    return torch.randn((B, 256), generator=random, dtype=torch.float64)


def gradients(network):
    return {name: p.grad for name, p in network.named_parameters()}


def reference(networks: Networks):
    """Twins whose forward passes are plain convolutions."""
    e, g = (dict(copy.deepcopy(n).named_parameters()) for n in networks)

    def trunk(x):
        for layer in ("conv1", "conv2", "conv3"):
            x = F.conv2d(x, e[f"{layer}.weight"], e[f"{layer}.bias"], stride=2, padding=1)
            x = F.leaky_relu(x, 0.2)
        return x

    def z(x):
        return F.conv2d(trunk(x), e["conv4.weight"], e["conv4.bias"], stride=2).flatten(1)

    def d(x):
        y = F.conv2d(trunk(x), e["dis.weight"], e["dis.bias"], stride=2).flatten()
        return torch.sigmoid(y)

    def generate(latents):
        x = F.conv_transpose2d(latents[:, :, None, None], g["tconv1.weight"], g["tconv1.bias"], 2)
        for layer in ("tconv2", "tconv3", "tconv4"):
            x = F.leaky_relu(x, 0.2)
            x = F.conv_transpose2d(x, g[f"{layer}.weight"], g[f"{layer}.bias"], 2, padding=1)
        return x.tanh()

    return e, g, z, d, generate


def assert_same(found, parameters, expected, sign=1.0):
    for (name, _), gradient in zip(parameters.items(), expected, strict=True):
        if gradient is None:
            assert found[name] is None, f"{name} must receive no gradient"
        else:
            scale = gradient.abs().max().item()
            assert scale > 0, name
            # The losses' rounding to float32, in units of the largest entry.
            error = (found[name] - sign * gradient).abs().max().item() / scale
            assert error < 1e-5, f"{name} differs by {error:.1e} of its scale"


def grad(loss, parameters):
    return torch.autograd.grad(
        loss, list(parameters.values()), retain_graph=True, allow_unused=True
    )


@pytest.mark.parametrize("noisy", [False, True])
def test_wake(networks, images, random, noisy):
    noise = torch.randn((B, 256), generator=random, dtype=torch.float64) if noisy else None
    outcome = phases.wake(networks, images, noise)
    assert set(outcome.losses) == {"image", "kl", "external"}
    assert not outcome.latents.requires_grad
    sum(outcome.losses.values()).backward()

    e, g, z, d, generate = reference(networks)
    latent = z(images)
    torch.testing.assert_close(outcome.latents, latent, rtol=1e-5, atol=1e-6, check_dtype=False)
    image = (images - generate(latent if noise is None else latent + noise)).square().mean()
    mean, std = latent.mean(0), latent.std(0)
    kl = (0.5 * (mean**2 + std**2 - 1 - torch.log(std**2))).mean()
    external = -torch.log(d(images)).mean()
    for name, expected in (("image", image), ("kl", kl), ("external", external)):
        torch.testing.assert_close(
            outcome.losses[name], expected, rtol=1e-5, atol=1e-6, check_dtype=False
        )
    # The encoder descends all three losses, the generator L_img alone.
    assert_same(gradients(networks.encoder), e, grad(image + kl + external, e))
    assert_same(gradients(networks.generator), g, grad(image, g))


def test_nrem_teaches_the_encoder_alone(networks, latents, random):
    mask = draw_nrem_mask(random)
    assert 0 < mask.mean() < 1
    losses = phases.nrem(networks, latents, lambda dreams: dreams * mask)
    assert set(losses) == {"nrem"}
    losses["nrem"].backward()
    assert all(g is None for g in gradients(networks.generator).values())

    e, _, z, _, generate = reference(networks)
    loss = (latents - z(generate(latents).detach() * mask)).square().mean()
    torch.testing.assert_close(losses["nrem"], loss, rtol=1e-5, atol=1e-6, check_dtype=False)
    found = gradients(networks.encoder)
    assert found["dis.weight"] is None
    assert_same(found, e, grad(loss, e))


class Masks:
    """A perturbation that is another one at each call, and can be asked which."""

    def __init__(self, random):
        self.drawn = [(torch.rand((B, 1, 32, 32), generator=random) > 0.3).float() for _ in "12"]
        self.calls = 0

    def __call__(self, dreams):
        self.calls += 1
        return dreams * self.drawn[self.calls - 1]


def plain_nt_xent(first, second, temperature):
    both = F.normalize(torch.cat([first, second]))
    scores = (both @ both.T / temperature).masked_fill(torch.eye(2 * B).bool(), -1e9)
    return F.cross_entropy(scores, torch.arange(2 * B).roll(B))


def plain_barlow_twins(first, second, redundancy):
    one, other = (
        (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt() for x in (first, second)
    )
    c = one.T @ other / B
    on, off = (1 - c.diagonal()).square().sum(), (c - c.diagonal().diag()).square().sum()
    return (on + redundancy * off) / 256


CONTRASTS = [
    (replace(PAD, contrast="nt_xent", temperature=0.2), lambda a, b: plain_nt_xent(a, b, 0.2)),
    (
        replace(PAD, contrast="barlow_twins", redundancy=0.1),
        lambda a, b: plain_barlow_twins(a, b, 0.1),
    ),
]


@pytest.mark.parametrize(("condition", "plain"), CONTRASTS, ids=["nt_xent", "barlow_twins"])
@pytest.mark.parametrize("alone", [True, False], ids=["own phase", "in nrem"])
def test_contrast_teaches_the_encoder_alone(networks, latents, random, condition, plain, alone):
    perturb, push_apart = Masks(random), phases.contrastive_loss(condition)
    if alone:
        losses = phases.contrast(networks, latents, perturb, push_apart)
    else:
        losses = phases.nrem(networks, latents, perturb, push_apart)
    assert set(losses) == ({"contrast"} if alone else {"nrem", "contrast"})
    sum(losses.values()).backward()
    assert all(g is None for g in gradients(networks.generator).values())

    e, _, z, _, generate = reference(networks)
    dream = generate(latents).detach()
    first, second = (z(dream * mask) for mask in perturb.drawn)
    loss = plain(first, second)
    torch.testing.assert_close(losses["contrast"], loss, rtol=1e-4, atol=1e-5, check_dtype=False)
    if not alone:
        recovery = (latents - first).square().mean()
        torch.testing.assert_close(
            losses["nrem"], recovery, rtol=1e-4, atol=1e-5, check_dtype=False
        )
        loss = loss + recovery
    found = gradients(networks.encoder)
    assert found["dis.weight"] is None
    expected = dict(zip(e, grad(loss, e), strict=True))
    if alone and condition.contrast == "barlow_twins":  # standardised latents have no offset
        assert found["conv4.bias"].abs().max() < 1e-4 * found["conv4.weight"].abs().max()
        del e["conv4.bias"], expected["conv4.bias"]
    assert_same(found, e, expected.values())


def test_no_contrast_is_none():
    assert phases.contrastive_loss(PAD) is None


def test_rem_switches_the_sign_in_the_generator(networks, latents):
    losses = phases.rem(networks, latents)
    assert set(losses) == {"internal"}
    losses["internal"].backward()

    e, g, _, d, generate = reference(networks)
    loss = -torch.log(1 - d(generate(latents))).mean()
    torch.testing.assert_close(losses["internal"], loss, rtol=1e-5, atol=1e-6, check_dtype=False)
    found = gradients(networks.encoder)
    assert found["conv4.weight"] is None
    assert_same(found, e, grad(loss, e))
    assert_same(gradients(networks.generator), g, grad(loss, g), sign=-1.0)


def test_rem_steps_move_the_players_apart(networks, latents):
    """A small step along the generator's gradient raises L_REM, along the encoder's lowers it."""
    for index, direction in ((0, -1), (1, 1)):
        twin = Networks(*(copy.deepcopy(n) for n in networks))
        loss = phases.rem(twin, latents)["internal"]
        loss.backward()
        with torch.no_grad():
            for p in twin[index].parameters():
                if p.grad is not None:
                    p -= 0.01 * p.grad
            change = phases.rem(twin, latents)["internal"] - loss
        assert direction * change.item() > 0


def test_who_learns_when():
    assert phases.LEARNS == {
        "wake": ("encoder", "generator"),
        "nrem": ("encoder",),
        "rem": ("encoder", "generator"),
        "contrast": ("encoder",),
    }
