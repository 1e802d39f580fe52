"""Two cycles of every condition against the same updates written out by hand."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from pad_core.checkpoint.training_config import Recipe
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, PAD, PAPER
from pad_core.model.networks import build_networks
from pad_core.model.occlusion import draw_nrem_mask
from pad_core.system.randomness import Streams
from pad_core.training.cycle import Trainer

LR = 2e-4
NAMES = (
    "pad", "wo_memory_mix", "wo_rem", "wo_nrem", "wake_only", "rem_noise_only", "rem_memory_only",
    "rem_before_nrem", "nrem_mixed_memory",
)  # fmt: skip
WITHOUT_REM = ("wo_rem", "wake_only")
ORDER = {
    "wo_rem": ["nrem"],
    "wo_nrem": ["rem"],
    "wake_only": [],
    "rem_before_nrem": ["rem", "nrem"],
}


@pytest.fixture
def cycles(random):
    return [torch.rand((6, 3, 32, 32), generator=random) * 2 - 1 for _ in range(2)]


def mixed(z, old, noise, name):
    """λ = ½ of the current and the previous memories; λ′ of memories, the rest noise."""
    share = {"rem_noise_only": 0.0, "rem_memory_only": 1.0}.get(name, 0.5)
    return share * (z + old) / 2 + (1 - share) * noise


def live(name, cycles):
    """Encoder and generator after the paper's Algorithm 1 and its variants (§4.3.1, §4.4.6)."""
    encoder, generator = (n.to(memory_format=torch.channels_last) for n in build_networks(0))
    adam_e, adam_g = (
        torch.optim.Adam(n.parameters(), lr=LR, betas=(0.5, 0.999)) for n in (encoder, generator)
    )
    streams = Streams(0)
    e_params, g_params = list(encoder.parameters()), list(generator.parameters())

    def learn(adam, parameters, loss, sign=1.0):
        found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        for parameter, gradient in zip(parameters, found, strict=True):
            parameter.grad = None if gradient is None else sign * gradient
        return adam.step

    old = None
    for x in cycles:
        z, real = encoder(x)
        noisy = z
        if name in WITHOUT_REM:  # Eq. 12: z + ε with variance ½
            noisy = z + 0.5**0.5 * torch.randn(z.shape, generator=streams["wake noise"])
        image = (x - generator(noisy)).square().mean()
        kl = (0.5 * (z.mean(0) ** 2 + z.var(0) - 1 - z.var(0).log())).mean()
        loss = image + kl + (0 if name in WITHOUT_REM else F.softplus(-real).mean())
        for step in [learn(adam_e, e_params, loss), learn(adam_g, g_params, image)]:
            step()
        z = z.detach()
        before = z if old is None else old
        for phase in ORDER.get(name, ["nrem", "rem"]):
            if phase == "nrem":
                mask = draw_nrem_mask(streams["nrem mask"])
                seed = z
                if name == "nrem_mixed_memory":
                    noise = torch.randn(z.shape, generator=streams["nrem noise"])
                    seed = mixed(z, before, noise, name)
                with torch.no_grad():
                    dream = generator(seed) * mask
                loss = (seed - encoder(dream)[0]).square().mean()
                learn(adam_e, e_params, (0.5 if name == "wo_rem" else 1.0) * loss)()
            else:
                seed = z
                if name != "wo_memory_mix":
                    noise = torch.randn(z.shape, generator=streams["rem noise"])
                    seed = mixed(z, before, noise, name)
                loss = F.softplus(encoder(generator(seed))[1]).mean()
                steps = [learn(adam_e, e_params, loss), learn(adam_g, g_params, loss, sign=-1.0)]
                for step in steps:
                    step()
        old = z
    return encoder, generator


