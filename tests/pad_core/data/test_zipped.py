"""Zips from anywhere: what is unpacked, and what is refused before anything is written."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest

from pad_core.data import zipped
from pad_core.data.load import is_data
from pad_core.data.zipped import unpack
from pad_core.errors import PadError
from tests.pictures import encoded, picture

PICTURE = encoded(picture())


def zip_of(*entries, packing=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, content)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def entry(name, kind=stat.S_IFREG, flags=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    info.flag_bits |= flags
    return info


def unpacked(content, tmp_path):
    """Paths of files in the folder."""
    unpack(content, tmp_path, is_data)
    return sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())


def refusal(content, tmp_path):
    """The sentence; nothing was written, here or above."""
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    with pytest.raises(PadError) as caught:
        unpack(content, folder, is_data)
    assert not list(folder.iterdir())
    assert [p.name for p in tmp_path.iterdir()] == ["in"]
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


def test_pictures_are_written_as_they_are_and_nothing_else_is(tmp_path):
    content = zip_of(("a/1.png", PICTURE), ("b/2.JPG", PICTURE), ("b/run.exe", b"MZ"), ("c/", b""))
    assert unpacked(content, tmp_path) == ["a/1.png", "b/2.JPG"]
    assert (tmp_path / "a/1.png").read_bytes() == PICTURE
    assert (tmp_path / "c").is_dir()


def test_what_a_data_set_consists_of_is_wanted(tmp_path):
    names = ["train-1.parquet", "train-images-idx3-ubyte.gz", "val/val_annotations.txt", "x.webp"]
    assert unpacked(zip_of(*((name, b"x") for name in names)), tmp_path) == sorted(names)


def test_what_systems_hide_is_left_out(tmp_path):
    junk = ["__MACOSX/a/._1.png", "a/.DS_Store", "a/._1.png", "a/@eaDir/1.png", ".hidden/1.png"]
    content = zip_of(("a/1.png", PICTURE), *((name, b"x") for name in junk))
    assert unpacked(content, tmp_path) == ["a/1.png"]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "name",
    ["../1.png", "a/../../1.png", "/etc/1.png", "C:\\1.png", "c:1.png", "..\\1.png", "\\\\x\\1.png",
     "__MACOSX/../../1.png"],
)  # fmt: skip
def test_a_place_outside_the_folder_is_refused(tmp_path, name):
    content = zip_of(("a/1.png", PICTURE), (entry(name), PICTURE))
    assert "outside its folder" in refusal(content, tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(tmp_path, kind):
    content = zip_of(("a/1.png", PICTURE), (entry("a/2.png", kind), b"/etc/passwd"))
    assert "link or a device, 'a/2.png'" in refusal(content, tmp_path)


def test_a_bomb_is_refused_by_what_it_says_of_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(zipped, "MOST_BYTES", 1_000_000)
    content = zip_of(("a/1.bmp", bytes(600_000)), ("a/2.bmp", bytes(600_000)))
    assert len(content) < 5_000
    assert "are the most" in refusal(content, tmp_path)


def test_a_bomb_that_lies_of_its_size_ends_as_a_damaged_zip(tmp_path):
    content = zip_of(("1.bmp", bytes(600_000)))
    size = (600_000).to_bytes(4, "little")
    assert content.count(size) == 2
    with pytest.raises(PadError, match="damaged"):
        unpack(content.replace(size, (1000).to_bytes(4, "little")), tmp_path, is_data)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000


def test_more_than_the_disk_has_left_is_refused(tmp_path, monkeypatch):
    usage = zipped.shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(zipped.shutil, "disk_usage", lambda path: usage)
    assert "than the disk has left" in refusal(zip_of(("1.png", PICTURE)), tmp_path)


def test_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(zipped, "MOST_FILES", 3)
    content = zip_of(*((f"{i}.png", b"x") for i in range(4)))
    assert "more than 3 files" in refusal(content, tmp_path)


def test_many_folders_in_one_another_are_refused(tmp_path):
    assert "more than 20 folders" in refusal(zip_of(("a/" * 30 + "1.png", b"x")), tmp_path)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "The zip holds no pictures."),
        ([("a/", b"")], "The zip holds no pictures."),
        ([("__MACOSX/1.png", b"x")], "The zip holds no pictures."),
        ([("a/1.txt", b"x"), ("a/2.txt", b"x"), ("b.zip", b"x")],
         "The zip holds no pictures, but 2 .txt, 1 .zip file(s)."),
    ],
)  # fmt: skip
def test_a_zip_without_pictures_says_what_it_has(tmp_path, entries, said):
    assert refusal(zip_of(*entries), tmp_path) == said


def test_a_file_that_comes_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zip_of(("a/1.png", b"x"), ("a/1.png", b"y"))
    assert "two files 'a/1.png'" in refusal(content, tmp_path)


def test_a_password_is_refused(tmp_path):
    content = bytearray(zip_of(("1.png", PICTURE)))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refusal(bytes(content), tmp_path)


def test_an_unusual_packing_is_refused(tmp_path):
    content = bytearray(zip_of(("1.png", PICTURE)))
    for start, field in ((0, 8), (content.index(b"PK\x01\x02"), 10)):
        content[start + field] = 9  # Deflate64
    with pytest.raises(PadError, match="unusual way"):
        unpack(bytes(content), tmp_path, is_data)


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_refused(tmp_path, packing):
    content = zip_of(*((f"{i}.png", PICTURE) for i in range(3)), packing=packing)
    unpack(content, tmp_path, is_data)
    spoilt = bytearray(content)
    spoilt[100:400] = bytes(300)
    halves = content[:-30], content[: len(content) // 2]
    for number, damaged in enumerate((b"", b"not a zip", *halves, bytes(spoilt))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(PadError, match="damaged or cut off"):
            unpack(damaged, folder, is_data)


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("Bäume/1.png".encode(), "Bäume/1.png"),  # UTF-8 that doesn't say so
        ("Bäume/1.png".encode("cp437"), "Bäume/1.png"),
        (b"B\xffume/1.png", "B\xa0ume/1.png"),
    ],
)
def test_names_that_are_not_said_to_be_utf_8_are_read(tmp_path, stored, name):
    plain = zip_of(("B" + "_" * (len(stored) - 7) + "/1.png", PICTURE))
    ascii_name = b"B" + b"_" * (len(stored) - 7) + b"/1.png"
    stored = stored.ljust(len(ascii_name))
    assert plain.count(ascii_name) == 2
    assert unpacked(plain.replace(ascii_name, stored), tmp_path) == [name]


def test_names_that_no_system_may_have_are_made_ones_that_all_may(tmp_path):
    content = zip_of(("what?/a*.png", PICTURE), ("end. /b\x07.png", PICTURE))
    assert unpacked(content, tmp_path) == ["end/b�.png", "what_/a_.png"]
