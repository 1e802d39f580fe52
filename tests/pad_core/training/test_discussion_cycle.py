"""What the Discussion proposes, as cycles: against the same updates written out by hand.

The comparison is in float64: in float32, sums in another order can put a unit on the other side
of its LeakyReLU's kink, and Adam's first steps have the size of the learning rate however small
the gradient is.
"""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from pad_core.checkpoint.file import load
from pad_core.checkpoint.training_config import Recipe
from pad_core.cli.display import checkpoint_summary
from pad_core.errors import PadError
from pad_core.model.condition import CONDITIONS, DISCUSSION, PAD, PAPER
from pad_core.model.networks import build_networks
from pad_core.model.perturbation import perturb
from pad_core.report.cards import cards
from pad_core.report.catalogue import find
from pad_core.report.conditions_in_words import TOLD, details
from pad_core.system.randomness import Streams
from pad_core.system.tensors import read_tensors
from pad_core.training.cycle import Trainer
from pad_core.training.loop import train

LR = 2e-4
B = 6
CYCLES = 3


def made(name, **fields):
    return replace(PAD, name=name, **fields)


LIVED = {
    condition.name: condition
    for condition in (
        made("repeats", phases=("wake", "nrem", "rem", "rem", "nrem")),
        made("wake_again", phases=("wake", "nrem", "wake", "rem")),
        made("rates", rate_wake=0.5, rate_nrem=2.0, rate_rem=3.0),
        made("components", mixing="components", lam=0.3, nrem_replay="mixed"),
        made("three", memories=3, lam=0.4),
        made("three_components", memories=3, mixing="components"),
        made("long", hippocampus=2, recency=0.4),
        made("moved", perturbation=("rotation", "noise"), perturbation_strength=0.6),
        made("in_nrem", contrast="nt_xent", temperature=0.3, weight_contrast=0.7,
             perturbation=("translation",)),
        made("own_phase", contrast="nt_xent", phases=("wake", "contrast", "rem"),
             rate_contrast=3.0),
        made("barlow", contrast="barlow_twins", redundancy=0.1,
             phases=("wake", "nrem", "contrast", "rem"), perturbation=("squares", "blur")),
    )
}  # fmt: skip


@pytest.fixture
def tolerance(name):
    """Of the distance that ``moved_apart`` measures; dreams are moved and blurred in float32."""
    if set(LIVED[name].perturbation) != {"squares"}:
        yield 1e-2
        return
    torch.set_default_dtype(torch.float64)
    yield 1e-3
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def batches(random):
    return [torch.rand((B, 3, 32, 32), generator=random) * 2 - 1 for _ in range(CYCLES)]


@torch.no_grad()
def grow(*networks):
    """Dreams that differ, as after some training."""
    for network in networks:
        for parameter in network.parameters():
            parameter *= 3


