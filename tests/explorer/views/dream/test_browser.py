"""The dream plane, talks, the keyboard, the storyboard, and who hears of it, in a real browser."""

import re
from urllib.parse import urlsplit

import numpy as np
import pytest

from explorer.session.streamlit_internals import part
from tests.explorer.browser import atlas, browser_only, go_to, place, press, query
from tests.helpers import until

pytestmark = browser_only
WAIT_MS = 60_000


def settled(page):
    """Whether the plane shows the exact dream that the server made for its point."""
    return page.locator(".plane").get_attribute("data-settled") == "true"


def picture(page):
    return page.locator(".plane .picture").evaluate(
        "e => [e.style.backgroundImage.slice(-80), e.style.backgroundPosition].join()"
    )


@pytest.fixture
def plane(address, visit):
    page = visit(f"{address}&sight=plane&intensity=0.7")
    page.wait_for_selector(".plane[data-settled=true]", timeout=WAIT_MS)
    return page


def test_dreams_follow_the_drag_and_the_page_follows_the_release(plane, visit):
    page = plane
    before, memories = atlas(page, "rem"), page.locator(".memory img").nth(0).get_attribute("src")
    box = page.locator(".pad").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    shown = {picture(page)}
    for _ in range(5):
        x, y = x + 0.09 * box["width"], y - 0.07 * box["height"]
        page.mouse.move(x, y)
        shown.add(picture(page))
    assert len(shown) == 6  # each from what the browser has at hand
    assert not settled(page)
    assert np.array_equal(atlas(page, "rem"), before)
    assert query(page)["lam"] == "0.5"  # nothing was sent yet
    page.mouse.up()
    until(lambda: query(page)["lam"] != "0.5", "the address doesn't follow")
    lam, lam_prime = float(query(page)["lam"]), float(query(page)["lam_prime"])
    assert lam == pytest.approx(0.995, abs=0.02)
    assert lam_prime == pytest.approx(0.885, abs=0.02)
    until(lambda: settled(page), "the exact dream doesn't come")
    assert place(page) == f"{lam:.2f} {lam_prime:.2f}"
    until(lambda: not np.array_equal(atlas(page, "rem"), before), "the dreams stay")
    assert page.locator(".memory img").nth(0).get_attribute("src") == memories
    assert query(page)["intensity"] == "0.7"
    other = visit(page.url)
    until(
        lambda: np.array_equal(atlas(other, "rem"), atlas(page, "rem")), "others see other dreams"
    )


def test_a_touch_moves_the_point_too(plane):
    page = plane
    box = page.locator(".pad").bounding_box()
    page.locator(".pad").evaluate(
        """(pad, [x, y]) => {
            const touch = {pointerId: 7, pointerType: 'touch', button: 0, bubbles: true,
                           clientX: x, clientY: y};
            pad.setPointerCapture = () => {};
            for (const name of ['pointerdown', 'pointermove', 'pointerup'])
                pad.dispatchEvent(new PointerEvent(name, touch));
        }""",
        [box["x"] + 2, box["y"] + box["height"] - 2],
    )
    assert place(page) == "0.00 0.00"
    until(lambda: query(page)["lam"] == "0", "the address doesn't follow")


def test_the_dial_moves_the_point_and_the_point_the_dial(plane):
    page = plane
    page.locator("[class*=st-key-lam-slider] input").focus()
    page.keyboard.press("Home")
    until(lambda: place(page) == "0.00 0.50" and settled(page), "the point doesn't follow the dial")
    page.locator(".pad").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert place(page) == "0.11 0.60"
    field = page.locator("[class*=st-key-lam_prime-typed] input")
    values = "fields => fields.map(field => field.value).join()"  # the old one goes later
    until(lambda: field.evaluate_all(values) == "0.60", "the dial doesn't follow")
    page.keyboard.press("Home")  # back to where the network was trained
    until(lambda: query(page)["lam"] == query(page)["lam_prime"] == "0.5", "not back")


def test_a_talk_by_keyboard_alone(address, visit):
    page = visit(f"{address}&sight=plane")
    press(page, "p")
    page.wait_for_selector(".plane.talk[data-settled=true]", timeout=WAIT_MS)
    for gone in ("sidebar", "header"):
        assert not page.locator(part(gone)).is_visible()
    label = page.locator("[class*=st-key-lam-slider] label p")
    assert label.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 20
    assert page.locator(part("main")).evaluate("e => e.scrollHeight") <= 720
    assert page.locator(".plane .picture").bounding_box()["width"] >= 384
    first = picture(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert place(page) == "0.70 0.40"
    until(lambda: query(page)["lam"] == "0.7" and settled(page), "the server doesn't follow")
    assert picture(page) != first
    press(page, "PageDown")  # as a presenter's remote sends it
    until(lambda: query(page)["seed"] == "1", "the next memories don't come")
    press(page, "Escape")
    page.wait_for_selector(part("sidebar"), timeout=WAIT_MS)
    assert "present" not in query(page)
    assert query(page)["lam"] == "0.7"


def test_keys_step_to_other_memories_and_back(address, visit):
    page = visit(address)
    before = atlas(page, "memories")
    press(page, "k")
    until(lambda: query(page)["seed"] == "1", "no next seed")
    until(lambda: not np.array_equal(atlas(page, "memories"), before), "the memories stay")
    press(page, "j")
    until(lambda: np.array_equal(atlas(page, "memories"), before), "not back")


def test_arrow_keys_turn_the_storyboard_and_a_reload_keeps_the_step(address, visit):
    page = visit(address.replace("/?", "/storyboard?"))
    title = page.locator(".pad-title h1")
    for expected in ("Wake · Rebuild", "Wake · Recognise", "NREM · Replay"):
        press(page, "ArrowRight")
        until(lambda wanted=expected: title.inner_text() == wanted, f"no {expected}")
    press(page, "ArrowLeft")
    until(lambda: title.inner_text() == "Wake · Recognise", "not back")
    page.reload()
    page.wait_for_selector(".pad-flow", timeout=WAIT_MS)
    until(lambda: title.inner_text() == "Wake · Recognise", "the reload forgot the step")


def test_nothing_is_asked_of_any_other_computer(address, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    try:
        page.goto(f"{address}&sight=plane")
        page.wait_for_selector(".plane[data-settled=true]", timeout=WAIT_MS)
        for name, group in (("Storyboard", "Understand"), ("About", ""), ("Wall", "Understand")):
            go_to(page, name, group)
            page.wait_for_timeout(1500)
    finally:
        context.close()
    hosts = {urlsplit(url).hostname for url in asked if re.match("(https?|wss?):", url)}
    assert hosts == {urlsplit(address).hostname}
    assert len(asked) > 20


def test_two_viewers_keep_to_themselves(address, visit):
    one, other = visit(f"{address}&seed=1"), visit(f"{address}&seed=2&sight=wall")
    first = atlas(one, "memories")
    press(other, "k")
    until(lambda: query(other)["seed"] == "3", "the second viewer's step is lost")
    one.locator("[class*=st-key-lam-slider] input").focus()
    one.keyboard.press("End")
    until(lambda: query(one)["lam"] == "1", "the first viewer's step is lost")
    assert query(other)["lam"] == "0.5"
    assert query(one)["seed"] == "1"
    assert np.array_equal(atlas(one, "memories"), first)
    assert other.locator(".pad-nights").count() == 1
    assert one.locator(".pad-nights").count() == 0
