from itertools import pairwise

import pytest
import torch

from pad_core.dreaming.hopfield import CUES, Hopfield, cues
from pad_core.errors import PadError


@pytest.fixture
def memories(random):
    return torch.randn((60, 256), generator=random) * 2 + 0.5


def test_at_high_beta_each_stored_memory_is_recalled_as_it_is(memories):
    recall = Hopfield.of(memories, beta=200).recall(memories)
    assert torch.equal(recall.strongest, torch.arange(60))
    torch.testing.assert_close(recall.latents, memories, atol=1e-3, rtol=0)
    torch.testing.assert_close(recall.blended, torch.ones(60), atol=1e-4, rtol=0)


def test_near_beta_0_every_cue_comes_to_the_mean_of_all_memories(memories):
    recall = Hopfield.of(memories, beta=1e-3).recall(memories[:5])
    torch.testing.assert_close(recall.latents, memories.mean(0).expand(5, -1), atol=1e-2, rtol=0)
    torch.testing.assert_close(recall.blended, torch.full((5,), 60.0), atol=0.01, rtol=0)


@pytest.mark.parametrize("beta", [0.5, 4.0, 10.0, 40.0])
def test_no_update_raises_the_energy(memories, beta, random):
    starts = torch.randn((20, 256), generator=random)
    energies = [recall.energy for recall in Hopfield.of(memories, beta).updates(starts, 20)]
    assert len(energies) > 2
    for before, after in pairwise(energies):
        assert (after <= before + 1e-6).all()
    assert (energies[-1] < energies[0] - 0.1).all()


def test_the_update_and_the_energy_by_hand():
    # Mean (0, 0): both are their own patterns. From ξ = (1, 0), products are 1 and −1.
    hopfield = Hopfield.of(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), beta=1.0)
    first = hopfield.start(torch.tensor([[3.0, 0.0]]))
    share = torch.tensor(1.0).sigmoid().square() / (
        torch.tensor(1.0).sigmoid().square() + torch.tensor(-1.0).sigmoid().square()
    )  # e / (e + 1/e)
    torch.testing.assert_close(first.weights[0, 0], share)
    torch.testing.assert_close(first.energy[0], 0.5 - torch.tensor([1.0, -1.0]).logsumexp(0))
    torch.testing.assert_close(hopfield.update(first).state[0, 0], 2 * share - 1)


def test_a_long_memory_attracts_no_more_than_a_short_one(memories):
    scaled = memories.clone()
    centre = memories.mean(0)
    scaled[0] = centre + 10 * (memories[0] - centre)
    recall = Hopfield.of(scaled, beta=100).recall(scaled)
    assert torch.equal(recall.strongest, torch.arange(60))


def test_alike_memories_blend_into_one_recall(memories):
    between = (memories[:1] + memories[1:2]) / 2
    recall = Hopfield.of(memories, beta=100).recall(between, most=0)
    assert set(recall.weights[0].topk(2).indices.tolist()) == {0, 1}
    one = torch.zeros(4, 256)
    one[0, 0] = one[1, 1] = one[2, 2] = one[3, 3] = 1.0
    mixed = Hopfield.of(one, beta=1.0).recall(one[:1])
    assert float(mixed.blended) > 3.9  # four alike patterns: no single one is at rest


def test_a_single_memory_is_recalled_from_anything(memories, random):
    recall = Hopfield.of(memories[:1], beta=1.0).recall(torch.randn((3, 256), generator=random))
    torch.testing.assert_close(recall.latents, memories[:1].expand(3, -1))


def test_updates_end_where_they_come_to_rest(memories):
    steps = list(Hopfield.of(memories, beta=200).updates(memories[:4]))
    assert len(steps) < 6
    assert len(list(Hopfield.of(memories, beta=5).updates(memories[:4], most=1))) == 2


@pytest.mark.parametrize("kind", CUES)
def test_the_same_seed_leaves_the_same_cue(network, kind):
    stored = network.memories["test"].latents[:6]
    first, again = (cues(network.networks, stored, kind, 0.6, seed=2) for _ in range(2))
    assert torch.equal(first, again)
    if kind != "occluded":  # an untrained encoder hardly tells pictures apart
        assert not torch.allclose(first, cues(network.networks, stored, kind, 0.6, seed=3))


def test_cues_lose_what_they_say(network):
    stored = network.memories["test"].latents[:6] + 1.0
    for kind in ("noisy", "partial"):
        assert torch.equal(cues(network.networks, stored, kind, 0.0, seed=1), stored)
    seen = network.networks.encoder.latents(network.networks.generator(stored))
    torch.testing.assert_close(cues(network.networks, stored, "occluded", 0.0, seed=1), seen)
    half = cues(network.networks, stored, "partial", 0.5, seed=1)
    gone = half == 0
    assert 0.4 < gone.float().mean() < 0.6
    assert torch.equal(half[~gone], stored[~gone])
    more = cues(network.networks, stored, "partial", 0.8, seed=1) == 0
    assert (gone <= more).all() and 0.7 < more.float().mean() < 0.9
    noise = cues(network.networks, stored, "noise", 0.5, seed=1)
    assert torch.equal(noise, cues(network.networks, stored * 3, "noise", 0.0, seed=1))
    everything = cues(network.networks, stored, "noisy", 1.0, seed=1)
    quarter = cues(network.networks, stored, "noisy", 0.25, seed=1)
    torch.testing.assert_close(quarter, 0.75 * stored + 0.25 * everything)


def test_what_cannot_be_stored_or_asked_for_is_refused(network, memories):
    with pytest.raises(PadError, match="M ≥ 1, not"):
        Hopfield.of(memories[:0], 1.0)
    for beta in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(PadError, match="β is a number above 0"):
            Hopfield.of(memories, beta)
    with pytest.raises(PadError, match="between 0 and 1, not 1.2"):
        cues(network.networks, memories, "noisy", 1.2, seed=0)
    with pytest.raises(PadError, match="A cue is noisy, partial, occluded, noise, not 'smell'"):
        cues(network.networks, memories, "smell", 0.5, seed=0)
