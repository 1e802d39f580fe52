"""Canvases: there and back, colours of the data, larger pictures, jitter."""

import pytest
import torch

from pad_core.dreaming.canvas import Canvas, Palette, jitter, look
from pad_core.errors import PadError


@pytest.fixture(scope="module")
def images(trained):
    return trained.generate(trained.memories["test"].latents[:64])


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_parameters_paint_the_picture_that_they_are_of(images, decay):
    canvas = Canvas(Palette.of(images), decay=decay)
    kept = images.clamp(-0.98, 0.98)
    assert torch.allclose(canvas.paint(canvas.parameters(images)), kept, atol=1e-4)


def test_noise_has_the_colours_of_the_images(images):
    palette = Palette.of(images)
    for side in (32, 64):
        painted = Canvas(palette, side).paint(Canvas(palette, side).noise(200, 1.0, 0))
        found = Palette.of(painted)
        expected, covariance = palette.root @ palette.root, found.root @ found.root
        assert torch.allclose(covariance, expected, atol=0.15 * float(expected.max()))
        assert torch.allclose(found.mean, palette.mean, atol=0.15)


def test_grey_images_give_grey_noise(images):
    grey = images.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    canvas = Canvas(Palette.of(grey))
    noise = canvas.paint(canvas.noise(8, 1.0, 0))
    assert float((noise - noise.mean(dim=1, keepdim=True)).abs().mean()) < 0.06


def test_low_frequencies_are_stronger_as_in_photographs(images):
    palette = Palette.of(images)

    def roughness(decay):
        canvas = Canvas(palette, decay=decay)
        noise = canvas.paint(canvas.noise(64, 0.5, 0))
        return float((noise - noise.roll(1, -1)).std() / noise.std())

    assert roughness(0.0) == pytest.approx(2**0.5, rel=0.1)  # neighbours are independent
    assert roughness(1.0) < 0.9


def test_a_picture_of_32_pixels_is_seen_as_always(trained, images):
    codes, logits = trained.networks.encoder(images[:4])
    seen = look(trained.networks.encoder, images[:4])
    assert torch.allclose(seen.encoded, codes, atol=1e-4)
    assert torch.allclose(seen.logits, logits, atol=1e-4)


def test_a_larger_picture_is_seen_in_several_places(trained, images):
    encoder = trained.networks.encoder
    large = torch.zeros(2, 3, 64, 64)
    large[1, :, 16:48, 16:48] = images[0]
    seen = look(encoder, large)
    assert seen.encoded.shape == (18, 256)
    assert seen.logits.shape == (18,)
    # A place sees 32 × 32 pixels and, through three layers of 4 × 4, seven around them.
    changed = large.clone()
    changed[1, :, :8] = 1.0
    apart = (look(encoder, changed).encoded - seen.encoded).view(2, 9, 256).norm(dim=2)
    assert apart[1, :3].min() > 0.1
    assert float(apart[1, 4:].max()) < 1e-4
    assert float(apart[0].max()) < 1e-4


def test_jitter_is_a_shift_that_a_seed_and_a_step_repeat(images):
    shift = jitter(3)
    shifted = shift(5)(images)
    assert torch.equal(shifted, jitter(3)(5)(images))
    assert len({tuple(jitter(3)(i)(images[:1]).flatten()[:99].tolist()) for i in range(9)}) > 5
    assert any(
        torch.equal(shifted, images.roll((y, x), (-2, -1)))
        for y in range(-3, 4) for x in range(-3, 4)
    )  # fmt: skip


def test_a_canvas_of_another_size_is_refused(images):
    with pytest.raises(PadError, match="side"):
        Canvas(Palette.of(images), 40)
