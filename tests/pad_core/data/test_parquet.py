"""Parquet files as people have them: their splits, columns, labels and pictures."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest

from pad_core.data.load import is_local, load_dataset
from pad_core.errors import PadError
from tests.pictures import encoded, folder, parquet, picture, save, structs

SPLITS = {"train": 24, "test": 12}
TWO = [0, 1] * 12


def load(path):
    return load_dataset(f"parquet:{path}")


def refusal(path):
    with pytest.raises(PadError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 800
    return message


def write(root, name="{}-00000-of-00001.parquet", names=None, **columns):
    """A training and a test file; a column is a function of labels and the first number."""
    for split, n in SPLITS.items():
        labels = TWO[:n]
        first = 0 if split == "train" else 100
        made = {"image": structs(labels, first)}
        made |= {key: make(labels) for key, make in columns.items()}
        parquet(root / name.format(split), made, names)


def assert_two(data, *names):
    """24 and 12 pictures, each in the class whose colour it has."""
    assert data.class_names == names
    assert (len(data.train), len(data.test)) == (24, 12)
    for images in (data.train, data.test):
        red = images.images[:, 0].float().mean((1, 2)) > images.images[:, 1].float().mean((1, 2))
        assert [int(not r) for r in red] == images.labels.tolist()
        assert images.labels.bincount().tolist() == [len(images) // 2] * 2


def text(labels):
    return [("beech", "oak")[label] for label in labels]


def numbers(labels):
    return list(range(len(labels)))


# --- Labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["__index_level_0__", "image_id", "id", "Unnamed: 0", "row"])
def test_a_column_that_numbers_rows_is_no_label(column, tmp_path):
    write(tmp_path, **{column: numbers}, label=text)
    assert_two(load(tmp_path), "beech", "oak")


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (text, ("beech", "oak")),
        (lambda labels: pa.array(text(labels)).dictionary_encode(), ("beech", "oak")),
        (lambda labels: pa.array(text(labels), pa.large_string()), ("beech", "oak")),
        (lambda labels: [t.encode() for t in text(labels)], ("beech", "oak")),
        (lambda labels: [("h\u00eatre", "she oak")[x].encode("latin-1") for x in labels],
         ("h\u00eatre", "she oak")),
        (lambda labels: [bool(label) for label in labels], ("false", "true")),
        (lambda labels: [float(label) for label in labels], ("0", "1")),
        (lambda labels: [label + 1 for label in labels], ("1", "2")),
        (lambda labels: [3 + 6 * label for label in labels], ("3", "9")),
        (lambda labels: [2 * label - 1 for label in labels], ("-1", "1")),
        (lambda labels: [("9", "10")[label] for label in labels], ("9", "10")),
        (lambda labels: pa.array(labels, pa.uint8()), ("0", "1")),
    ],
)  # fmt: skip
def test_labels_of_every_type_become_classes(make, names, tmp_path):
    write(tmp_path, label=make)
    assert_two(load(tmp_path), *names)


def test_a_text_that_is_not_utf_8_becomes_a_readable_name(tmp_path):
    names = ["caf\u00e9", "th\u00e9"]
    latin = pa.array([names[i].encode("latin-1") for i in TWO]).cast(pa.binary())
    broken = pa.StringArray.from_buffers(24, latin.buffers()[1], latin.buffers()[2])
    parquet(tmp_path / "train.parquet", {"image": structs(TWO), "label": broken})
    assert load(tmp_path).class_names == tuple(names)


def test_the_usual_name_of_labels_comes_before_other_columns(tmp_path):
    write(tmp_path, dog=lambda labels: [label == 1 for label in labels], Label=text, fold=lambda
          labels: [i % 3 for i in range(len(labels))])  # fmt: skip
    assert_two(load(tmp_path), "beech", "oak")


def test_one_column_whose_values_come_back_is_taken_for_labels_and_named(tmp_path):
    write(tmp_path, species=text, caption=lambda labels: [f"tree {i}" for i in numbers(labels)])
    data = load(tmp_path)
    assert_two(data, "beech", "oak")
    assert data.note == "Classes are those of column 'species'."


def test_two_columns_that_could_be_labels_are_refused(tmp_path):
    write(tmp_path, species=text, fold=lambda labels: [i % 3 for i in range(len(labels))])
    message = refusal(tmp_path)
    assert "several columns that could be labels (species, fold)" in message
    assert "rename the right one to 'label'" in message


def test_a_column_that_the_schema_marks_is_the_label(tmp_path):
    write(tmp_path, names={"kind": ["beech", "oak"]}, fold=lambda x: [0, 1] * (len(x) // 2),
          kind=list)  # fmt: skip
    assert_two(load(tmp_path), "beech", "oak")


def test_classes_are_those_that_have_images(tmp_path):
    ten = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    write(tmp_path, names={"label": ten}, label=lambda labels: [3 + 2 * x for x in labels])
    assert_two(load(tmp_path), "cat", "dog")


def test_splits_that_name_classes_in_another_order_are_matched_by_name(tmp_path):
    three = [0, 1, 2] * 8
    parquet(tmp_path / "train-0.parquet", {"image": structs(three), "label": three},
            {"label": ["ash", "beech", "oak"]})  # fmt: skip
    parquet(tmp_path / "train-1.parquet", {"image": structs([2, 1]), "label": [0, 1]},
            {"label": ["oak", "beech"]})  # fmt: skip
    parquet(tmp_path / "test-0.parquet", {"image": structs([1, 2] * 6), "label": [0, 1] * 6},
            {"label": ["beech", "oak"]})  # fmt: skip
    data = load(tmp_path)
    assert data.class_names == ("ash", "beech", "oak")
    assert data.train.labels[-2:].tolist() == [2, 1]
    assert data.test.labels.tolist() == [1, 2] * 6
    parquet(tmp_path / "test-0.parquet", {"image": structs([1, 2]), "label": [0, 1]},
            {"label": ["beech", "elm"]})  # fmt: skip
    assert "class 'elm' is in test but not in train" in refusal(tmp_path)


def test_names_that_two_classes_share_tell_them_apart(tmp_path):
    write(tmp_path, names={"label": ["tree", "tree"]}, label=list)
    assert_two(load(tmp_path), "tree", "tree (1)")


def test_images_without_labels_are_of_one_class(tmp_path):
    for make in (lambda n: [None] * n, lambda n: [-1] * n):
        for split, n in SPLITS.items():
            labels = pa.array(make(n), pa.int64())
            parquet(tmp_path / f"{split}.parquet", {"image": structs(TWO[:n]), "label": labels})
        data = load(tmp_path)
        assert data.class_names == ("unlabelled",) and not data.has_classes
        assert (len(data.train), len(data.test)) == (24, 12)
        assert data.note == "Without labels; measures by class are left out."
    write(tmp_path / "b", digits=lambda labels: [[label] for label in labels])
    assert "No labels in columns digits (list<" in load(tmp_path / "b").note


def test_a_test_split_whose_labels_are_kept_secret_is_passed_over(tmp_path):
    write(tmp_path, label=list)
    parquet(tmp_path / "validation.parquet", {"image": structs(TWO[:6], 50), "label": TWO[:6]})
    parquet(tmp_path / "test-00000-of-00001.parquet", {"image": structs(TWO), "label": [-1] * 24})
    data = load(tmp_path)
    assert (len(data.train), len(data.test)) == (24, 6)
    (tmp_path / "validation.parquet").unlink()
    data = load(tmp_path)
    assert (len(data.train), len(data.test)) == (20, 4)
    assert "No labels in test." in data.note and "held out" in data.note


def test_a_column_that_a_file_lacks_is_named(tmp_path):
    parquet(tmp_path / "train-0.parquet", {"image": structs(TWO), "label": TWO})
    parquet(tmp_path / "train-1.parquet", {"image": structs(TWO), "class": TWO})
    assert "train-1.parquet has no column label; it has image" in refusal(tmp_path)
    parquet(tmp_path / "train-1.parquet", {"img": structs(TWO), "label": TWO})
    assert "train-1.parquet has no column image; it has img" in refusal(tmp_path)
    parquet(tmp_path / "train-1.parquet", {"image": structs(TWO), "label": text(TWO)})
    assert "some labels in column label are numbers, others are texts" in refusal(tmp_path)


# --- Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "default/{}/0000.parquet",
        "data/{}-00000-of-00001.parquet",
        "parquet-{}.parquet",
        "trees-{}.parquet",
        "imagefolder-{}-00000-of-00001.parquet",
        "{}_000.parquet",
        "{}/year=2024/part.0.parquet",
        "{}.PARQUET",
    ],
)
def test_splits_are_told_by_names_of_files_or_folders(name, tmp_path):
    write(tmp_path, name, {"label": ["beech", "oak"]}, label=list)
    assert_two(load(tmp_path), "beech", "oak")


@pytest.mark.parametrize("name", ["validation", "valid", "val", "dev", "Eval"])
def test_a_validation_split_stands_in_for_a_test_split(name, tmp_path):
    write(tmp_path, label=text)
    (tmp_path / "test-00000-of-00001.parquet").rename(tmp_path / f"{name}-0.parquet")
    assert_two(load(tmp_path), "beech", "oak")


def test_one_file_of_no_split_is_held_out_of(tmp_path):
    path = parquet(tmp_path / "trees.parquet", {"image": structs(TWO), "label": text(TWO)})
    for spec in (f"parquet:{tmp_path}", f"parquet:{path}", str(path), str(tmp_path)):
        data = load_dataset(spec)
        assert is_local(spec)
        assert (len(data.train), len(data.test)) == (20, 4)
        assert data.spec == (spec if ":" in spec else f"parquet:{spec}")
    assert load_dataset(str(path)).name == "trees"


def test_files_of_other_splits_and_hidden_ones_are_passed_over(tmp_path):
    write(tmp_path, label=text)
    parquet(tmp_path / "extra-0.parquet", {"image": structs(TWO), "label": text(TWO)})
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "._train-0.parquet").write_bytes(b"\0\5\x16\7")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "train-1.parquet").write_bytes(b"half")
    assert_two(load(tmp_path), "beech", "oak")


def test_a_folder_behind_a_link_is_read_once(tmp_path):
    write(tmp_path / "disk", label=text)
    (tmp_path / "trees").mkdir()
    (tmp_path / "trees" / "data").symlink_to(tmp_path / "disk")
    (tmp_path / "trees" / "loop").symlink_to(tmp_path / "trees")
    assert_two(load(tmp_path / "trees"), "beech", "oak")


def test_of_two_snapshots_the_one_in_use_or_none(tmp_path):
    root = tmp_path / "datasets--someone--trees"
    for revision in ("a" * 40, "b" * 40):
        write(root / "snapshots" / revision / "data", label=text)
    message = refusal(root)
    assert f"name one: parquet:{root}/snapshots/{'a' * 40}/data, " in message
    assert f"/snapshots/{'b' * 40}/data." in message
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("b" * 40)
    assert_two(load(root), "beech", "oak")


def test_of_two_data_sets_the_one_that_can_be_read_is_named(tmp_path):
    write(tmp_path / "cropped_digits", label=list)
    write(tmp_path / "full_numbers", digits=lambda labels: [[x] for x in labels])
    message = refusal(tmp_path)
    assert f"several data sets; name one: parquet:{tmp_path}/cropped_digits." in message


def test_what_stands_in_place_of_a_file_is_said(tmp_path):
    write(tmp_path, label=list)
    path = tmp_path / "train-00000-of-00001.parquet"
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 119705255\n"
    for content, said in (
        (pointer, "a Git LFS pointer: 'git lfs pull' fetches the file"),
        ("<!DOCTYPE html><p>Not found", "a web page"),
        ("", "empty"),
    ):
        path.write_text(content)
        assert f"the parquet file {path} cannot be read ({said})" in refusal(tmp_path)


def test_arrow_files_and_pictures_are_told(tmp_path):
    (tmp_path / "data-00000-of-00001.arrow").write_bytes(b"")
    assert "no parquet file" in refusal(tmp_path) and "to_parquet" in refusal(tmp_path)
    folder(tmp_path, {"a": 2, "b": 2})
    assert refusal(tmp_path).endswith(f"; it looks like folder:{tmp_path}.")


def test_a_pipe_is_no_file(tmp_path):
    import os

    os.mkfifo(tmp_path / "train-0.parquet")
    assert "no parquet file" in refusal(tmp_path)


# --- Pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.struct({"bytes": pa.binary()})]
)
@pytest.mark.parametrize("column", ["image", "img", "photo", "scan"])
def test_pictures_in_columns_of_every_type(kind, column, tmp_path):
    for split, n in SPLITS.items():
        pictures = [s["bytes"] for s in structs(TWO[:n])]
        if pa.types.is_struct(kind):
            pictures = [{"bytes": p} for p in pictures]
        columns = {column: pa.array(pictures, kind), "label": text(TWO[:n])}
        parquet(tmp_path / f"{split}.parquet", columns)
    assert_two(load(tmp_path), "beech", "oak")


@pytest.mark.parametrize("absolute", [True, False])
@pytest.mark.parametrize("kind", ["struct", "text"])
def test_pictures_by_path(absolute, kind, tmp_path):
    for split, n in SPLITS.items():
        rows = []
        for i, label in enumerate(TWO[:n]):
            path = save(tmp_path / "images" / f"{split}{i}.png", picture(label, i))
            name = str(path if absolute else path.relative_to(tmp_path))
            rows.append({"bytes": None, "path": name} if kind == "struct" else name)
        struct = pa.struct({"bytes": pa.binary(), "path": pa.string()})
        rows = pa.array(rows, struct if kind == "struct" else pa.string())
        parquet(tmp_path / "data" / f"{split}.parquet", {"image": rows, "label": text(TWO[:n])})
    assert_two(load(tmp_path), "beech", "oak")
    (tmp_path / "images" / "train3.png").unlink()
    message = refusal(tmp_path)
    assert "1 of 36 pictures cannot be read (not there): row 3 of data/train.parquet, " in message
    assert "images/train3.png" in message


def test_rows_without_a_picture_are_counted(tmp_path):
    images = structs(TWO)
    images[7] = images[11] = None
    parquet(tmp_path / "train.parquet", {"image": images, "label": TWO})
    message = refusal(tmp_path)
    assert "2 of 24 rows have no picture (null): row 7 of train.parquet, row 11" in message


def test_arrays_are_no_encoded_pictures(tmp_path):
    arrays = [np.asarray(picture(label, 0, 4)).tolist() for label in TWO]
    parquet(tmp_path / "train.parquet", {"image": arrays, "label": TWO})
    assert "no column img or image with encoded bytes; it has image (list" in refusal(tmp_path)


def test_nothing_in_a_file_is_run(tmp_path, capsys):
    class Malicious:
        def __reduce__(self):
            return (print, ("it has run",))

    rows = [{"bytes": pickle.dumps(Malicious())}] * 4
    parquet(tmp_path / "train.parquet", {"image": rows, "label": [0, 0, 1, 1]})
    assert "4 of 4 pictures cannot be read (of no known format)" in refusal(tmp_path)
    assert capsys.readouterr().out == ""


def test_a_jpeg_among_pngs_is_read(tmp_path):
    rows = structs(TWO)
    rows[5]["bytes"] = encoded(picture(1, 5), "JPEG", quality=95)
    parquet(tmp_path / "train.parquet", {"image": rows, "label": TWO})
    assert load(tmp_path).note.startswith("No test split")
