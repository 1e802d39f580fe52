"""What tests of the probe need."""

import pytest

import pad_core


@pytest.fixture(scope="session")
def network(exported):
    """The one of ``exported``: its data set is as small as these tests want it."""
    return pad_core.load(exported)