def moved_apart(one, other):
    """Mean distance of the weights of two networks, in units of the learning rate."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    gaps = torch.cat([(a - b).detach().abs().flatten() for a, b in pairs])
    return gaps.mean().item() / LR


def trained(name, cycles, precision="fp32"):
    trainer = Trainer(Recipe("x", CONDITIONS[name], epochs=1, batch_size=6, precision=precision))
    for images in cycles:
        trainer.cycle(images)
    return trainer.networks


def test_all_conditions_of_the_paper_are_covered():
    assert NAMES == PAPER


@pytest.mark.parametrize("name", NAMES)
def test_two_cycles_are_those_of_the_paper(name, cycles):
    for found, expected in zip(trained(name, cycles), live(name, cycles), strict=True):
        # Adam's first steps have size ~lr even where the gradient is only rounding.
        assert moved_apart(found, expected) < 2e-3


def test_each_condition_ends_elsewhere(cycles):
    """What the comparison above can tell apart, it does."""
    ends = {name: live(name, cycles) for name in NAMES}
    for one in NAMES:
        for other in NAMES[: NAMES.index(one)]:
            apart = [moved_apart(a, b) for a, b in zip(ends[one], ends[other], strict=True)]
            assert max(apart) > 0.02, (one, other)


def test_bfloat16_gives_other_weights_nearby(cycles):
    exact, fast = trained("pad", cycles), trained("pad", cycles, "bf16")
    for a, b, start in zip(exact, fast, build_networks(0), strict=True):
        assert 0.01 < moved_apart(a, b) < 0.5 * moved_apart(a, start)


@pytest.mark.parametrize(
    ("weights", "left"),
    [
        ({"weight_nrem": 0}, {"image", "kl", "external", "internal"}),
        ({"weight_internal": 0}, {"image", "kl", "external", "nrem"}),
        ({"weight_image": 0, "weight_kl": 0, "weight_external": 0}, {"nrem", "internal"}),
    ],
)
def test_a_phase_without_losses_teaches_nothing(cycles, weights, left):
    condition = replace(PAD, name="less", **weights)
    trainer = Trainer(Recipe("x", condition, epochs=1, batch_size=6))
    for images in cycles:
        assert set(trainer.cycle(images)) == left
    assert trainer.hippocampus.previous is not None


def test_weights_that_are_not_finite_are_noticed():
    trainer = Trainer(Recipe("x", PAD, epochs=1))
    trainer.check_finite()
    with torch.no_grad():
        trainer.networks.generator.tconv2.bias[3] = float("nan")
    with pytest.raises(
        PadError, match=r"generator.tconv2.bias are no longer finite.*in another run"
    ):
        trainer.check_finite()


def test_adam_coasts_where_a_phase_gives_no_gradient(cycles):
    """As with PyTorch before 2.0, whose ``zero_grad`` left zeros: written out with torch's Adam."""
    trainer = Trainer(Recipe("x", PAD, epochs=1, batch_size=6, adam_coasts=True))
    resting = Trainer(Recipe("x", PAD, epochs=1, batch_size=6))
    encoder, generator = (n.to(memory_format=torch.channels_last) for n in build_networks(0))
    adam = [
        torch.optim.Adam(n.parameters(), lr=LR, betas=(0.5, 0.999)) for n in (encoder, generator)
    ]
    streams, old = Streams(0), None

    def zero():
        for optimiser in adam:
            optimiser.zero_grad(set_to_none=False)

    for x in cycles:
        trainer.cycle(x)
        resting.cycle(x)
        z, real = encoder(x)
        kl = (0.5 * (z.mean(0) ** 2 + z.var(0) - 1 - z.var(0).log())).mean()
        zero()
        ((x - generator(z)).square().mean() + kl + F.softplus(-real).mean()).backward()
        for optimiser in adam:
            optimiser.step()
        z = z.detach()
        mask = draw_nrem_mask(streams["nrem mask"])
        with torch.no_grad():
            dream = generator(z) * mask
        zero()
        (z - encoder(dream)[0]).square().mean().backward()
        adam[0].step()  # moves the head of d, too
        noise = torch.randn(z.shape, generator=streams["rem noise"])
        loss = F.softplus(encoder(generator(mixed(z, z if old is None else old, noise, "pad")))[1])
        zero()
        loss.mean().backward()
        for parameter in generator.parameters():
            parameter.grad.neg_()
        for optimiser in adam:
            optimiser.step()  # moves the head of z, too
        old = z
    for found, expected in zip(trainer.networks, (encoder, generator), strict=True):
        assert moved_apart(found, expected) < 2e-3
    moved, rested = (
        torch.cat([w.detach().flatten() for w in t.networks.encoder.dis.parameters()])
        for t in (trainer, resting)
    )
    assert ((moved - rested).abs() / LR).mean() > 0.1
