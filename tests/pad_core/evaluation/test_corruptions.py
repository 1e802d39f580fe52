import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from pad_core.data.images import to_uint8, to_unit
from pad_core.errors import PadError
from pad_core.evaluation.corruptions import STRENGTHS, corrupt


@pytest.fixture
def images(random):
    """Smooth images: waves of different directions in each channel."""
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    phase = 6 * torch.rand(5, 3, 2, 1, 1, generator=random)
    return 0.8 * torch.sin(0.25 * x + phase[:, :, 0]) * torch.cos(0.2 * y + phase[:, :, 1])


@pytest.mark.parametrize("kind", STRENGTHS)
def test_five_strengths_do_more_and_more_of_the_same(images, kind):
    changes = [(corrupt(images, kind, s) - images).abs().mean().item() for s in range(1, 6)]
    assert changes == sorted(changes)
    assert changes[0] > 0
    assert torch.equal(corrupt(images, kind, 3, seed=4), corrupt(images, kind, 3, seed=4))
    assert corrupt(images, kind, 5).abs().max() <= 1
    assert corrupt(images, kind, 5).shape == images.shape


def test_noise_has_its_standard_deviation(random):
    grey = torch.zeros(50, 3, 32, 32)
    for strength, sd in enumerate(STRENGTHS["noise"], 1):
        noise = corrupt(grey, "noise", strength)
        assert noise.std().item() / 2 == pytest.approx(sd, rel=0.02)  # of pixels from 0 to 1
    other = corrupt(grey, "noise", 5, seed=1)
    assert not torch.equal(noise, other)
    assert not torch.equal(noise[0], noise[1])


@pytest.mark.parametrize("strength", [1, 3, 5])
def test_blur_is_scipys(images, strength):
    sd = STRENGTHS["blur"][strength - 1]
    found = corrupt(images, "blur", strength)
    for image, blurred in zip(images.reshape(-1, 32, 32), found.reshape(-1, 32, 32), strict=True):
        expected = ndimage.gaussian_filter(image.numpy(), sd, mode="mirror", truncate=6)
        np.testing.assert_allclose(blurred, expected, atol=2e-3)


def test_contrast_shrinks_towards_each_channels_mean(images):
    found = corrupt(images, "contrast", 5)
    mean = images.mean((2, 3))
    torch.testing.assert_close(found.mean((2, 3)), mean)
    torch.testing.assert_close(found.std((2, 3)), 0.15 * images.std((2, 3)))


@pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")
def test_jpeg_is_that_of_torchvisions_codec(images):
    codec = pytest.importorskip("torchvision.io")
    stored = to_uint8(images)
    found = corrupt(images, "jpeg", 5)
    theirs = torch.stack([codec.decode_jpeg(codec.encode_jpeg(i, quality=40)) for i in stored])
    assert (found - to_unit(theirs)).abs().mean() < 0.01  # libraries round as they like
    file = io.BytesIO()
    Image.fromarray(stored[0].permute(1, 2, 0).numpy()).save(file, "JPEG", quality=40)
    expected = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)
    assert torch.equal(to_uint8(found[0]), expected)


def test_translation_moves_whole_pixels_in_one_of_four_directions(images):
    many = images[:1].repeat(40, 1, 1, 1)
    found = corrupt(many, "translation", 4)
    moved = {
        shift: torch.from_numpy(ndimage.shift(many[0].numpy(), (0, *shift), order=0, mode="mirror"))
        for shift in ((0, 4), (0, -4), (4, 0), (-4, 0))
    }
    seen = [next(s for s, m in moved.items() if torch.allclose(m, image)) for image in found]
    assert set(seen) == set(moved)


def test_rotation_is_scipys_about_the_centre(images):
    found = corrupt(images.repeat(4, 1, 1, 1), "rotation", 4)  # 20 degrees
    expected = {}
    for sign in (1, -1):
        turned = [
            ndimage.rotate(c.numpy(), sign * 20, reshape=False, order=1, mode="mirror")
            for c in images.reshape(-1, 32, 32)
        ]
        expected[sign] = torch.from_numpy(np.stack(turned)).view_as(images)
    signs = []
    for i, image in enumerate(found):
        apart = {s: (e[i % 5] - image).abs().max().item() for s, e in expected.items()}
        signs.append(min(apart, key=apart.get))
        assert min(apart.values()) < 1e-3
    assert set(signs) == {1, -1}


@pytest.mark.parametrize(("kind", "strength"), [("fog", 1), ("blur", 0), ("blur", 6)])
def test_other_kinds_and_strengths_are_refused(images, kind, strength):
    with pytest.raises(PadError, match="one of noise, blur"):
        corrupt(images, kind, strength)
