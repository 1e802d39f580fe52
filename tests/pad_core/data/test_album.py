"""Pictures that ship with the code, and what is said of them."""

import re
from pathlib import Path

import pytest

from pad_core.data import album as module
from pad_core.data.album import album
from pad_core.data.builtin import CIFAR10, DIGITS, FASHION
from pad_core.data.load import load_dataset

FOLDER = Path(module.__file__).parent / "photographs"


@pytest.mark.parametrize("class_names", [CIFAR10, FASHION])
def test_each_picture_has_a_name(class_names):
    shown = album(class_names)
    assert shown.images.shape[1:] == (3, 32, 32)
    assert len(shown.images) == len(shown.labels) >= 16  # eight memories and eight second ones
    assert set(shown.labels.tolist()) == set(range(len(shown.names)))
    assert shown.images.float().std(dim=(1, 2, 3)).min() > 10  # none is blank


def test_the_licence_of_each_photograph_stands_beside_it():
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$",
                      (FOLDER / "LICENCES.md").read_text("utf-8"), re.M)  # fmt: skip
    assert tuple(name for _, name, *_ in rows) == album(CIFAR10).names
    assert [int(place) for place, *_ in rows] == [*range(len(rows))]
    for *_, licence, source in rows:
        assert re.fullmatch(r"public domain|CC0|\[CC BY \d\.0\]\(https://\S+\)", licence)
        assert "](https://" in source or source.startswith("scikit-image")


def test_fashion_networks_are_shown_test_images_of_all_classes():
    shown, test = album(FASHION), load_dataset("fashion-mini").test
    assert (shown.images == test.images[: len(shown.images)]).all()
    assert shown.labels.bincount().tolist() == [10] * 10


def test_other_data_has_none():
    assert album(DIGITS) is None
