"""Goals: what they are called, what they measure, and that their gradients are right."""

import copy
from dataclasses import replace

import pytest
import torch

from pad_core.dreaming.goals import Goal, Seen, likeness, objective, same_encoding
from pad_core.errors import PadError

GOALS = ("class:3", "real", "unreal", "unit:17", "component:1")


@pytest.mark.parametrize("text", [*GOALS, "picture"])
def test_a_goal_is_what_its_text_says(text):
    assert str(Goal.parse(text)) == text


@pytest.mark.parametrize("text", ["", "class", "class:-1", "class:x", "class:٣", "real:1", "cat"])
def test_other_texts_are_refused(text):
    with pytest.raises(PadError, match="A goal is"):
        Goal.parse(text)


@pytest.mark.parametrize("text", ["class:10", "unit:256", "component:16"])
def test_what_the_network_has_not_is_refused(trained_reader, text):
    with pytest.raises(PadError, match="counted from 0"):
        objective(trained_reader, Goal.parse(text))
    with pytest.raises(PadError, match="no picture"):
        objective(trained_reader, Goal("picture"))


def seen_of(reader, latents):
    """What the network sees in the dreams of latents, in double precision."""
    encoder, dreamer = reader.network.networks
    images = dreamer(latents)
    return Seen(images, *encoder(images))


def test_values_are_what_they_are_said_to_be(trained_reader):
    seen = seen_of(trained_reader, trained_reader.memories[:8])
    p = trained_reader.probe.probabilities(seen.encoded)[:, 3].double()
    value = {text: objective(trained_reader, Goal.parse(text))(seen) for text in GOALS}
    assert torch.allclose(value["class:3"].double(), (p / (1 - p)).log(), atol=1e-3)
    assert torch.equal(value["real"], -value["unreal"])
    assert torch.allclose(value["real"].sigmoid(), seen.logits.sigmoid())
    memories = trained_reader.memories
    expected = (seen.encoded[:, 17] - memories[:, 17].mean()) / memories[:, 17].std()
    assert torch.allclose(value["unit:17"], expected, atol=1e-5)
    # Along the second component the memories themselves have mean 0 and standard deviation 1.
    own = objective(trained_reader, Goal("component", 1))(seen._replace(encoded=memories))
    assert float(own.mean()) == pytest.approx(0, abs=1e-4)
    assert float(own.std()) == pytest.approx(1, abs=1e-4)
    assert torch.allclose(likeness(seen.images[0])(seen)[0], torch.tensor(0.0))
    assert torch.allclose(same_encoding(seen.encoded, 2.0)(seen), torch.zeros(8), atol=1e-5)
    moved = seen._replace(encoded=seen.encoded + 1.0)  # 16 away, in 256 dimensions
    assert torch.allclose(same_encoding(seen.encoded, 2.0)(moved), torch.full((8,), -8.0))


@pytest.mark.parametrize("text", [*GOALS, "picture"])
def test_gradients_agree_with_finite_differences(trained_reader, text):
    reader = in_double(trained_reader)
    picture = reader.network.networks.generator(reader.memories[:1])[0]
    aim = objective(reader, Goal.parse(text), picture)
    latents = reader.memories[5:7].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(aim(seen_of(reader, latents)).sum(), latents)
    random = torch.Generator().manual_seed(1)
    for _ in range(3):
        step = 1e-5 * torch.randn(latents.shape, generator=random, dtype=torch.float64)
        ahead = aim(seen_of(reader, latents.detach() + step)).sum()
        behind = aim(seen_of(reader, latents.detach() - step)).sum()
        expected = float((gradient * step).sum())
        assert float(ahead - behind) / 2 == pytest.approx(expected, rel=1e-3, abs=1e-9)


def in_double(reader):
    """The reader of a network of float64, for differences that rounding would hide."""
    networks = type(reader.network.networks)(
        *(copy.deepcopy(part).double() for part in reader.network.networks)
    )
    probe = replace(
        reader.probe, weight=reader.probe.weight.double(), bias=reader.probe.bias.double()
    )
    return replace(
        reader,
        network=replace(reader.network, networks=networks),
        probe=probe,
        memories=reader.memories.double(),
    )
