"""Panels of pictures as HTML."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from explorer.widgets.pictures import Row, panel

ATLAS = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
ROWS = [
    Row("A", "", "", ["a0", "a1", "a2"]),
    Row("B", "", "", ["b0", "b1", "b2"], ["x", "y", "z"], [0.0, 0.5, 1.0]),
]


def test_the_atlas_travels_losslessly_at_native_size():
    source = re.search(r"base64,([\w+/=]+)\)", panel("p", ATLAS, ROWS))[1]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(source)))), ATLAS)


def test_each_tile_shows_its_own_part_under_its_own_name():
    tiles = re.findall(r'aria-label="(\w+)".*?position: ([^"]+)"', panel("p", ATLAS, ROWS))
    assert tiles == [
        ("a0", "0% 0%"), ("a1", "50% 0%"), ("a2", "100% 0%"),
        ("b0", "0% 100%"), ("b1", "50% 100%"), ("b2", "100% 100%"),
    ]  # fmt: skip


def test_bars_are_as_long_as_their_levels():
    assert re.findall(r"width: (\d+)%", panel("p", ATLAS, ROWS)) == ["0", "50", "100"]


def test_names_out_of_a_checkpoint_cannot_become_html():
    evil = '"><img src=x onerror=alert(1)>'
    html = panel("p", ATLAS[:32, :32], [Row("A", "", "", [evil], [evil])])
    assert "<img" not in html


def test_a_row_without_pictures_takes_none_of_the_atlas():
    html = panel("p", ATLAS, [ROWS[0], Row("C", "", "", (), instead="<q>none</q>"), ROWS[1]])
    assert re.findall(r'aria-label="(\w+)".*?position: \S+ ([^"]+)"', html) == [
        ("a0", "0%"), ("a1", "0%"), ("a2", "0%"), ("b0", "100%"), ("b1", "100%"), ("b2", "100%"),
    ]  # fmt: skip
    assert html.index('"a2"') < html.index("<q>none</q>") < html.index('"b0"')


def test_an_atlas_with_other_rows_is_refused():
    with pytest.raises(ValueError, match="64 pixels for 1 rows"):
        panel("p", ATLAS, ROWS[:1])
