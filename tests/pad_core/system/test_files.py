import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pad_core.errors import PadError
from pad_core.system import files, tensors


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


@pytest.fixture
def special(tmp_path):
    """Things that are no files, by what they are."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        (tmp_path / "device").symlink_to("/dev/zero")
        yield {kind: tmp_path / kind for kind in ("pipe", "folder", "socket", "device")}


@pytest.mark.skipif(os.name != "posix", reason="there are no such files elsewhere")
@pytest.mark.timeout(20)
def test_only_regular_files_are_opened(special):
    for kind, path in special.items():
        for read in (tensors.read_header, tensors.read_tensors, files.file_sha256, files.open_file):
            with pytest.raises(PadError, match=f"it is a {kind}"):
                read(path)


def test_a_name_that_no_file_can_have_is_said_in_words():
    with pytest.raises(PadError, match="no file can have this name"):
        files.open_file(Path("a\0b"))


def test_sizes_are_checked_before_anything_is_read(tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(10**12)  # a file of holes
    with pytest.raises(PadError, match=r"has 1,000,000.0 MB; 1.0 MB are the most"):
        files.read_bytes(large, 10**6)
    assert files.read_bytes(Path(__file__), 10**6) == Path(__file__).read_bytes()


def test_json_from_outside_can_be_shown():
    assert files.parse_json(b'{"a\\ud800": ["\\u001b[2J", 1, null]}') == {"a�": ["�[2J", 1, None]}
    for wrong in (b"\xff", b"{", b"[" * 100_000, b"[" * 30 + b"]" * 30, b"NaN", b"1e999"):
        with pytest.raises(PadError, match="it is not JSON|nested|not finite"):
            files.parse_json(wrong)
    with pytest.raises(PadError, match="it gives 'lam' twice"):
        files.parse_json(b'{"mixture": {"lam": 0.2, "n": 1, "lam": 0.8}}')
