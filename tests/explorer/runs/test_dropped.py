"""Zips dropped onto the page: folders of their own, by hash, that are data sets."""

import io
import zipfile

import pytest

from explorer.runs import dropped, orders
from pad_core.data.imagesets import Contents
from pad_core.data.load import contents, load_dataset
from pad_core.errors import PadError
from tests.pictures import folder, parquet, structs


def zipped(path):
    """A folder as a zip that holds it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for one in sorted(path.rglob("*")):
            archive.write(one, one.relative_to(path.parent))
    return file.getvalue()


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def trees(tmp_path):
    return zipped(folder(tmp_path / "my trees", {"beech": 12, "oak": 6}))


def left(home):
    """What lies where dropped images lie, hidden things too."""
    return [path.name for path in (home / dropped.FOLDER).iterdir()]


def test_a_zip_becomes_a_data_set_that_is_offered(home, trees):
    spec = dropped.take("My trees!.zip", trees, home)
    assert spec.startswith("folder:data/dropped/My-trees-")
    assert spec in orders.datasets(home)
    assert not any(offered.endswith("data/dropped") for offered in orders.datasets(home))
    assert contents(spec, home) == Contents(18, 0, 2)
    data = load_dataset(f"folder:{home / spec.partition(':')[2]}")
    assert data.class_names == ("beech", "oak")
    assert len(data.train) + len(data.test) == 18


def test_the_same_zip_is_the_same_folder_whatever_it_is_called(home, trees):
    first = dropped.take("a.zip", trees, home)
    assert dropped.take("b.zip", trees, home) == first
    assert len(left(home)) == 1


def test_a_tree_of_splits_and_a_parquet_file_are_read_as_their_folders_are(home, tmp_path):
    split = tmp_path / "split"
    folder(split / "train", {"beech": 4, "oak": 4})
    folder(split / "test", {"beech": 2, "oak": 2}, first=10)
    assert contents(dropped.take("s.zip", zipped(split), home), home) == Contents(8, 4, 2)
    labels = [0, 1, 2] * 4
    parquet(tmp_path / "p" / "mine.parquet", {"image": structs(labels), "label": labels})
    spec = dropped.take("p.zip", zipped(tmp_path / "p"), home)
    assert spec.startswith("parquet:data/dropped/p-")
    assert contents(spec, home) == Contents(12, 0, 3)
    assert spec in orders.datasets(home)


def test_what_is_no_data_set_leaves_nothing_and_names_no_scratch_folder(home, tmp_path):
    tree = folder(tmp_path / "trees", {"beech": 3})
    (tree / "oak").mkdir()
    (tree / "oak" / "notes.txt").write_text("none yet")
    with pytest.raises(PadError, match="^The class folder trees/oak holds no picture"):
        dropped.take("a.zip", zipped(tree), home)
    with pytest.raises(PadError, match="damaged"):
        dropped.take("a.zip", b"PK", home)
    assert left(home) == []


def test_where_nothing_can_be_written_a_sentence_says_so(home, trees):
    home.mkdir()
    (home / "data").write_text("a file")
    with pytest.raises(PadError, match="Cannot write into"):
        dropped.take("a.zip", trees, home)


@pytest.mark.parametrize(
    ("name", "called"),
    [("../../x.zip", "x"), (".zip", "zip"), ("", "images"), ("☃.zip", "images"),
     ("a b.c.zip", "a-b-c"), ("x" * 300 + ".zip", "x" * 40)],
)  # fmt: skip
def test_the_folder_has_a_plain_name(home, trees, name, called):
    dropped.take(name, trees, home)
    assert [one.rpartition("-")[0] for one in left(home)] == [called]
