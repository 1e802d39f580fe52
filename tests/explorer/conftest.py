"""What several tests of the explorer need."""

from dataclasses import replace

import pytest

import pad_core

RECORDED = [
    {"epoch": 1, "losses": {"image": 0.5, "kl": 0.2}, "linear_separability": 30.0},
    {"epoch": 2, "losses": {"image": 0.4, "kl": 0.1}, "seconds": 3.0},
]


@pytest.fixture
def header(exported):
    """A header of PAD after two epochs."""
    header = pad_core.load(exported).header
    recipe = {"dataset": "x", "batch_size": 64, "epochs": 2, "device": "cpu", "torch": "2"}
    return replace(header, epoch=2, history=RECORDED, recipe=recipe)
