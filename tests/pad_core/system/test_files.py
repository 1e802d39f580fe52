import os
import subprocess
import sys

import pytest
import torch

from pad_core.errors import PadError
from pad_core.system import files


def test_tensors_and_header_survive(tmp_path):
    path = tmp_path / "deep" / "a.safetensors"
    tensors = {"a": torch.arange(6).reshape(2, 3), "b": torch.ones(2, 2).T}
    files.write_tensors(path, tensors, {"λ": 0.5})
    found, header = files.read_tensors(path)
    assert header == {"λ": 0.5} == files.read_header(path)
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


def test_a_failed_write_leaves_the_old_file_and_no_scrap(tmp_path, monkeypatch):
    path = tmp_path / "a"
    files.write_atomically(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(PadError, match="Cannot write .*No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_hash_of_tensors_ignores_headers_and_sees_every_value():
    a = {"x": torch.zeros(3), "y": torch.ones(2)}
    same = {"y": torch.ones(2), "x": torch.zeros(3)}
    assert files.tensors_sha256(a) == files.tensors_sha256(same)
    changed = [
        {"x": torch.zeros(3), "y": torch.tensor([1.0, 2.0])},
        {"x": torch.zeros(3, dtype=torch.int32), "y": torch.ones(2)},
        {"x": torch.zeros(1, 3), "y": torch.ones(2)},
        {"z": torch.zeros(3), "y": torch.ones(2)},
    ]
    assert len({files.tensors_sha256(t) for t in [a, *changed]}) == 5


def test_what_a_killed_process_left_is_removed(tmp_path):
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    stale, alive, other = (
        tmp_path / name
        for name in (f".a.{killed.pid}.part", f".a.{os.getppid()}.part", f".b.{killed.pid}.part")
    )
    for part in (stale, alive, other):
        part.write_bytes(b"half")
    files.write_atomically(tmp_path / "a", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"a", alive.name, other.name}


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PadError, match="Cannot write .*/file/deep/a"):
        files.write_atomically(tmp_path / "file" / "deep" / "a", b"")
