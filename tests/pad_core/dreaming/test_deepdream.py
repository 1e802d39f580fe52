"""Deep dreams: they rise in pixels, on larger canvases and through G, and repeat themselves."""

from itertools import islice

import pytest
import torch

from pad_core.dreaming.canvas import Canvas
from pad_core.dreaming.deepdream import (
    CONTRAST,
    in_pixels,
    noise_latents,
    palette_of,
    through_generator,
)
from pad_core.dreaming.goals import Goal, objective


@pytest.fixture(scope="module")
def palette(trained_reader):
    return palette_of(trained_reader)


@pytest.mark.parametrize("goal", ["class:8", "unreal", "real", "unit:3", "component:2"])
@pytest.mark.parametrize("side_px", [32, 64])
def test_pictures_come_to_drive_what_they_are_for(trained_reader, palette, goal, side_px):
    canvas = Canvas(palette, side_px)
    aim = objective(trained_reader, Goal.parse(goal))
    steps = in_pixels(trained_reader, canvas, canvas.noise(4, CONTRAST, 0), aim, seed=0)
    first, *_, end = islice(steps, 16)
    assert (end.value > first.value + 1).all()
    assert end.seen.images.shape == (4, 3, side_px, side_px)
    assert float(end.seen.images.abs().max()) <= 1.0


def test_a_dream_can_begin_with_a_picture(trained, trained_reader, palette):
    canvas, picture = Canvas(palette), trained.generate(trained_reader.memories[:2])
    aim = objective(trained_reader, Goal("class", 1))
    steps = in_pixels(trained_reader, canvas, canvas.parameters(picture), aim, seed=0)
    first, *_, end = islice(steps, 4)
    assert torch.allclose(first.seen.images, picture.clamp(-0.98, 0.98), atol=1e-4)
    assert (end.value > first.value).all()


def test_the_same_seed_paints_the_same_picture(trained_reader, palette):
    canvas, aim = Canvas(palette), objective(trained_reader, Goal("unit", 9))

    def end(seed):
        steps = in_pixels(trained_reader, canvas, canvas.noise(2, CONTRAST, seed), aim, seed)
        return list(islice(steps, 5))[-1].seen.images

    assert torch.equal(end(1), end(1))
    assert not torch.equal(end(1), end(2))


def test_through_g_a_dream_is_a_lucid_one_that_begins_with_noise(trained_reader):
    latents, aim = noise_latents(3, 0), objective(trained_reader, Goal("class", 2))
    first, *_, end = islice(through_generator(trained_reader, latents, aim), 11)
    assert (end.value > first.value + 3).all()
    assert torch.equal(end.seen.images, trained_reader.network.generate(end.state.parameters))
