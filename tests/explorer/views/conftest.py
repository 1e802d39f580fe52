"""What tests of several pages need."""

import pytest

from tests.explorer.pages import PAD_AND_WAKE_ONLY, repository


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with PAD and Wake only, and nothing known of real images."""
    return repository(tmp_path, monkeypatch, PAD_AND_WAKE_ONLY)