class ByHand:
    """Encoder, generator and cycles written out with plain autograd and torch's Adam."""

    def __init__(self, condition):
        self.condition, self.streams = condition, Streams(0)
        self.encoder, self.generator = (
            n.to(memory_format=torch.channels_last) for n in build_networks(0)
        )
        grow(self.encoder, self.generator)
        self.adam = [
            torch.optim.Adam(n.parameters(), lr=LR, betas=(0.5, 0.999))
            for n in (self.encoder, self.generator)
        ]
        self.past = []  # all mini-batches' latents, newest first

    def learn(self, phase, loss, generators=None, sign=1.0):
        """Encoder and generator along the gradients of their losses."""
        rate = getattr(self.condition, f"rate_{phase}")
        both = [(self.adam[0], self.encoder, loss, 1.0)]
        if generators is not None:
            both.append((self.adam[1], self.generator, generators, sign))
        for _, network, objective, s in both:
            parameters = list(network.parameters())
            found = torch.autograd.grad(objective, parameters, retain_graph=True, allow_unused=True)
            for parameter, gradient in zip(parameters, found, strict=True):
                parameter.grad = None if gradient is None else s * gradient
        for adam, *_ in both:
            adam.param_groups[0]["lr"] = LR * rate
            adam.step()

    def mixed(self, stream):
        c, random = self.condition, self.streams[stream]
        z, before = self.past[0], self.past[1:]
        noise = torch.randn(z.shape, generator=random)
        n, span = c.memories - 1, c.hippocampus
        while len(before) < span:
            before = [*before, self.past[-1]]
        if n == 1 and span == 1:
            old = before[0]
        else:
            u = torch.rand((n, B), generator=random)
            rows = torch.randint(B, (n, B), generator=random)
            weights = torch.tensor([(1 - c.recency) ** age for age in range(span)])
            reached = (weights / weights.sum()).cumsum(0)
            ages = (u[..., None] >= reached[:-1]).sum(-1)
            drawn = [[before[ages[k, i]][rows[k, i]] for i in range(B)] for k in range(n)]
            drawn = torch.stack([torch.stack(row) for row in drawn])
            old = drawn.sum(0) / n
            if n > 1 and c.mixing == "components":
                which = torch.randint(n, (1, B, 256), generator=random)[0]
                old = sum(torch.where(which == k, drawn[k], 0.0) for k in range(n))
        if c.mixing == "components":
            mine = torch.rand(z.shape, generator=random) < c.lam
            memories = mine * z + ~mine * old
        else:
            memories = c.lam * z + (1 - c.lam) * old
        return c.lam_prime * memories + (1 - c.lam_prime) * c.noise_level * noise

    def perturbed(self, dream):
        c = self.condition
        return perturb(dream, c.perturbation, c.perturbation_strength, self.streams["nrem mask"])

    def contrast(self, first, second):
        c = self.condition
        if c.contrast == "nt_xent":
            both = F.normalize(torch.cat([first, second]))
            scores = (both @ both.T / c.temperature).masked_fill(torch.eye(2 * B).bool(), -1e9)
            return F.cross_entropy(scores, torch.arange(2 * B).roll(B))
        one, other = (
            (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt() for x in (first, second)
        )
        r = one.T @ other / B
        on, off = (1 - r.diagonal()).square().sum(), (r - r.diagonal().diag()).square().sum()
        return (on + c.redundancy * off) / 256

    def cycle(self, x):
        c, e, g = self.condition, self.encoder, self.generator
        for place, phase in enumerate(c.phases):
            if phase == "wake":
                z, real = e(x)
                image = (x - g(z)).square().mean()
                kl = (0.5 * (z.mean(0) ** 2 + z.var(0) - 1 - z.var(0).log())).mean()
                self.learn("wake", image + kl + F.softplus(-real).mean(), image)
                self.past = [z.detach(), *self.past[(1 if place else 0) :]]
            elif phase == "rem":
                seed = self.mixed("rem noise") if c.rem_replay == "mixed" else self.past[0]
                loss = F.softplus(e(g(seed))[1]).mean()
                self.learn("rem", loss, loss, sign=-1.0)
            else:
                mixes = phase == "nrem" and c.nrem_replay == "mixed"
                seed = self.mixed("nrem noise") if mixes else self.past[0]
                dream = g(seed).detach()
                first = e(self.perturbed(dream))[0]
                loss = (seed - first).square().mean() if phase == "nrem" else 0.0
                here = "contrast" if "contrast" in c.phases else "nrem"
                if c.contrast != "none" and phase == here:
                    second = e(self.perturbed(dream))[0]
                    loss = loss + c.weight_contrast * self.contrast(first, second)
                self.learn(phase, loss)


def moved_apart(one, other):
    """Mean distance of the weights of two networks, in units of the learning rate."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    gaps = torch.cat([(a - b).detach().abs().flatten() for a, b in pairs])
    return gaps.mean().item() / LR


def trained(condition, batches):
    trainer = Trainer(Recipe("x", condition, epochs=1, batch_size=B))
    grow(*trainer.networks)
    for images in batches:
        losses = trainer.cycle(images)
        assert list(losses) != []
        assert set(losses) == set(trainer.losses)
    return trainer


@pytest.mark.parametrize("name", LIVED)
def test_cycles_are_those_written_out_by_hand(name, tolerance, batches):
    hand, plain = ByHand(LIVED[name]), ByHand(PAD)
    for images in batches:
        hand.cycle(images)
        plain.cycle(images)
    networks = trained(LIVED[name], batches).networks
    for found, expected in zip(networks, (hand.encoder, hand.generator), strict=True):
        assert moved_apart(found, expected) < tolerance
    # The comparison can tell: the paper's cycle ends elsewhere.
    apart = [moved_apart(networks.encoder, plain.encoder),
             moved_apart(networks.generator, plain.generator)]  # fmt: skip
    assert min(apart) > 0.1


def test_losses_of_repeated_phases_are_means(batches, monkeypatch):
    trainer = Trainer(Recipe("x", LIVED["repeats"], epochs=1, batch_size=B))
    seen, live = [], trainer._live

    def noted(phase, images, first):
        losses = live(phase, images, first)
        seen.append({name: loss.item() for name, loss in losses.items()})
        return losses

    monkeypatch.setattr(trainer, "_live", noted)
    found = trainer.cycle(batches[0])
    for name in ("nrem", "internal"):
        values = [losses[name] for losses in seen if name in losses]
        assert len(values) == 2
        assert found[name].item() == pytest.approx(sum(values) / 2)


def test_a_contrast_that_does_not_count_is_not_learnt(batches):
    condition = replace(LIVED["own_phase"], name="mute", weight_contrast=0.0)
    assert "contrast" not in trained(condition, batches[:1]).losses


@pytest.mark.parametrize("span", [1, 3])
def test_a_state_goes_on_with_all_memories(span, batches):
    condition = made("long", hippocampus=span)
    recipe = Recipe("x", condition, epochs=1, batch_size=B)
    whole, half = Trainer(recipe), Trainer(recipe)
    for images in batches[:2]:
        whole.cycle(images)
        half.cycle(images)
    again = Trainer(recipe)
    again.restore(half.state())
    for images in batches[2:]:
        whole.cycle(images)
        again.cycle(images)
    expected, found = whole.state(), again.state()
    assert expected.keys() == found.keys()
    assert sum(key.startswith("hippocampus") for key in found) == span
    for key, value in expected.items():
        assert torch.equal(found[key], value), key


def test_memories_of_another_shape_are_refused(batches):
    trainer = trained(made("long", hippocampus=3), batches[:1])
    state = trainer.state() | {"hippocampus.2": torch.zeros(2, 256)}
    with pytest.raises(PadError, match=r"stored latents have shape \(2, 256\)"):
        trainer.restore(state)


# Every field, at least once.
TRAINED = (
    "nrem_rotation", "nrem_many", "rem_components", "rem_four_memories", "rem_long_memory",
    "long_sleep", "fast_sleep_rem_first", "nrem_contrast", "contrast_phase", "barlow_phase",
)  # fmt: skip


def test_every_condition_of_the_discussion_is_told_and_has_details():
    assert set(TOLD) == set(CONDITIONS)
    assert all(len(line) < 90 for line in TOLD.values())
    unusual = {"long_sleep", "long_sleep_rem_first"}  # the cycle says it
    assert {name for name in DISCUSSION if not details(CONDITIONS[name])} == unusual
    assert not any(details(CONDITIONS[name]) for name in PAPER)
    assert set(TRAINED) < set(DISCUSSION)


@pytest.mark.parametrize("name", TRAINED)
def test_a_tiny_network_is_trained_exported_and_summarised(name, tiny, tmp_path):
    recipe = Recipe(tiny.spec, CONDITIONS[name], epochs=1, batch_size=16)
    train(tmp_path / "run", recipe, tiny)
    state, header = read_tensors(tmp_path / "run" / "state.safetensors")
    assert all(math.isfinite(v) for v in header["history"][0]["losses"].values())
    assert all(t.isfinite().all() for t in state.values() if t.is_floating_point())
    network = load(tmp_path / "run" / "latest.safetensors")
    assert network.condition == CONDITIONS[name]
    before = build_networks(0).encoder
    assert moved_apart(network.networks.encoder, before) > 1.0
    words = checkpoint_summary(network)
    assert TOLD[name] in words
    card = cards(find([tmp_path / "run"])[0])
    assert f"--condition {name}" in card
    for said in details(CONDITIONS[name]).values():
        assert said in words
        assert said in card
