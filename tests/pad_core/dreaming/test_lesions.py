import pytest
import torch

from pad_core.checkpoint.file import Memories
from pad_core.dreaming.lesions import (
    DAMAGES,
    LESIONS,
    MOST_NOISE,
    hallucination_curve,
    monitor,
    replay,
)
from pad_core.errors import PadError


@pytest.fixture
def features(network, random):
    images = torch.rand((40, 3, 32, 32), generator=random) * 2 - 1
    with torch.inference_mode():
        return images, network.networks.encoder.trunk(images)


@pytest.fixture
def memories(random):
    latents = torch.randn((300, 256), generator=random) * torch.linspace(0.5, 2.0, 256)
    return Memories(latents, torch.arange(300) % 3, torch.arange(300))


@pytest.mark.parametrize("kind", LESIONS)
def test_without_damage_d_is_the_encoders_own(network, features, kind):
    images, seen = features
    healthy = network.networks.encoder.logits(images)
    torch.testing.assert_close(
        monitor(network.networks.encoder, kind, 0.0, 1).logits(seen), healthy
    )
    hurt = monitor(network.networks.encoder, kind, 0.5, 1).logits(seen)
    assert not torch.allclose(hurt, healthy)


def test_lesions_do_to_the_head_what_they_say(network, features):
    encoder, (images, seen) = network.networks.encoder, features
    bias = encoder.dis.bias.squeeze()
    healthy = encoder.logits(images)
    for kind in ("silence", "scale"):
        whole = monitor(encoder, kind, 1.0, 0)
        torch.testing.assert_close(whole.logits(seen), bias.expand(40))
    scaled = monitor(encoder, "scale", 0.75, 0).logits(seen)
    torch.testing.assert_close(scaled - bias, 0.25 * (healthy - bias))
    inverted = monitor(encoder, "invert", 1.0, 0).logits(seen)
    torch.testing.assert_close(inverted - bias, bias - healthy)
    weight = encoder.dis.weight.flatten()
    part, more = (monitor(encoder, "silence", amount, 0).weight for amount in (0.3, 0.6))
    assert 0.25 < (part == 0).float().mean() < 0.35
    assert ((part == 0) <= (more == 0)).all()
    assert torch.equal(part[part != 0], weight[part != 0])
    turned = monitor(encoder, "invert", 0.3, 0).weight
    assert torch.equal(turned.abs(), weight.abs())
    assert 0.25 < (turned != weight).float().mean() < 0.35
    assert torch.equal(turned, monitor(encoder, "invert", 0.3, 0).weight)
    assert not torch.equal(turned, monitor(encoder, "invert", 0.3, 1).weight)


def test_the_curve_counts_what_is_on_the_wrong_side_of_one_half(network, random):
    encoder = network.networks.encoder
    pictures = torch.rand((64, 3, 32, 32), generator=random) * 2 - 1
    logits = encoder.logits(pictures)
    dreams, real = pictures[:40], pictures[40:]
    healthy, _, blind = hallucination_curve(encoder, dreams, real, "scale", [0.0, 0.5, 1.0], seed=0)
    assert healthy.amount == 0.0
    assert healthy.dreams == pytest.approx(100 * (logits[:40] > 0).double().mean().item())
    assert healthy.pictures == pytest.approx(100 * (logits[40:] > 0).double().mean().item())
    # All that is left of d is its bias: it says the same of everything.
    said = 100.0 if float(encoder.dis.bias) > 0 else 0.0
    assert (blind.dreams, blind.pictures) == (said, said)


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_healthy_hippocampus_replays_its_memories(memories, kind):
    whole = replay(memories, 50, kind, 0.0, seed=4)
    assert torch.equal(whole.latents, memories.latents[whole.places])
    assert len(set(whole.places.tolist())) == 50
    again = replay(memories, 50, kind, 0.4, seed=4)
    assert torch.equal(again.latents, replay(memories, 50, kind, 0.4, seed=4).latents)
    assert not torch.equal(again.latents, replay(memories, 50, kind, 0.4, seed=5).latents)


def test_noise_is_as_strong_as_it_says(memories):
    hurt = replay(memories, 300, "noise", 0.5, seed=0)
    added = hurt.latents - memories.latents[hurt.places]
    expected = 0.5 * MOST_NOISE * memories.latents.std(0)
    torch.testing.assert_close(added.std(0), expected, rtol=0.25, atol=0)
    twice = replay(memories, 300, "noise", 1.0, seed=0).latents - memories.latents[hurt.places]
    torch.testing.assert_close(twice, 2 * added, rtol=1e-3, atol=1e-4)


def test_wrong_pairings_keep_components_but_not_what_belongs_together(memories):
    # What each component is in one memory, its neighbour is as well.
    twins = Memories(
        memories.latents[:, :128].repeat_interleave(2, dim=1), memories.labels, memories.indices
    )
    hurt = replay(twins, 200, "pairings", 0.3, seed=0)
    own = twins.latents[hurt.places]
    strange = hurt.latents != own
    assert 0.25 < strange.float().mean() < 0.35
    assert (hurt.latents[:, None, 5] == twins.latents[None, :, 5]).any(dim=1).all()
    torn = (hurt.latents[:, ::2] != hurt.latents[:, 1::2]).float().mean()
    assert torn == pytest.approx(1 - 0.7**2, abs=0.05)
    whole = replay(twins, 200, "pairings", 1.0, seed=0).latents
    assert (whole[:, ::2] != whole[:, 1::2]).float().mean() > 0.95
    torch.testing.assert_close(whole.std(0), twins.latents.std(0), rtol=0.3, atol=0)


def test_one_class_takes_the_place_of_others(memories):
    shares = [
        (memories.labels[replay(memories, 300, "one_class", amount, 0, label=2).places] == 2)
        .float()
        .mean()
        .item()
        for amount in (0.0, 0.5, 1.0)
    ]
    assert shares[0] == pytest.approx(1 / 3)
    assert shares[1] == pytest.approx(1 / 2 + 1 / 6, abs=0.06)
    assert shares[2] == 1.0
    with pytest.raises(PadError, match="No memory of the class 7"):
        replay(memories, 10, "one_class", 0.5, 0, label=7)


@pytest.mark.parametrize(("amount", "left"), [(0.25, 72), (0.5, 17), (0.75, 4), (1.0, 1)])
def test_few_memories_are_as_few_as_it_says(memories, amount, left):
    found = set(replay(memories, 300, "few", amount, 0).places.tolist())
    assert len(found) == left  # 300^(1 − amount)
    assert found <= set(replay(memories, 300, "few", amount / 2, 0).places.tolist())


def test_what_cannot_be_damaged_is_refused(network, memories):
    with pytest.raises(PadError, match="A lesion is silence, scale, invert, not 'burn'"):
        monitor(network.networks.encoder, "burn", 0.5, 0)
    with pytest.raises(PadError, match="A damage is noise, pairings, one_class, few, not 'burn'"):
        replay(memories, 5, "burn", 0.5, 0)
    with pytest.raises(PadError, match="between 0 and 1, not -0.1"):
        replay(memories, 5, "few", -0.1, 0)
    with pytest.raises(PadError, match="300 stored memories, fewer than the 301"):
        replay(memories, 301, "few", 0.5, 0)
