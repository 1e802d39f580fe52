"""Folders of pictures as people have them, and files in MNIST's format under all their names."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pad_core.data.imagesets import read_picture
from pad_core.data.load import is_local, load_dataset
from pad_core.data.tree import readable, split_of
from pad_core.errors import PadError
from tests.helpers import ROOT
from tests.pictures import encoded, folder, idx, picture, save

BOTH = {"beech": 12, "oak": 12}
posix = pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")


def load(path):
    return load_dataset(f"folder:{path}")


def refusal(spec):
    with pytest.raises(PadError) as caught:
        load_dataset(str(spec))
    message = str(caught.value)
    assert "\n" not in message and len(message) < 1200
    return message


def counts(data):
    return {
        name: (int((data.train.labels == i).sum()), int((data.test.labels == i).sum()))
        for i, name in enumerate(data.class_names)
    }


# --- Splits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Training", "Testing"),
        ("TRAIN", "TEST"),
        ("training", "validation"),
        ("train", "valid"),
        ("train", "val"),
        ("train", "dev"),
        ("train", "eval"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("training_set/training_set", "test_set/test_set"),
        ("archive/data/train", "archive/data/test"),
    ],
)
def test_folders_named_after_splits_are_no_classes(train, test, tmp_path):
    folder(tmp_path / train, BOTH)
    folder(tmp_path / test, {"beech": 3, "oak": 2}, first=100)
    (tmp_path / train).parent.joinpath("notes.txt").touch()
    data = load(tmp_path)
    assert counts(data) == {"beech": (12, 3), "oak": (12, 2)}
    assert data.note == ""


@pytest.mark.parametrize("other", ["test", "testing"])
def test_a_test_split_comes_before_a_validation_split(other, tmp_path):
    folder(tmp_path / "train", BOTH)
    folder(tmp_path / "val", {"beech": 5, "oak": 5})
    folder(tmp_path / other, {"beech": 2, "oak": 2})
    assert counts(load(tmp_path)) == {"beech": (12, 2), "oak": (12, 2)}


def test_a_class_may_be_called_like_a_split(tmp_path):
    folder(tmp_path, {"bus": 12, "train": 12, "test tube": 6})
    assert counts(load(tmp_path)) == {"bus": (10, 2), "test tube": (5, 1), "train": (10, 2)}


def test_two_folders_of_one_split_are_refused(tmp_path):
    folder(tmp_path / "train", BOTH)
    folder(tmp_path / "Training", BOTH)
    assert "Training and train are both the train split" in refusal(tmp_path)


@pytest.mark.parametrize("images", ["images", "Images"])
def test_tiny_imagenets_layout(images, tmp_path):
    root = tmp_path / "tiny-imagenet-200"
    for label, name in enumerate(("n014", "n016", "n018")):
        for i in range(12):
            save(root / "train" / name / images / f"{name}_{i}.JPEG", picture(label, i, 64))
        (root / "train" / name / f"{name}_boxes.txt").touch()
    lines = []
    for split in ("val", "test"):
        for i in range(6):
            save(root / split / images / f"{split}_{i}.JPEG", picture(i % 3, 100 + i, 64))
            lines.append(f"val_{i}.JPEG\t{('n014', 'n016', 'n018')[i % 3]}\t0\t0\t1\t1\n")
    notes = root / "val" / "val_annotations.txt"
    notes.write_text("".join(lines[:6]))
    for path in (root, tmp_path):
        data = load(path)
        assert counts(data) == dict.fromkeys(("n014", "n016", "n018"), (12, 2))
        assert data.note == "No labels in test."
    reds = [image[0].float().mean() for image in data.test.images[data.test.labels == 0]]
    assert min(reds) > 200  # they have their own labels
    notes.write_text("".join(lines[:5]))
    assert "val_5.JPEG is not in the file of annotations" in refusal(root)
    notes.unlink()
    assert data.class_names == load(root).class_names
    assert "held out" in load(root).note


# --- What systems leave beside pictures, and links ------------------------------------------------


def test_hidden_folders_and_files_are_passed_over(tmp_path):
    folder(tmp_path, BOTH)
    for name in BOTH:
        copies = [".ipynb_checkpoints", ".thumbnails", "@eaDir/000.png", "__MACOSX", "#recycle"]
        for hidden in copies:
            folder(tmp_path / name / hidden, {"x": 2})
        (tmp_path / name / "._0000.png").write_bytes(b"\0\5\x16\7")
        (tmp_path / name / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
        (tmp_path / "__MACOSX" / name).mkdir(parents=True)
        (tmp_path / "__MACOSX" / name / "._0000.png").write_bytes(b"\0\5\x16\7")
    (tmp_path / "$RECYCLE.BIN").mkdir()
    assert counts(load(tmp_path)) == {"beech": (10, 2), "oak": (10, 2)}


def test_links_are_followed_but_no_folder_is_read_twice(tmp_path):
    disk = folder(tmp_path / "disk", {**BOTH, "more": 6})
    root = tmp_path / "data"
    (root / "oak").mkdir(parents=True)
    (root / "beech").symlink_to(disk / "beech")
    for path in (disk / "oak").iterdir():
        (root / "oak" / path.name).symlink_to(path)
    (root / "oak" / "second trip").symlink_to(disk / "more")
    (root / "oak" / "again").symlink_to(disk / "more")
    (root / "oak" / "loop").symlink_to(root / "oak")
    assert counts(load(root)) == {"beech": (10, 2), "oak": (15, 3)}
    next((disk / "oak").iterdir()).unlink()
    assert "1 of 30 pictures cannot be read (a link to nothing): oak/00" in refusal(root)


@posix
def test_a_pipe_called_like_a_picture_does_not_hang(tmp_path):
    folder(tmp_path, BOTH)
    os.mkfifo(tmp_path / "oak" / "x.png")
    assert counts(load(tmp_path)) == {"beech": (10, 2), "oak": (10, 2)}


@posix
@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_no_smaller_data_set(tmp_path):
    folder(tmp_path, BOTH)
    hidden = folder(tmp_path / "oak" / "inner", {"x": 2}) / "x"
    hidden.chmod(0)
    try:
        assert "Permission denied" in refusal(tmp_path)
    finally:
        hidden.chmod(0o755)


# --- Names ----------------------------------------------------------------------------------------


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_names_that_are_not_utf_8_become_readable(tmp_path):
    for label, name in enumerate((b"caf\xe9", b"th\xe9")):
        for i in range(6):
            inside = tmp_path / "set" / os.fsdecode(name)
            save(inside / os.fsdecode(b"\xe4%d.png" % i), picture(label, i))
    data = load(tmp_path / "set")
    assert data.class_names == ("caf\u00e9", "th\u00e9")
    (inside / os.fsdecode(b"\xe40.png")).write_bytes(b"")
    message = refusal(f"folder:{tmp_path}/set")
    assert "(empty): th\u00e9/\u00e40.png" in message
    named = tmp_path / os.fsdecode(b"s\xe9t")
    (tmp_path / "set").rename(named)
    message = refusal(f"folder:{named}")
    assert "/s\u00e9t: the name of the folder is not UTF-8; rename it." in message
    message.encode()


def test_a_name_of_composed_or_decomposed_characters_is_one_class(tmp_path):
    one, two = (unicodedata.normalize(form, "caf\u00e9") for form in ("NFC", "NFD"))
    folder(tmp_path / "train", {one: 12, "tea": 12})
    folder(tmp_path / "train", {two: 3}, first=50)
    folder(tmp_path / "test", {two: 6, "tea": 6}, first=100)
    made = {p.name for p in (tmp_path / "train").iterdir()}
    if len(made) < 3:
        pytest.skip("the file system makes one of both names")
    assert counts(load(tmp_path)) == {one: (15, 6), "tea": (12, 6)}


def test_names_in_any_script_stay(tmp_path):
    folder(tmp_path / "猫と犬", {"猫": 6, "犬": 6, "🐇": 6})
    data = load(tmp_path / "猫と犬")
    assert (data.name, set(data.class_names)) == ("猫と犬", {"犬", "猫", "🐇"})
    assert load(tmp_path).class_names == data.class_names  # in a folder of one folder


@posix
def test_a_name_of_spaces_gets_a_number(tmp_path):
    folder(tmp_path, {" ": 6, "oak": 6})
    assert load(tmp_path).class_names == ("(0)", "oak")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("train", ("train", "")),
        ("Training", ("train", "")),
        ("seg_test", ("test", "seg")),
        ("trees-valid-00000-of-00001", ("validation", "trees-of")),
        ("contest", None),
        ("validated", None),
        ("training2", ("train", "")),
    ],
)
def test_a_splits_name_stands_alone(name, told):
    assert split_of(name) == told


def test_names_become_texts():
    assert readable("caf\udce9") == "caf\u00e9"
    assert readable("cafe\u0301") == "caf\u00e9"
    assert readable("a\x1b[31mb\n") == "a�[31mb�"


# --- Labels ---------------------------------------------------------------------------------------


def test_pictures_without_labels_are_of_one_class(tmp_path):
    for i in range(24):
        save(tmp_path / "all" / f"{i}.png", picture(i % 3, i))
        save(tmp_path / "split" / "train" / f"{i}.png", picture(i % 3, i))
        save(tmp_path / "split" / "test" / f"{i}.png", picture(i % 3, i))
        save(tmp_path / "one" / "photos" / f"{i}.png", picture(i % 3, i))
    alone, split, one = (load(tmp_path / name) for name in ("all", "split", "one"))
    assert counts(alone) == {"unlabelled": (20, 4)}
    assert counts(split) == {"unlabelled": (24, 24)}
    assert counts(one) == {"photos": (20, 4)}
    for data in (alone, split, one):
        assert not data.has_classes
        assert "measures by class are left out" in data.note
    assert "a sixth of the images (4 images) was held out" in alone.note


def test_a_class_of_the_test_split_alone_is_named(tmp_path):
    folder(tmp_path / "train", BOTH)
    folder(tmp_path / "test", {"oak": 2, "elm": 2})
    assert "class 'elm' is in test but not in train" in refusal(tmp_path)


def test_a_test_split_may_lack_classes(tmp_path):
    folder(tmp_path / "train", BOTH)
    folder(tmp_path / "test", {"oak": 2})
    assert counts(load(tmp_path)) == {"beech": (12, 0), "oak": (12, 2)}


# --- Pictures -------------------------------------------------------------------------------------


def deep(root, bits, kind="tif"):
    """16-bit pictures that use so many bits, and the 8-bit ones that they stand for."""
    for label, name in enumerate(("cell", "debris")):
        for i in range(6):
            grey = np.asarray(picture(label, i).convert("L"), np.float64).round()
            grey[0, 0] = 255
            values = (grey / 255 * (2**bits - 1)).round().astype(np.uint16)
            save(root / str(bits) / name / f"{i}.{kind}", Image.fromarray(values))
            save(root / "8" / name / f"{i}.png", Image.fromarray(grey.astype(np.uint8)))
    return load(root / str(bits)), load(root / "8")


@pytest.mark.parametrize("kind", ["tif", "png"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_16_bit_pictures_are_scaled_to_the_bits_in_use(bits, kind, tmp_path):
    found, plain = deep(tmp_path, bits, kind)
    assert (found.train.images.int() - plain.train.images.int()).abs().max() <= (bits < 16)
    said = f"16-bit pictures were scaled as {bits}-bit ones: none is above {2**bits - 1:,}."
    assert (said in found.note) == (bits < 16)


def test_the_brightest_picture_of_both_splits_scales_all(tmp_path):
    for split, value in (("train", 4095), ("test", 65535)):
        folder(tmp_path / split, {"cell": 2, "debris": 2})
        image = Image.fromarray(np.full((32, 32), value, np.uint16))
        save(tmp_path / split / "cell" / "deep.tif", image)
    found = load(tmp_path)
    assert 16 in found.train.images.amax(dim=(1, 2, 3)).tolist()
    assert found.note == ""


def test_a_png_with_much_text_is_read(tmp_path):
    folder(tmp_path, BOTH)
    info = PngInfo()
    info.add_text("workflow", "{" + "node " * 400_000 + "}", zip=True)
    picture(1, 99).save(tmp_path / "oak" / "render.png", pnginfo=info)
    assert sum(map(sum, counts(load(tmp_path)).values())) == 25


def test_all_that_cannot_be_read_is_named(tmp_path):
    folder(tmp_path, BOTH, ext=".jpg")
    for name in ("beech/0003", "oak/0007"):
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(path.read_bytes()[:-100])
    (tmp_path / "oak" / "0004.jpg").write_text("<html>404</html>")
    (tmp_path / "oak" / "0005.jpg").write_bytes(b"")
    (tmp_path / "oak" / "0006.jpg").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "oak" / "0008.jpg").write_text("what?")
    save(tmp_path / "oak" / "0009.tif", Image.fromarray(np.zeros((32, 32), np.float32)))
    message = refusal(f"folder:{tmp_path}")
    assert "7 of 25 pictures cannot be read: " in message
    for said in (
        "beech/0003.jpg (damaged or cut off)",
        "oak/0007.jpg (damaged or cut off)",
        "oak/0004.jpg (a web page)",
        "oak/0005.jpg (empty)",
        "oak/0006.jpg (a Git LFS pointer: 'git lfs pull' fetches the file)",
        "oak/0008.jpg (of no known format)",
        "oak/0009.tif (its pixels are floats of an unknown range)",
    ):
        assert said in message
    for i in range(100, 130):
        (tmp_path / "oak" / f"{i}.jpg").write_bytes(b"")
    assert " and 25 more; remove or replace them." in refusal(f"folder:{tmp_path}")


def test_a_scan_that_is_too_large_says_so(tmp_path):
    folder(tmp_path, BOTH)
    Image.new("1", (20_000, 20_000)).save(tmp_path / "oak" / "scan.png")
    message = refusal(tmp_path)
    assert "(400 million pixels, 179 million are the most): oak/scan.png" in message
    content = encoded(Image.new("1", (20_000, 20_000)))
    with pytest.raises(PadError, match="scan has 400 million pixels; 50 million are the most"):
        read_picture("scan", content)


def test_of_large_pictures_and_damaged_exif_the_terminal_hears_nothing(tmp_path):
    """In a process of its own: here, pytest catches warnings."""
    large = Image.new("1", (9_500, 9_500))  # Pillow warns from 89 million pixels
    exif = b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0"  # cut off
    folder(tmp_path, BOTH)
    large.save(tmp_path / "oak" / "large.png")
    Image.new("RGB", (40, 40)).save(tmp_path / "oak" / "damaged.jpg", exif=exif)
    program = f"from pad_core.data.load import load_dataset; load_dataset('folder:{tmp_path}')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- Paths ----------------------------------------------------------------------------------------


def test_a_path_is_taken_however_it_is_written(tmp_path, monkeypatch):
    folder(tmp_path / "my trees", BOTH)
    path = tmp_path / "my trees"
    for spec in (
        str(path), f"'{path}'", f"folder:'{path}'", f'folder:"{path}"', f"folder: {path}",
        f"folder:{path}/",
    ):  # fmt: skip
        data = load_dataset(spec)
        assert is_local(spec)
        assert data.name == "my-trees"
        assert load_dataset(data.spec).name == "my-trees"
    monkeypatch.chdir(tmp_path)
    assert load_dataset("my trees").spec == "folder:my trees"


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "trees.zip"
    path.touch()
    for spec in (f"folder:{path}", f"parquet:{path}", f"idx:{path}"):
        assert "'trees.zip' is a file; unpack it and name the folder." in refusal(spec)
        assert not is_local(spec)
    picture().save(tmp_path / "a.png")
    assert "'a.png' is a file; name its folder." in refusal(tmp_path / "a.png")


def test_the_kind_is_told_where_it_is_another(tmp_path):
    folder(tmp_path / "pictures", BOTH)
    grey = np.zeros((4, 28, 28))
    for split in ("train", "t10k"):
        idx(tmp_path / "digits" / f"{split}-images-idx3-ubyte", grey)
        idx(tmp_path / "digits" / f"{split}-labels-idx1-ubyte", [0, 1, 0, 1])
    message = refusal(f"idx:{tmp_path}/pictures")
    assert message.endswith(f"it looks like folder:{tmp_path}/pictures.")
    message = refusal(f"folder:{tmp_path}/digits")
    assert message.endswith(f"it looks like idx:{tmp_path}/digits.")
    assert load_dataset(f"{tmp_path}/digits").spec == f"idx:{tmp_path}/digits"


# --- MNIST's format -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "{s}-{k}-idx{n}-ubyte",
        "{s}-{k}-idx{n}-ubyte.gz",
        "{s}-{k}.idx{n}-ubyte",
        "{s}-{k}-idx{n}-ubyte/{s}-{k}-idx{n}-ubyte",
        "gzip/emnist-letters-{s}-{k}-idx{n}-ubyte.gz",
    ],
)
@pytest.mark.parametrize("test", ["t10k", "test"])
@pytest.mark.parametrize("lowest", [0, 1])
def test_files_in_mnists_format_under_all_their_names(name, test, lowest, tmp_path):
    for split, n in (("train", 20), (test, 10)):
        labels = [i % 10 for i in range(n)]
        grey = [np.full((28, 28), 20 * label) for label in labels]
        idx(tmp_path / name.format(s=split, k="images", n=3), grey)
        idx(tmp_path / name.format(s=split, k="labels", n=1), [x + lowest for x in labels])
    data = load_dataset(f"idx:{tmp_path}")
    assert data.class_names == tuple(str(i + lowest) for i in range(10))
    assert (len(data.train), len(data.test)) == (20, 10)
    assert data.test.images[:, 0, 9, 9].tolist() == [20 * label for label in data.test.labels]


def test_files_in_mnists_format_without_labels_or_a_test_split(tmp_path):
    idx(tmp_path / "train-images-idx3-ubyte", np.zeros((12, 28, 28)))
    data = load_dataset(f"idx:{tmp_path}")
    assert counts(data) == {"unlabelled": (10, 2)}
    idx(tmp_path / "train-labels-idx1-ubyte", [0, 1] * 6)
    assert counts(load_dataset(f"idx:{tmp_path}")) == {"0": (5, 1), "1": (5, 1)}
    idx(tmp_path / "t10k-images-idx3-ubyte", np.zeros((4, 28, 28)))
    data = load_dataset(f"idx:{tmp_path}")
    assert counts(data) == {"0": (5, 1), "1": (5, 1)} and "No labels in the test" in data.note
    idx(tmp_path / "t10k-labels-idx1-ubyte", [0, 1, 2, 2])
    assert "class '2' is in test but not in train" in refusal(f"idx:{tmp_path}")
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    assert "train-labels-idx1-ubyte is missing" in refusal(f"idx:{tmp_path}")


def test_two_sets_in_mnists_format_are_refused(tmp_path):
    for name in ("emnist-letters-", "emnist-digits-"):
        idx(tmp_path / f"{name}train-images-idx3-ubyte", np.zeros((12, 28, 28)))
    message = refusal(f"idx:{tmp_path}")
    assert "several data sets ('emnist-digits', 'emnist-letters')" in message
