"""One training at several of its epochs."""

from dataclasses import replace

import numpy as np
import pytest

import pad_core
from explorer.dreaming import dreams
from explorer.session.choices import Dream
from explorer.views.curves import epochs
from explorer.views.curves.epochs import MOST_STAGES
from tests.explorer.conftest import RECORDED


@pytest.mark.parametrize("kept", [1, 2, 37, 50])
def test_of_many_epochs_a_dozen_is_shown_with_the_first_last_and_own(kept):
    every = {epoch: str(epoch) for epoch in range(1, 51)}
    shown = epochs.thinned(every, kept)
    assert len(shown) == MOST_STAGES
    assert list(shown) == sorted(shown)
    assert {1, 50, kept} <= set(shown)
    few = {1: "a", 9: "b"}
    assert epochs.thinned(few, 9) == few


def test_a_note_is_of_the_epoch_itself(header):
    assert epochs.stage_note(header) == ""  # epoch 2 was not measured
    first = replace(header, epoch=1, history=RECORDED[:1])
    assert epochs.stage_note(first) == ("30.0 % linearly separable, one probe during training")
    metrics = {"linear_separability": 52.52, "protocol": {"readout_seeds": 4}}
    assert epochs.stage_note(replace(header, metrics=metrics)) == (
        "52.5 % linearly separable by evaluate, mean of 4 probes"
    )


def test_a_stage_shows_the_dreams_of_the_dream_page(exported):
    network, choices = pad_core.load(exported), Dream(seed=3)
    snapshot = epochs.snapshot(network, choices)
    recalled = dreams.recall(network, choices)
    rem = dreams.mix(network, recalled, choices)
    assert snapshot.picture.shape == (128, 256, 3)
    assert np.array_equal(snapshot.picture[:32], recalled.picture)
    assert np.array_equal(snapshot.picture[96:], rem.picture[32:])
    assert np.array_equal(snapshot.realness, rem.realness)
