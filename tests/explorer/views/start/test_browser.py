"""The Start page and the path in a real browser."""

import re

import pytest

from explorer.session.streamlit_internals import part
from tests.explorer.browser import browser_only, go_to, place, query, settle

pytestmark = browser_only


@pytest.fixture
def start(address, visit):
    return visit(f"{address}&path=1")


def title(page):
    settle(page)
    return page.locator(".pad-title h1").inner_text()


def onward(page, name):
    before = page.url
    page.get_by_role("button", name=re.compile(name)).last.click()
    page.wait_for_function("before => location.href !== before", arg=before)
    return title(page)


def test_the_point_wanders_until_it_is_touched(start):
    before = place(start)
    start.wait_for_function(f"document.querySelector('.plane')?.dataset.at !== '{before}'")
    pad = start.locator(".plane .pad").bounding_box()
    start.mouse.click(pad["x"] + pad["width"] / 2, pad["y"] + pad["height"] / 4)
    settle(start)
    held = place(start)
    start.wait_for_timeout(600)
    assert place(start) == held


def test_the_path_leads_through_all_pages_and_is_taken_up_where_it_was_left(start):
    onward(start, "Storyboard: one night")
    assert query(start)["path"] == "2"
    for _ in range(7):  # the steps of the night, to its last
        onward(start, "Next step")
    assert "step=8" in start.url
    assert start.locator(".st-key-path-step").count() == 0
    onward(start, "Back")
    assert "step=7" in start.url and query(start)["path"] == "2"
    onward(start, "Next step")
    onward(start, "Dream: mix one")
    assert "noise" in title(start)
    onward(start, "Wall: take sleep away")
    assert "path=4" in start.url and "/wall" in start.url
    start.locator(".st-key-path-leave button").first.click()
    start.wait_for_selector(".st-key-path-bar", state="detached")
    go_to(start, "Start")
    start.wait_for_selector(".plane .pad")
    settle(start)
    onward(start, "Go on at 4")
    assert "/wall" in start.url
    for name, page in (("Probe: what is lost", "probe"), ("Curves: does it agree", "curves"),
                       ("Train: make your own", "train")):  # fmt: skip
        onward(start, name)
        assert f"/{page}" in start.url


def test_beside_the_path_the_bar_leads_back_to_it(start):
    onward(start, "Storyboard: one night")
    go_to(start, "Wall", "Understand")
    settle(start)
    start.wait_for_selector(".st-key-path-bar:has-text('The path waits')")
    onward(start, "Back to the path")
    assert "/storyboard" in start.url


def test_the_menus_of_a_and_b_are_in_sight(start):
    assert start.locator(".st-key-pair").is_visible()
    menus = start.locator(".st-key-pair").inner_text()
    assert "A:" in menus and "B:" in menus
    cut = "names => names.filter(n => n.scrollWidth > n.clientWidth).length"
    assert start.locator(f".st-key-pair {part('popover-button')} p").evaluate_all(cut) == 0


def test_an_address_of_before_opens_the_dream_page(address, visit):
    page = visit(address)
    assert "/dream" in page.url
    assert page.locator(".pad-rem").count() == 1


def test_on_a_phone_nothing_is_wider_than_the_screen(start):
    start.set_viewport_size({"width": 390, "height": 844})
    settle(start)
    start.wait_for_timeout(500)
    assert start.evaluate("document.scrollingElement.scrollWidth") <= 390
    pad = start.locator(".plane .pad").bounding_box()
    assert pad["x"] >= 0 and pad["x"] + pad["width"] <= 390
    assert start.locator(part("main")).count() == 1
