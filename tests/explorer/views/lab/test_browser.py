"""The Lab in a real browser: each sight, its keys and its address."""

import re

import numpy as np
import pytest

from tests.explorer.browser import atlas, browser_only, press, query, settle

pytestmark = browser_only


def lab(address, **choices):
    start, rest = address.split("?")
    return f"{start}lab?{rest}" + "".join(f"&{name}={value}" for name, value in choices.items())


def wait_for_step(page, step):
    """Until all steps are made, and the page stands still."""
    page.wait_for_function(
        f"document.querySelector('[class*=st-key-at-] input')?.value === '{step}'",
        timeout=120_000,
    )
    settle(page)


def test_a_lucid_dream_is_steered_by_key_and_comes_back_by_its_address(address, visit):
    page = visit(lab(address, steps=6))
    before = atlas(page, "lucid")
    press(page, "s")
    page.wait_for_url(re.compile("course="))
    wait_for_step(page, 6)
    assert query(page)["course"] == "class:0,6,0.3"
    after = atlas(page, "lucid")
    assert np.array_equal(before[:32], after[:32])  # where it began
    assert not np.array_equal(before[32:], after[32:])
    assert page.locator(".js-plotly-plot").count() == 2
    again = visit(page.url)
    wait_for_step(again, 6)
    assert np.array_equal(atlas(again, "lucid"), after)


@pytest.mark.parametrize("through", ["pixels", "generator"])
def test_a_deep_dream_is_made_step_by_step(address, visit, through):
    page = visit(lab(address, lab="deep", steps=5, through=through))
    wait_for_step(page, 5)
    assert page.locator(".pad-deep .pad-tile").count() % 8 == 0
    tile = page.locator(".pad-deep .pad-tile").first.bounding_box()
    assert tile["width"] % 32 == 0
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280


def test_a_unit_shows_memories_and_dreams(address, visit):
    page = visit(lab(address, lab="units", unit=3))
    assert page.locator(".pad-unit .pad-tile").count() == 40
    assert page.get_by_text("Held at +4.0 SD").count() == 1


def test_metamers_come_with_a_judgement(address, visit):
    page = visit(lab(address, lab="metamers", steps=5))
    wait_for_step(page, 5)
    assert page.locator(".pad-deep .pad-row").count() >= 2
    assert page.locator(".js-plotly-plot").count() == 1
