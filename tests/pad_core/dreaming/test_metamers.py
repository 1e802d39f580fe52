"""Metamers: they reach their tolerance and look like something else."""

from itertools import islice

import pytest
import torch

from pad_core.dreaming.canvas import Canvas
from pad_core.dreaming.deepdream import palette_of
from pad_core.dreaming.metamers import TOLERANCE, judge, seek, unlike


@pytest.fixture(scope="module")
def pictures(trained):
    return trained.generate(trained.memories["test"].latents[:4])


@pytest.mark.parametrize("begin", ["noise", "other pictures"])
def test_other_pictures_come_to_have_the_same_encoding(trained, trained_reader, pictures, begin):
    canvas = Canvas(palette_of(trained_reader))
    others = pictures.flip(0)
    start = canvas.noise(4, 0.5, 0) if begin == "noise" else canvas.parameters(others)
    codes = trained.encode(pictures)
    first, *_, end = islice(seek(trained_reader, canvas, codes, start), 201)
    assert float(-first.value.min()) > 1.0  # farther than a neighbour
    assert float(-end.value.max()) < TOLERANCE
    assert float(-end.value.min()) < TOLERANCE
    found = judge(trained_reader, pictures, end.seen.images)
    assert torch.allclose(found.distance, -end.value, atol=2e-3)
    assert (found.passed > 0.99).all()
    assert (unlike(pictures, end.seen.images) > 0.2).all()


def test_a_picture_is_its_own_metamer_and_another_is_none(trained_reader, pictures):
    own = judge(trained_reader, pictures, pictures)
    assert float(own.distance.max()) < 1e-4
    assert torch.allclose(unlike(pictures, pictures), torch.zeros(4), atol=1e-5)
    others = judge(trained_reader, pictures, pictures.flip(0))
    assert float(others.distance.min()) > 0.5
    assert torch.allclose(unlike(pictures, -pictures), torch.full((4,), 2.0), atol=1e-5)
