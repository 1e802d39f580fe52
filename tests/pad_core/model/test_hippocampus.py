import pytest
import torch

from pad_core.errors import PadError
from pad_core.model.condition import Mixture, Recollection
from pad_core.model.hippocampus import Hippocampus, as_one, draw_ages, draw_components, mix


@pytest.fixture
def parts(random):
    return [torch.randn((6, 256), generator=random) for _ in range(3)]


@pytest.mark.parametrize(
    ("lam", "lam_prime", "expected"),
    [(1.0, 1.0, "current"), (0.0, 1.0, "previous"), (0.0, 0.0, "noise"), (1.0, 0.0, "noise")],
)
def test_corners_of_the_mixture(parts, lam, lam_prime, expected):
    current, previous, noise = parts
    wanted = {"current": current, "previous": previous, "noise": 1.5 * noise}[expected]
    assert torch.equal(mix(current, previous, noise, Mixture(lam, lam_prime, 1.5)), wanted)


def test_the_trained_point_is_a_quarter_a_quarter_and_a_half(parts):
    current, previous, noise = parts
    mixed = mix(current, previous, noise, Mixture(0.5, 0.5, 1.0))
    torch.testing.assert_close(mixed, 0.25 * current + 0.25 * previous + 0.5 * noise)


def test_an_empty_hippocampus_says_so(random):
    with pytest.raises(PadError, match="empty"):
        Hippocampus().replay()
    with pytest.raises(PadError, match="empty"):
        Hippocampus().replay_mixed(Mixture(0.5, 0.5, 1.0), random)


def test_memories_move_on_and_carry_no_gradient():
    hippocampus = Hippocampus()
    first, second = torch.ones((2, 4), requires_grad=True), torch.zeros(2, 4)
    hippocampus.store(first * 2)
    assert not hippocampus.replay().requires_grad
    hippocampus.store(second)
    assert torch.equal(hippocampus.replay(), second)
    assert torch.equal(hippocampus.previous, torch.full((2, 4), 2.0))


def test_the_first_cycle_mixes_current_memories_with_noise_alone():
    hippocampus = Hippocampus()
    current = torch.ones(3, 4)
    hippocampus.store(current)
    mixture = Mixture(0.2, 0.5, 1.0)
    noise = torch.randn((3, 4), generator=torch.Generator().manual_seed(1))
    mixed = hippocampus.replay_mixed(mixture, torch.Generator().manual_seed(1))
    torch.testing.assert_close(mixed, 0.5 * current + 0.5 * noise)
    hippocampus.store(2 * current)
    mixed = hippocampus.replay_mixed(mixture, torch.Generator().manual_seed(1))
    torch.testing.assert_close(mixed, 0.5 * (0.2 * 2 + 0.8) * current + 0.5 * noise)


COMPONENTS = Mixture(0.3, 1.0, 0.0, "components")


def test_components_come_from_either_memory_with_probability_lambda(random):
    current, previous = torch.ones(400, 256), torch.zeros(400, 256)
    uniforms = draw_components(current, COMPONENTS, random)
    mixed = mix(current, previous, current, COMPONENTS, uniforms)
    assert set(mixed.unique().tolist()) == {0.0, 1.0}
    assert mixed.mean().item() == pytest.approx(0.3, abs=0.01)
    # Of each component and of each dream: neither all from one memory nor the same for all.
    assert mixed.mean(0).std() < 0.05
    assert (mixed[0] != mixed[1]).any()


def test_components_get_their_share_of_noise_as_others_do(parts, random):
    current, previous, noise = parts
    mixture = Mixture(0.5, 0.25, 2.0, "components")
    uniforms = draw_components(current, mixture, random)
    memories = torch.where(uniforms < 0.5, current, previous)
    torch.testing.assert_close(
        mix(current, previous, noise, mixture, uniforms), 0.25 * memories + 0.75 * 2.0 * noise
    )


@pytest.mark.parametrize(("lam", "whose"), [(1.0, 0), (0.0, 1)])
def test_corners_of_mixtures_by_components(parts, lam, whose, random):
    mixture = Mixture(lam, 1.0, 0.0, "components")
    uniforms = draw_components(parts[0], mixture, random)
    assert torch.equal(mix(*parts, mixture, uniforms), parts[whose])


def test_a_convex_mixture_draws_nothing_and_components_need_draws(parts, random):
    state = random.get_state()
    assert draw_components(parts[0], Mixture(0.5, 0.5, 1.0), random) is None
    assert torch.equal(random.get_state(), state)
    with pytest.raises(PadError, match="uniform number"):
        mix(*parts, COMPONENTS)


def test_older_memories_share_equally(random):
    memories = torch.arange(3.0)[:, None, None].expand(3, 200, 256)
    assert torch.equal(as_one(memories, Mixture(0.5, 1, 0), random), torch.ones(200, 256))
    chosen = as_one(memories, COMPONENTS, random)
    for value in range(3):
        assert (chosen == value).float().mean().item() == pytest.approx(1 / 3, abs=0.01)
    assert torch.equal(as_one(memories[2:], COMPONENTS, random), memories[2])


