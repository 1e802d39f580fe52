import io

import numpy as np
import pytest
import torch
from PIL import Image

from pad_core.data import images
from pad_core.errors import PadError


def test_all_pixel_values_survive_the_round_trip():
    pixels = torch.arange(256, dtype=torch.uint8)
    unit = images.to_unit(pixels)
    assert unit.min() == -1
    assert unit.max() == 1
    assert torch.equal(images.to_uint8(unit), pixels)


def test_values_outside_are_clipped():
    assert images.to_uint8(torch.tensor([-3.0, 0.0, 5.0])).tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(3, 32, 32), "shape"),
        (torch.zeros(1, 1, 32, 32), "shape"),
        (torch.full((1, 3, 32, 32), 2.0), "lie in"),
        (torch.full((1, 3, 32, 32), float("nan")), "lie in"),
        (torch.zeros((1, 3, 32, 32), dtype=torch.int64), "uint8 or float"),
    ],
)
def test_a_wrong_batch_is_refused_in_words(bad, message):
    with pytest.raises(PadError, match=message):
        images.as_network_input(bad)


def test_picture_grid_places_each_image():
    batch = torch.arange(3, dtype=torch.uint8)[:, None, None, None].expand(3, 3, 2, 2)
    picture = images.picture_grid(batch, columns=2, gap_px=1, background=9)
    assert picture.shape == (5, 5, 3)
    assert picture[0, 0, 0] == 0
    assert picture[0, 3, 0] == 1
    assert picture[3, 0, 0] == 2
    assert picture[2, 2, 0] == 9
    assert picture[4, 4, 0] == 9


def test_png_is_lossless_and_enlarged():
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    image = np.asarray(Image.open(io.BytesIO(images.png_bytes(picture, scale=3))))
    assert image.shape == (6, 6, 3)
    assert (image[1::3, 1::3] == picture).all()
