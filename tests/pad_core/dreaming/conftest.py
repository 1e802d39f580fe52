"""A network that ships, as dreams are looked for in trained networks, and its reader."""

import pytest

import pad_core
from pad_core.dreaming.reader import Reader
from tests.helpers import ROOT


@pytest.fixture(scope="session")
def trained():
    return pad_core.load(ROOT / "checkpoints/cifar10-pad-seed0.safetensors")


@pytest.fixture(scope="session")
def trained_reader(trained):
    return Reader.fit(trained)
