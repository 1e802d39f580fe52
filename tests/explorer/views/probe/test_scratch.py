"""What is kept on the disk comes back as it was, up to a limit, and goes with the program."""

from pathlib import Path

import pytest
import torch

from explorer.views.probe.scratch import Scratch


def latents(value):
    return {"train": torch.full((100, 256), value), "test": torch.arange(512.0).view(256, 2).T}


def test_what_is_kept_comes_back_as_it_was():
    scratch = Scratch(1e9)
    scratch.keep(("a", 1), latents(0.1))
    found = scratch.find(("a", 1))
    for name, expected in latents(0.1).items():
        assert torch.equal(found[name], expected)
    assert scratch.find(("a", 2)) is None


def test_what_was_used_longest_ago_goes_first():
    size = sum(tensor.nbytes for tensor in latents(0.0).values())
    scratch = Scratch(2.5 * size)
    for name in "ab":
        scratch.keep(name, latents(1.0))
    scratch.find("a")
    scratch.keep("c", latents(2.0))
    assert scratch.keys == ["a", "c"]
    assert scratch.nbytes == 2 * size
    assert len(list(Path(scratch._folder.name).iterdir())) == 2


def test_the_newest_stays_however_large_it_is():
    scratch = Scratch(1)
    for name in "ab":
        scratch.keep(name, latents(1.0))
    assert scratch.keys == ["b"]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_what_has_gone_or_is_damaged_is_forgotten(damage):
    scratch = Scratch(1e9)
    scratch.keep("a", latents(1.0))
    (path,) = Path(scratch._folder.name).iterdir()
    damage(path)
    assert scratch.find("a") is None
    assert scratch.keys == []


def test_without_a_place_on_the_disk_nothing_is_kept():
    scratch = Scratch(1e9)
    scratch._folder.cleanup()
    scratch.keep("a", latents(1.0))
    assert scratch.find("a") is None


def test_the_folder_goes():
    scratch = Scratch(1e9)
    folder = Path(scratch._folder.name)
    scratch.keep("a", latents(1.0))
    assert folder.exists()
    del scratch
    assert not folder.exists()
