"""The Dream page in a real browser: pixels, the dials, the address, the two pages."""

import io
import re
import time

import numpy as np
from PIL import Image

from tests.explorer.browser import atlas, browser_only, go_to, settle
from tests.helpers import until

pytestmark = browser_only


def shot(page, panel):
    """What a panel looks like on the screen, below the moving pointer and its hints.

    Chromium draws an abbreviation's dots at another fraction of a pixel after a redraw than at
    first: they would make two equal pages differ.
    """
    page.mouse.move(640, 715)
    undotted = "abbr { text-decoration: none }"
    png = page.locator(f".pad-{panel}").screenshot(animations="disabled", style=undotted)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def press(page, dial, key, times):
    page.locator(f"[class*=st-key-{dial}-slider] input").focus()
    for _ in range(times):
        page.keyboard.press(key)


def wait_for_atlas(page, panel, expected):
    """Until a panel shows these pictures."""
    until(lambda: np.array_equal(atlas(page, panel), expected), f"{panel} shows other pictures")


def wait_for_lambda(page, text):
    """Until the field beside λ's slider has been drawn anew with this value."""
    field = "document.querySelector('[class*=st-key-lam-typed] input')?.value"
    page.wait_for_function(f"{field} === '{text}'")


def wait_for_query(page, part):
    page.wait_for_url(lambda url: part in re.split("[?&]", url), timeout=60_000)


def test_each_pixel_of_a_memory_is_a_sharp_square_on_the_screen(address, visit):
    page = visit(address)
    assert page.evaluate("document.scrollingElement.scrollHeight") <= 720
    box = page.locator(".pad-rem .pad-row:last-child .pad-tile").nth(2).bounding_box()
    x, y, size = round(box["x"]), round(box["y"]), round(box["width"])
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    picture = screen[y : y + size, x : x + size]
    scale = size // 32
    assert scale >= 2
    expected = atlas(page, "rem")[32:, 64:96].repeat(scale, 0).repeat(scale, 1)
    inner = slice(8, -8)  # the corners are rounded
    assert np.array_equal(picture[inner, inner], expected[inner, inner])


def test_a_dial_changes_its_pictures_only_and_the_address_shows_the_same_elsewhere(address, visit):
    page = visit(address)
    before = shots(page)
    size = page.locator(".pad-rem").bounding_box()
    press(page, "lam", "ArrowRight", 10)
    wait_for_query(page, "lam=0.6")
    wait_for_lambda(page, "0.60")
    other, deadline = visit(page.url), time.monotonic() + 60
    while changed(after := shots(page), shots(other)):  # the last step may be under way
        assert time.monotonic() < deadline, (
            f"{changed(after, shots(other))} differ between {page.url} and {other.url}"
        )
    assert changed(before, after) == {"rem"}
    assert page.locator(".pad-rem").bounding_box() == size


def shots(page):
    return {panel: shot(page, panel) for panel in ("memories", "nrem", "rem")}


def changed(before, after):
    """Panels that look different; two renderings of a rounded corner may differ by a shade."""

    def differ(one, other):
        if one.shape != other.shape:
            return True
        return (np.abs(one.astype(int) - other) > 2).any(axis=2).mean() > 1e-4

    return {panel for panel in before if differ(before[panel], after[panel])}


def test_a_correction_leaves_the_page_as_it_is(address, visit):
    page = visit(address)
    looks = "getComputedStyle(document.querySelector('.pad-title h1')).fontSize"
    before = page.evaluate(looks)
    typed = page.locator("[class*=st-key-intensity-typed] input").first
    typed.fill("7")
    typed.press("Enter")
    page.get_by_text("7 became 1").wait_for()
    settle(page)
    assert page.evaluate(looks) == before


def test_reset_goes_into_the_address_and_back_undoes_it(address, visit):
    page = visit(f"{address}&lam=0.9&intensity=0.7")
    dreamt = atlas(page, "rem")
    page.get_by_role("button", name="as trained").click()
    wait_for_query(page, "lam=0.5")
    wait_for_lambda(page, "0.50")
    page.go_back()
    wait_for_lambda(page, "0.90")
    wait_for_query(page, "intensity=0.7")
    wait_for_atlas(page, "rem", dreamt)


def test_choices_outlive_a_look_at_another_page(address, visit):
    page = visit(f"{address}&seed=4&lam=0.9")
    dreamt = atlas(page, "rem")
    go_to(page, "About")
    page.get_by_role("heading", name="Please cite").wait_for()
    go_to(page, "Dream", "Understand")
    wait_for_query(page, "seed=4")
    page.wait_for_selector(".pad-footer")
    wait_for_atlas(page, "rem", dreamt)


def test_notes_stay_in_sight_on_smaller_screens(address, visit):
    page = visit(address)
    cut = "e => [e.scrollWidth - e.clientWidth, innerWidth - e.getBoundingClientRect().right]"
    for path in ("", "wall", "map", "probe", "storyboard", "train"):
        page.goto(address.replace("/?", f"/{path}?"))
        note = page.locator(".pad-title p")
        note.wait_for()
        settle(page)
        for width in (900, 1100, 1279):
            page.set_viewport_size({"width": width, "height": 720})
            hidden, room = note.evaluate(cut)
            assert hidden <= 1 and room >= 0, f"{path or 'dream'} at {width}: {hidden}, {room}"


def test_the_switch_for_talks_is_at_one_place_on_all_pages(address, visit):
    page = visit(address)
    found = {}
    for path in ("", "wall", "map", "probe", "curves", "train", "journal", "storyboard"):
        page.goto(address.replace("/?", f"/{path}?"))
        button = page.get_by_role("button", name="Present")
        button.wait_for()
        settle(page)
        box = button.bounding_box()
        found[path or "dream"] = (round(box["x"]), round(box["y"]))
    first = found["dream"]
    off = {
        name: at
        for name, at in found.items()
        if max(abs(at[0] - first[0]), abs(at[1] - first[1])) > 2
    }
    assert not off, (first, off)
