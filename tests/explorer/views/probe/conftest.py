"""What tests of the probe need."""

import pytest

import pad_core
from tests.explorer.pages import PAD_AND_WAKE_ONLY, repository


@pytest.fixture(scope="session")
def network(exported):
    """The one of ``exported``: its data set is as small as these tests want it."""
    return pad_core.load(exported)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with PAD and Wake only, whose memories are measured in a moment."""
    return repository(tmp_path, monkeypatch, PAD_AND_WAKE_ONLY, n_images=300)
