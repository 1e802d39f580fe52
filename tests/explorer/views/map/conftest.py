"""What tests of the Map need."""

import pytest

from explorer.views.map import clouds
from pad_core.checkpoint import file as checkpoint
from pad_core.data.load import load_dataset
from tests.explorer.pages import write_checkpoint


@pytest.fixture(scope="session")
def other(tmp_path_factory):
    path = tmp_path_factory.mktemp("c") / "b.safetensors"
    return checkpoint.load(write_checkpoint(path, "wake_only", seed=1))


@pytest.fixture(scope="session")
def dataset():
    return load_dataset("fashion-mini")


@pytest.fixture(scope="session")
def cloud(network):
    return clouds.stored_cloud(network, ("test",))
