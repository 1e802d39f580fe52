"""The Lab's sights of sleep in a real browser: a dial moves the pictures, an address keeps them."""

import re

import numpy as np
import pytest

from tests.explorer.browser import atlas, browser_only, settle

pytestmark = browser_only


def lab(address, sight, **query):
    more = "".join(f"&{name}={value}" for name, value in query.items())
    return f"{address.replace('/?', '/lab?')}&lab={sight}{more}"


@pytest.mark.parametrize(
    ("sight", "dial", "query"),
    [
        ("recall", "lost", {}),
        ("lesions", "harm", {}),
        ("hybrids", "lam", {}),
        ("night", "novelty", {"dreams": 50}),
    ],
)
def test_a_dial_moves_the_pictures_and_the_address_keeps_them(address, visit, sight, dial, query):
    page = visit(lab(address, sight, **query))
    page.wait_for_selector(".pad-panel", timeout=60_000)
    page.wait_for_function("!document.querySelector('[data-testid=stProgress]')", timeout=60_000)
    before = atlas(page, sight)
    style = page.locator(f".pad-{sight}").get_attribute("style")
    slider = page.locator(f"[class*=st-key-{dial}-slider] input")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(rf"[?&]{dial}="))
    page.wait_for_function(
        "([panel, style]) => document.querySelector(panel)?.getAttribute('style') !== style",
        arg=[f".pad-{sight}", style],
        timeout=60_000,
    )
    settle(page)
    after = atlas(page, sight)
    assert after.shape[1] == before.shape[1]
    assert not np.array_equal(after, before)
    other = visit(page.url)
    other.wait_for_selector(".pad-panel", timeout=60_000)
    other.wait_for_function("!document.querySelector('[data-testid=stProgress]')", timeout=60_000)
    assert np.array_equal(atlas(other, sight), after)


def test_a_search_can_be_stopped_and_voted_on(address, visit):
    page = visit(lab(address, "hybrids", kin="search", tries=200))
    page.get_by_role("button", name="Stop").click(timeout=60_000)
    page.wait_for_function("/Which are of both/.test(document.body.innerText)", timeout=60_000)
    assert int(re.search(r"tries=(\d+)", page.url)[1]) < 200
    page.get_by_role("button", name="3", exact=True).click()
    page.wait_for_url(re.compile("both=3"))
    page.wait_for_function("/You call 1 of 8/.test(document.body.innerText)")


def test_development_shows_its_epochs(address, visit):
    page = visit(lab(address, "development"))
    page.wait_for_function("/Epoch 1/.test(document.body.innerText)", timeout=60_000)
    assert atlas(page, "development").shape == (32, 256, 3)


@pytest.mark.parametrize("sight", ["recall", "hybrids"])
def test_on_a_phone_nothing_is_cut_and_a_thumb_reaches_all_of_it(address, visit, sight):
    page = visit(lab(address, sight))
    page.set_viewport_size({"width": 390, "height": 844})
    panel = page.locator(f".pad-{sight}")
    panel.wait_for(timeout=60_000)
    assert panel.locator(".pad-tile").nth(1).bounding_box()["width"] >= 64
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    assert panel.locator("figcaption span").evaluate_all(cut) == []
    small = "all => all.filter(e => parseFloat(getComputedStyle(e).fontSize) < 11).length"
    assert panel.locator("figcaption").evaluate_all(small) == 0
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    over = panel.evaluate("e => [getComputedStyle(e).overflowX, e.scrollWidth > e.clientWidth]")
    assert over == (["auto", True] if sight == "hybrids" else ["visible", False])
