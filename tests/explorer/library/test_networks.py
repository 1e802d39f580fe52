"""Listing checkpoints: each header is read once, and again when its file is another one."""

import os

import pytest

from explorer.library import networks
from pad_core.checkpoint import file as checkpoint
from tests.explorer.pages import checkpoint_bytes, repository


@pytest.fixture
def read(monkeypatch):
    """Names of the files whose headers are read."""
    names = []
    load_header = checkpoint.load_header
    monkeypatch.setattr(
        checkpoint, "load_header", lambda path: names.append(path.name) or load_header(path)
    )
    networks._load_header.cache_clear()
    return names


def test_more_than_a_thousand_headers_are_not_read_again_for_each_page(
    tmp_path, monkeypatch, read, tmp_path_factory
):
    root = repository(tmp_path, monkeypatch, {"checkpoints/a.safetensors": "pad"})
    crowd = tmp_path_factory.mktemp("crowd")
    for i in range(1_000):
        os.link(root / "checkpoints/a.safetensors", crowd / f"{i:04}.safetensors")
    first = networks.list_checkpoints(str(crowd), None)
    assert len(read) == len(first.headers) == 1_001 and not first.problems
    assert networks.list_checkpoints(str(crowd), None) == first
    assert len(read) == 1_001


def test_a_file_that_was_replaced_is_read_again(tmp_path, monkeypatch, read):
    key = "checkpoints/a.safetensors"
    root = repository(tmp_path, monkeypatch, {key: "pad"})
    assert networks.list_checkpoints("", None).headers[key].condition.name == "pad"
    (root / "new").write_bytes(checkpoint_bytes("wo_nrem", 1))
    (root / "new").replace(root / key)
    assert networks.list_checkpoints("", None).headers[key].condition.name == "wo_nrem"
    assert read == ["a.safetensors"] * 2


def test_an_open_server_lists_no_folder_that_a_viewer_names(tmp_path, monkeypatch):
    root = repository(tmp_path / "here", monkeypatch, {"checkpoints/a.safetensors": "pad"})
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.safetensors").write_bytes(checkpoint_bytes("pad", 1))
    monkeypatch.delenv("PAD_DATA", raising=False)
    monkeypatch.setattr("explorer.session.reach.is_open", lambda: True)
    asked = [networks.list_checkpoints(str(folder), None) for folder in (other, root / "nowhere")]
    assert [list(listing.headers) for listing in asked] == [["checkpoints/a.safetensors"]] * 2
    assert asked[0].problems == asked[1].problems != ()  # nor is told what there is
    monkeypatch.setenv("PAD_DATA", str(other))
    assert len(networks.list_checkpoints(str(other), None).headers) == 2
