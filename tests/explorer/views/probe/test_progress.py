"""The bar of what is done in the background: how much, and how long the rest takes."""

import pytest

from explorer.views.probe.accuracy import ENCODING, TRAINING
from explorer.views.probe.live_probe import Reading
from explorer.views.probe.progress import Progress

WAITING, DONE = Reading(), Reading(fitted=True, full=True)


def encoding(share):
    return Reading(doing=ENCODING, share=share)


def test_the_time_left_follows_from_what_was_done_since_the_first_look():
    progress = Progress()
    assert progress.look([encoding(0.2), WAITING], 100.0) is None
    remaining = progress.look([encoding(0.6), WAITING], 110.0)
    assert remaining.doing == ENCODING
    assert remaining.share == pytest.approx(0.3)
    assert remaining.seconds == pytest.approx(35.0)  # a fifth of all took 10 s


def test_what_is_done_in_a_moment_has_no_bar_and_what_hardly_moves_no_time():
    progress = Progress()
    progress.look([encoding(0.0)], 0.0)
    assert progress.look([encoding(0.5)], 0.5) is None
    slow = Progress()
    slow.look([encoding(0.0)], 0.0)
    assert slow.look([encoding(0.01)], 1.0) is None
    assert slow.look([encoding(0.02)], 3.0).seconds is None


def test_training_begins_to_be_counted_when_all_is_encoded():
    progress = Progress()
    training = Reading(doing=TRAINING, share=0.5)
    progress.look([training, encoding(0.5)], 0.0)
    assert progress.look([training, encoding(0.9)], 10.0).share == pytest.approx(0.95)
    assert progress.look([training, WAITING], 11.0) is None  # other work begins
    remaining = progress.look([Reading(doing=TRAINING, share=0.9), DONE], 21.0)
    assert remaining.doing == TRAINING
    assert remaining.share == pytest.approx(0.95)
    assert progress.look([DONE, DONE], 22.0) is None
