"""Perturbations against other ways to do them, and the ranges that they are drawn from."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from pad_core.model import perturbation
from pad_core.model.condition import Kind
from pad_core.model.occlusion import draw_nrem_mask
from pad_core.model.perturbation import perturb

KINDS = ("squares", "translation", "rotation", "noise", "blur")


class Constant:
    """Draws nothing: every uniform number is this one."""

    def __init__(self, monkeypatch, *values):
        drawn = torch.tensor(values)
        monkeypatch.setattr(
            perturbation, "_unsigned", lambda shape, images, random: drawn.reshape(shape)
        )


@pytest.fixture
def images(random):
    """Smooth ones, as dreams are, in [−1, 1]."""
    coarse = torch.randn((6, 3, 8, 8), generator=random)
    return torch.nn.functional.interpolate(coarse, (32, 32), mode="bilinear").tanh()


def test_the_kinds_are_those_of_conditions():
    assert Kind.__args__ == KINDS
    assert tuple(perturbation._PERTURBATIONS) == KINDS


def test_squares_at_full_strength_are_the_papers_to_the_bit(images, random):
    twin = torch.Generator().manual_seed(random.initial_seed())
    twin.set_state(random.get_state())
    assert torch.equal(perturb(images, ("squares",), 1.0, random), images * draw_nrem_mask(twin))
    assert torch.equal(random.get_state(), twin.get_state())


def test_less_strength_occludes_less(random):
    areas = [1 - draw_nrem_mask(random, strength=0.3).mean().item() for _ in range(300)]
    assert np.mean(areas) == pytest.approx(0.15, abs=0.02)


@pytest.mark.parametrize("x, y", [(3, 0), (0, 3), (-8, 5), (8, 8)])
def test_a_translation_shifts_and_leaves_grey_behind(images, x, y, monkeypatch):
    Constant(monkeypatch, *[(x / 8 + 1) / 2, (y / 8 + 1) / 2] * 6)
    moved = perturb(images, ("translation",), 1.0, None)
    expected = torch.zeros_like(images)
    to = [slice(max(s, 0), 32 + min(s, 0)) for s in (y, x)]
    of = [slice(max(-s, 0), 32 - max(s, 0)) for s in (y, x)]
    expected[..., to[0], to[1]] = images[..., of[0], of[1]]
    torch.testing.assert_close(moved, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("degrees", [45.0, -20.0, 10.0])
def test_a_rotation_is_scipys(images, degrees, monkeypatch):
    Constant(monkeypatch, *[(degrees / 45 + 1) / 2] * 6)
    turned = perturb(images, ("rotation",), 1.0, None).numpy()
    sign = [
        np.abs(turned - ndimage.rotate(images.numpy(), s * degrees, (2, 3), reshape=False, order=1))
        for s in (1, -1)
    ]
    # The corners apart, where the edge is grey here and cut off there.
    inside = min(difference[..., 8:24, 8:24].max() for difference in sign)
    assert inside < 1e-4
    assert np.abs(turned[..., 0, 0]).max() < 1e-6 or abs(degrees) < 15


@pytest.mark.parametrize("deviation", [0.5, 1.3, 2.0])
def test_a_blur_is_scipys_away_from_the_edge(images, deviation, monkeypatch):
    Constant(monkeypatch, *[deviation / 2] * 6)
    blurred = perturb(images, ("blur",), 1.0, None).numpy()
    expected = ndimage.gaussian_filter(images.numpy(), (0, 0, deviation, deviation), truncate=8)
    np.testing.assert_allclose(blurred[..., 12:20, 12:20], expected[..., 12:20, 12:20], atol=1e-5)
    flat = torch.full((6, 3, 32, 32), 0.7)
    torch.testing.assert_close(perturb(flat, ("blur",), 1.0, None), flat)


def test_noise_has_the_deviation_that_was_drawn_and_stays_in_range(monkeypatch):
    Constant(monkeypatch, *[0.5] * 6)
    random = torch.Generator().manual_seed(0)
    noisy = perturb(torch.zeros(6, 3, 32, 32), ("noise",), 1.0, random)
    assert noisy.std().item() == pytest.approx(0.25, rel=0.03)
    assert perturb(torch.ones(6, 3, 32, 32), ("noise",), 1.0, random).max() == 1.0


@pytest.mark.parametrize("kind", KINDS[1:])
def test_each_image_has_an_amount_of_its_own(kind, images, random):
    same = images[:1].expand(6, 3, 32, 32)
    changed = perturb(same, (kind,), 1.0, random)
    assert changed.shape == images.shape
    differences = (changed[:, None] - changed[None]).abs().amax((2, 3, 4))
    # Two small blurs may be the same: they hardly do anything.
    assert (differences > 1e-3).sum() > 20


@pytest.mark.parametrize("kind", KINDS)
def test_no_strength_changes_nothing(kind, images, random):
    torch.testing.assert_close(perturb(images, (kind,), 0.0, random), images, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_more_strength_does_more_with_the_same_draws(kind, images):
    changes = [
        (perturb(images, (kind,), s, torch.Generator().manual_seed(1)) - images).square().mean()
        for s in (0.25, 0.5, 1.0)
    ]
    assert changes[0] < changes[1] < changes[2]


def test_several_are_applied_in_their_order(images, monkeypatch):
    Constant(monkeypatch, *[1.0] * 6)
    monkeypatch.setattr(perturbation, "_signed", lambda shape, images, random: torch.ones(shape))
    turn = perturb(images, ("rotation",), 1.0, None)
    turned_then_shifted = perturb(images, ("rotation", "translation"), 1.0, None)
    assert torch.equal(turned_then_shifted, perturb(turn, ("translation",), 1.0, None))
    other = perturb(images, ("translation", "rotation"), 1.0, None)
    assert not torch.allclose(turned_then_shifted, other, atol=1e-2)


def test_amounts_are_uniform_over_their_ranges():
    random = torch.Generator().manual_seed(0)
    images = torch.zeros(4000, 1, 1, 1)
    for draw, low in ((perturbation._signed, -1.0), (perturbation._unsigned, 0.0)):
        values = draw((4000,), images, random)
        assert values.min() >= low
        expected = torch.linspace(low, 1.0, 4000)
        assert (values.sort().values - expected).abs().max() < 0.06
    assert math.radians(45) == perturbation.MAX_ANGLE


def test_bfloat16_around_it_changes_no_pixel(images, random):
    state = random.get_state()
    exact = perturb(images, KINDS[1:], 1.0, random)
    random.set_state(state)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(perturb(images, KINDS[1:], 1.0, random), exact)