@pytest.mark.parametrize(("span", "recency"), [(4, 0.0), (4, 0.5), (8, 0.1), (3, 1.0), (1, 0.3)])
def test_ages_have_the_probabilities_that_recency_gives(span, recency, random):
    ages = draw_ages((3, 20_000), Recollection(4, span, recency), random)
    assert ages.dtype == torch.int64
    found = torch.bincount(ages.flatten(), minlength=span) / ages.numel()
    weights = torch.tensor([(1 - recency) ** a for a in range(span)])
    assert len(found) == span
    torch.testing.assert_close(found, weights / weights.sum(), atol=0.01, rtol=0)


def test_even_the_largest_uniform_number_gives_an_age_within_the_span(monkeypatch):
    for value in (0.0, 1.0 - 2**-24):
        monkeypatch.setattr(torch, "rand", lambda shape, value=value, **_: torch.full(shape, value))
        for recency in (0.0, 1e-9, 0.5, 0.999, 1.0):
            ages = draw_ages((2,), Recollection(2, 256, recency), None)
            assert 0 <= ages.min() <= ages.max() <= 255


def stored(span, cycles):
    """A hippocampus whose memories are numbered: 100 × cycle + place."""
    hippocampus = Hippocampus(span)
    for cycle in range(cycles):
        hippocampus.store((100.0 * cycle + torch.arange(5.0))[:, None].expand(5, 2))
    return hippocampus


def test_a_long_hippocampus_keeps_what_it_has_room_for():
    hippocampus = stored(3, cycles=6)
    assert [int(m[0, 0]) for m in hippocampus.kept()] == [500, 400, 300]
    assert int(hippocampus.previous[0, 0]) == 400


def test_older_memories_are_those_of_the_last_mini_batches(random):
    hippocampus = stored(3, cycles=6)
    seen = set()
    for _ in range(60):
        mixed = hippocampus.replay_mixed(Mixture(0.0, 1.0, 0.0), random, Recollection(2, 3, 0.0))
        assert torch.equal(mixed[:, 0], mixed[:, 1])  # whole memories
        seen |= set(mixed[:, 0].tolist())
    assert seen == {100.0 * cycle + place for cycle in (2, 3, 4) for place in range(5)}


def test_recent_memories_are_preferred(random):
    hippocampus = stored(4, cycles=5)
    cycles = torch.cat([
        hippocampus.replay_mixed(Mixture(0.0, 1.0, 0.0), random, Recollection(2, 4, 0.6))[:, 0]
        // 100
        for _ in range(800)
    ])  # fmt: skip
    shares = [(cycles == cycle).float().mean().item() for cycle in (3, 2, 1, 0)]
    weights = [0.4**age for age in range(4)]
    assert shares == pytest.approx([w / sum(weights) for w in weights], abs=0.03)


def test_several_memories_share_what_lambda_leaves(random):
    hippocampus = stored(1, cycles=2)
    mixed = hippocampus.replay_mixed(Mixture(0.5, 1.0, 0.0), random, Recollection(4))
    older = 2 * (mixed - 0.5 * hippocampus.current)  # a mean of three among 0 to 4
    assert ((older >= 0) & (older <= 4)).all()
    torch.testing.assert_close(3 * older, (3 * older).round(), atol=1e-4, rtol=0)
    means = [
        hippocampus.replay_mixed(Mixture(0.0, 1.0, 0.0), random, Recollection(4)).mean().item()
        for _ in range(400)
    ]
    assert sum(means) / 400 == pytest.approx(2.0, abs=0.1)


def test_as_in_the_paper_the_older_memory_has_the_same_place():
    hippocampus = stored(1, cycles=2)
    mixed = hippocampus.replay_mixed(Mixture(0.0, 1.0, 0.0), torch.Generator())
    assert torch.equal(mixed, hippocampus.previous)


def test_in_the_first_cycles_the_oldest_memories_stand_in_for_those_before():
    hippocampus = stored(4, cycles=2)
    assert [int(m[0, 0]) for m in hippocampus.kept()] == [100, 0, 0, 0]
    again = Hippocampus(4)
    again.restore(hippocampus.kept())
    for one in (hippocampus, again):
        one.store(torch.full((5, 2), 200.0))
    for a, b in zip(hippocampus.kept(), again.kept(), strict=True):
        assert torch.equal(a, b)


def test_a_second_look_replaces_the_current_memories():
    hippocampus = stored(2, cycles=3)
    hippocampus.refresh(torch.full((5, 2), 7.0, requires_grad=True) * 1)
    assert int(hippocampus.current[0, 0]) == 7
    assert not hippocampus.current.requires_grad
    assert int(hippocampus.previous[0, 0]) == 100
    with pytest.raises(PadError, match="empty"):
        Hippocampus().refresh(torch.zeros(5, 2))
