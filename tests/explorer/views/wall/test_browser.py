"""The ablation wall in a real browser: its rows, its size, the address."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest

from tests.explorer.browser import atlas, browser_only
from tests.explorer.pages import write_checkpoint
from tests.helpers import until

pytestmark = browser_only
ROWS = ".pad-wall .pad-row:not(:first-child)"


@pytest.fixture(scope="module")
def wall(address, tmp_path_factory):
    """The address of a wall of the paper's five conditions."""
    folder = tmp_path_factory.mktemp("wall")
    names = ("pad", "wo_memory_mix", "wo_rem", "wo_nrem", "wake_only")
    files = [
        write_checkpoint(folder / f"{name}.safetensors", name, seed)
        for seed, name in enumerate(names)
    ]
    query = {"folder": folder, "checkpoint": files[0], "compared": files}
    return f"{address.split('?')[0]}wall?{urlencode(query, doseq=True)}"


def pictures(page):
    """What the five networks show, without the real images, which may be here or not yet."""
    return atlas(page, "wall")[-5 * 32 :]


def test_rows_are_the_networks_and_five_of_them_fit_the_screen(wall, visit):
    page = visit(wall)
    heads = page.locator(f"{ROWS} h3").all_inner_texts()
    assert [head.strip() for head in heads] == [
        "PAD", "w/o memory mix", "w/o REM", "w/o NREM", "Wake only"
    ]  # fmt: skip
    assert page.locator(f"{ROWS} .pad-tile").count() == 40
    assert page.evaluate("document.scrollingElement.scrollHeight") <= 720
    last = page.locator(ROWS).last.bounding_box()
    assert last["y"] + last["height"] <= 720
    tile = page.locator(f"{ROWS} .pad-tile").first.bounding_box()
    assert tile["width"] == tile["height"] == 96

    before = pictures(page)
    page.get_by_role("radio", name="REM", exact=True).click()
    page.wait_for_url(re.compile("wall=rem"))
    page.wait_for_selector(f"{ROWS} [aria-label^=REM]")
    until(lambda: not np.array_equal(pictures(page), before), "the wall's pictures stay")
    dreams = pictures(page)
    assert np.array_equal(pictures(visit(page.url)), dreams)


@pytest.mark.parametrize("shown", ["recalled", "nrem", "rem"])
def test_on_a_phone_four_pictures_stand_in_a_row_and_nothing_is_cut(wall, visit, shown):
    page = visit(f"{wall}&wall={shown}")
    page.set_viewport_size({"width": 390, "height": 844})
    first = page.locator(ROWS).first
    tiles = [tile.bounding_box() for tile in first.locator(".pad-tile").all()]
    assert [sum(box["y"] == tile["y"] for box in tiles) for tile in tiles] == [4] * 8
    assert all(tile["width"] >= 72 for tile in tiles)
    assert all(tile["x"] >= 0 and tile["x"] + tile["width"] <= 390 for tile in tiles)
    name, signs = first.locator("h3"), first.locator("[class^=pad-sign]")
    assert name.inner_text().strip() == "PAD"
    assert signs.count() == 3
    beside = name.bounding_box()
    for sign in signs.all():
        assert sign.bounding_box()["y"] < beside["y"] + beside["height"]
    texts = page.locator(".pad-wall :is(h3, header p, figcaption span, .pad-row > span)")
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    assert texts.evaluate_all(cut) == []
