import pytest
import torch

from pad_core.errors import PadError
from pad_core.system.randomness import Streams, generator


def draw(random):
    return torch.rand(4, generator=random)


def test_a_stream_depends_on_seed_and_purpose_alone():
    assert torch.equal(draw(generator(1, "a")), draw(generator(1, "a")))
    assert not torch.equal(draw(generator(1, "a")), draw(generator(2, "a")))
    assert not torch.equal(draw(generator(1, "a")), draw(generator(1, "b")))
    assert not torch.equal(draw(generator(1, "a", 1)), draw(generator(1, "a", 2)))


def test_drawing_from_one_purpose_does_not_shift_another():
    busy, quiet = Streams(5), Streams(5)
    for _ in range(3):
        draw(busy["noise"])
    assert torch.equal(draw(busy["order"]), draw(quiet["order"]))


def test_saved_streams_go_on_where_they_were():
    streams = Streams(5)
    draw(streams["noise"])
    state = streams.state()
    expected = draw(streams["noise"])
    again = Streams(5)
    again.restore(state)
    assert torch.equal(draw(again["noise"]), expected)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", True, None])
def test_wrong_seeds_are_refused(seed):
    with pytest.raises(PadError, match="seed is a whole number"):
        generator(seed, "a")
