"""Where the images of a network are looked for, and where they are not."""

import time
from dataclasses import replace

import pytest

from explorer.library import networks, real_images
from pad_core.checkpoint import file as checkpoint
from pad_core.data.load import DataSet
from pad_core.errors import PadError
from tests.explorer.pages import checkpoint_bytes
from tests.helpers import until


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(real_images, "ROOT", tmp_path / "project")
    monkeypatch.setattr(networks, "ROOT", tmp_path / "project")
    real_images._jobs.clear()
    yield tmp_path / "project"
    real_images._jobs.clear()


@pytest.fixture(scope="module")
def known(image_folder, tmp_path_factory):
    """A network that remembers the images of the folder, in its class names."""
    from pad_core.data.load import load_dataset

    data: DataSet = load_dataset(f"folder:{image_folder}")
    path = tmp_path_factory.mktemp("known") / "a.safetensors"
    path.write_bytes(checkpoint_bytes("pad", 0))
    network = checkpoint.load(path)
    header = replace(
        network.header, dataset=checkpoint.dataset_record(data), class_names=data.class_names
    )
    memories = checkpoint.choose_memories(data, network.networks.encoder)
    checkpoint.save(path, network.networks, header, memories, bits=8)
    return path.read_bytes()


def network_at(path, content, spec):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    network = checkpoint.load(path)
    dataset = network.header.dataset | {"spec": spec}
    return replace(network, header=replace(network.header, dataset=dataset))


def status(network):
    deadline = time.monotonic() + 60
    while (found := real_images.find(network)).status == "loading":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found.status


def test_a_checkpoint_of_the_project_names_its_folder(root, known, image_folder):
    path = root / "checkpoints/a.safetensors"
    assert status(network_at(path, known, f"folder:{image_folder}")) == "ready"


def test_a_checkpoint_from_elsewhere_makes_no_folder_shown(root, known, image_folder, tmp_path):
    (root / "data").mkdir(parents=True)
    (root / "data/link").symlink_to(image_folder)
    up = f"{root}/data/link/../{image_folder.name}"
    for spec in (f"folder:{image_folder}", f"folder:{up}", f"folder:data/link/../{up}"):
        network = network_at(tmp_path / "dropped/a.safetensors", known, spec)
        assert status(network) == "absent"
        assert real_images.place(network) == f"data/{image_folder.name}"
        assert spec not in real_images._jobs()


def test_a_download_that_failed_can_be_tried_again(root, known, tmp_path, monkeypatch, small):
    """Downloads are stood in for: tests have no connection."""
    (root / "data").mkdir(parents=True)
    network = network_at(tmp_path / "a.safetensors", known, "mnist")
    dataset = network.header.dataset | {"name": "mnist"}
    network = replace(network, header=replace(network.header, dataset=dataset))
    found = []

    def download(spec, root, progress):
        (root / "part").write_bytes(bytes(33_000_000))
        until(lambda: real_images.find(network).share == 0.5)
        found.append(real_images.find(network).message)
        (root / "part").unlink()
        if len(found) == 1:
            raise PadError("mnist: no connection.")
        return small

    monkeypatch.setattr(real_images, "load_dataset", download)
    assert real_images.find(network).status == "absent"
    for outcome in ("no connection", "not in the order"):
        real_images.fetch(network)
        assert status(network) == "failed"
        assert outcome in real_images.find(network).message
    assert found == ["downloading mnist"] * 2


@pytest.mark.parametrize("spec", ["folder:data/link", "folder:/anywhere/else/link"])
def test_what_lies_in_data_is_shown(root, known, image_folder, tmp_path, spec):
    (root / "data").mkdir(parents=True)
    (root / "data/link").symlink_to(image_folder)
    assert status(network_at(tmp_path / "dropped/a.safetensors", known, spec)) == "ready"


def test_the_user_of_the_computer_may_allow_other_folders(
    root, known, image_folder, tmp_path, monkeypatch
):
    monkeypatch.setenv("PAD_DATA", f"/nowhere:{image_folder.parent}")
    network = network_at(tmp_path / "dropped/a.safetensors", known, f"folder:{image_folder}")
    assert status(network) == "ready"


@pytest.mark.parametrize("folder", ["", "\0", "x" * 5000, "~nobody/x", "."])
def test_odd_folders_are_absent(root, known, tmp_path, folder):
    network = network_at(tmp_path / "dropped/a.safetensors", known, f"folder:{folder}")
    assert status(network) in ("absent", "failed")
