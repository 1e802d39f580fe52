"""The Probe page in a real browser: the cursor on what is recorded, and the live numbers."""

import re

import numpy as np
import pytest

from tests.explorer.browser import atlas, browser_only, smaller_type

pytestmark = browser_only
SETTLED = """() => {
    const rows = [...document.querySelectorAll('.pad-score:not(.pad-score-heads)')]
    return rows.length && rows.every(row => /full/.test(row.innerText))
}"""
CURSOR = (
    "document.querySelector('.st-key-probe-occlusion .js-plotly-plot')?.layout?.shapes?.[0]?.x0"
)


SHIPPED = "checkpoint=checkpoints/cifar10-pad-seed0.safetensors&measure=paper"


def live(address):
    return address.replace("/?", "/probe?probe=live&")


def numbers(page):
    """The accuracies once they rest on all images."""
    page.wait_for_function(SETTLED, timeout=120_000)
    return page.locator(".pad-score strong").all_inner_texts()


def test_the_occlusion_dial_moves_the_numbers_and_the_cursor(address, visit):
    page = visit(live(address))
    before = numbers(page)
    page.wait_for_function(f"{CURSOR} === 30")
    size = page.locator(".pad-scores").bounding_box()
    example = atlas(page, "example")
    place = page.locator(".pad-example").bounding_box()

    page.locator("[class*=st-key-intensity-slider] input").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("intensity=0.4"))
    page.wait_for_function("/40 % of their 4 px/.test(document.body.innerText)")
    after = numbers(page)
    assert after != before
    page.wait_for_function(f"{CURSOR} === 40")
    assert page.locator(".pad-scores").bounding_box() == size

    moved = atlas(page, "example")  # picture, disturbed, rebuilt
    same = [np.array_equal(moved[:, x : x + 32], example[:, x : x + 32]) for x in (0, 32, 64)]
    assert same == [True, False, False]
    assert page.locator(".pad-example").bounding_box() == place
    assert "40 % grey" in page.locator(".pad-example").inner_text()
    assert page.locator(".pad-example td").all_inner_texts()[0].endswith("%")

    other = visit(page.url)
    assert numbers(other) == after
    assert "cached" in other.locator(".pad-score em").first.inner_text()
    assert numbers(page) == after


def test_the_papers_probes_are_trained_before_the_viewers_eyes(address, visit):
    page = visit(live(address))
    converged = numbers(page)
    page.get_by_role("radio", name="Paper's protocol").click()
    page.wait_for_function("/mean of 10 probes/.test(document.body.innerText)")
    assert numbers(page) != converged
    page.get_by_role("radio", name="Learning").click()
    page.wait_for_url(re.compile("probe=learning"))
    lines = ".st-key-probe-learning .scatterlayer .trace"  # of the one network, one a seed
    page.wait_for_function(f"document.querySelectorAll('{lines}').length === 10")


def test_the_cursor_moves_over_what_is_recorded(address, visit):
    page = visit(f"{address.partition('?')[0]}probe?{SHIPPED}")
    page.wait_for_function(f"{CURSOR} === 30")
    lead, curves = page.locator(".pad-lead"), page.locator(".st-key-probe-occlusion")
    assert "At 30 % occlusion, w/o NREM loses" in lead.inner_text()
    assert not page.locator(".pad-score").count()
    example, place = atlas(page, "example"), curves.bounding_box()
    page.locator("[class*=st-key-intensity-slider] input").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("intensity=0.4"))
    page.wait_for_function(f"{CURSOR} === 40")
    page.wait_for_function(
        "/At 40 % occlusion/.test(document.querySelector('.pad-lead').innerText)"
    )
    page.wait_for_function("/40 % grey/.test(document.querySelector('.pad-example').innerText)")
    moved = atlas(page, "example")
    assert np.array_equal(moved[:, :32], example[:, :32])
    assert not np.array_equal(moved[:, 32:], example[:, 32:])
    page.wait_for_function("document.querySelectorAll('.st-key-probe-occlusion').length === 1")
    assert curves.bounding_box() == place


def test_a_part_stands_in_the_address(address, visit):
    page = visit(address.replace("/?", "/probe?"))
    page.get_by_text("No curve on real images").wait_for()
    page.get_by_role("radio", name="Confusion").click()
    page.locator(".st-key-probe-confusion").wait_for()
    page.wait_for_url(re.compile("probe=confusion"))
    visit(page.url).locator(".st-key-probe-confusion").wait_for()
    page.get_by_role("radio", name="Recorded").click()
    page.get_by_text("No curve on real images").wait_for()
    page.wait_for_url(lambda url: "probe=" not in url)


@pytest.mark.parametrize("part", ["record", "live", "confusion", "learning"])
def test_a_talk_has_no_type_below_16_pixels(address, visit, part):
    url = address.replace("/?", f"/probe?probe={part}&")
    if part == "record":
        url = f"{address.partition('?')[0]}probe?{SHIPPED}"
    page = visit(f"{url}&present=1")
    chart = {"record": "occlusion", "live": "occlusion"}.get(part, part)
    page.locator(f".st-key-probe-{chart} .js-plotly-plot text").first.wait_for(timeout=120_000)
    if part == "live":
        page.locator(".pad-interval").first.wait_for(timeout=120_000)
    assert smaller_type(page) == []
