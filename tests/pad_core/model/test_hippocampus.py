import pytest
import torch

from pad_core.errors import PadError
from pad_core.model.condition import Mixture
from pad_core.model.hippocampus import Hippocampus, mix


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
