"""A saved talk in a real browser: views are added, turned by page keys, and read from afar."""

import pytest

from explorer.session.streamlit_internals import part
from tests.explorer.browser import browser_only, place, query, settle
from tests.helpers import until

pytestmark = browser_only
WAIT_MS = 120_000
# All text that is seen in smaller type than 16 px, in shadow trees too.
SMALL = """() => {
  const found = [];
  const look = (root) => {
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (node.shadowRoot) look(node.shadowRoot);
      const element = node.parentElement;
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim() || !element) continue;
      if (element.closest('style, script, [data-testid="stSkipToContent"], sub, .letter')) continue;
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const { width, height } = range.getBoundingClientRect();
      const size = parseFloat(getComputedStyle(element).fontSize);
      if (width > 1 && height > 1 && size < 15.99) found.push(`${node.data.trim()} (${size})`);
    }
  };
  look(document.body);
  return found;
}"""


def at(address, page, **choices):
    """The address of another page with these choices."""
    return address.replace("/?", f"/{page}?") + "".join(f"&{k}={v}" for k, v in choices.items())


def heading(page):
    return page.locator(".pad-title h1").inner_text()


def where(page):
    return page.evaluate("location.pathname")


def is_at(page, path, **choices):
    """Wait until the page stands there."""
    until(
        lambda: choices.items() <= query(page).items() and where(page) == f"/{path}",
        lambda: f"{page.url} is not at {path} with {choices}",
    )
    settle(page)


def add(page, title, note=""):
    page.locator("[class*=st-key-talk-open] button").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Caption").fill(note)
    page.get_by_role("button", name="Add this view to the talk").click()
    page.get_by_text("of the talk now").wait_for(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def views(address, browser):
    """A talk of three views."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    for number, (path, choices) in enumerate(
        [
            ("dream", {"sight": "wall", "lam": 0.9}),
            ("wall", {"wall": "rem", "lam": 0.2}),
            ("dream", {"sight": "plane", "lam": 0.4}),
        ]
    ):
        page.goto(at(address, path, **choices))
        page.wait_for_selector(".pad-footer", state="attached", timeout=WAIT_MS)
        settle(page)
        add(page, f"View {number + 1}", "one line of caption")
    page.context.close()


@pytest.fixture
def talk(address, visit, views):
    """The talk, begun."""
    page = visit(at(address, "talk"))
    page.get_by_role("button", name="Begin the talk").click()
    is_at(page, "dream", slide="1", sight="wall", present="sight", lam="0.9")
    return page


def test_page_keys_turn_the_views_and_escape_leaves(talk):
    assert heading(talk) == "View 1"
    assert talk.get_by_text("one line of caption").is_visible()
    talk.keyboard.press("PageDown")
    is_at(talk, "wall", slide="2", wall="rem", lam="0.2")
    assert heading(talk) == "View 2"
    talk.locator("[class*=st-key-lam-slider] input").focus()  # a slider knows these keys, too
    talk.keyboard.press("PageDown")
    is_at(talk, "dream", slide="3", sight="plane", lam="0.4")
    talk.keyboard.press("PageDown")
    settle(talk)
    assert query(talk)["slide"] == "3"
    for pause_ms in (0, 30, 120):  # the second comes while the first one's page is on its way
        talk.keyboard.press("PageUp")
        talk.wait_for_timeout(pause_ms)
        talk.keyboard.press("PageUp")
        is_at(talk, "dream", slide="1", sight="wall")
        talk.keyboard.press("PageDown")
        talk.wait_for_timeout(pause_ms)
        talk.keyboard.press("PageDown")
        is_at(talk, "dream", slide="3", sight="plane")
    talk.keyboard.press("Escape")
    until(lambda: "present" not in query(talk), "the talk doesn't end")
    assert "slide" not in query(talk)
    settle(talk)
    assert talk.get_by_role("button", name="Present").is_visible()


def test_arrows_turn_the_views_where_nothing_else_takes_them(talk):
    talk.keyboard.press("ArrowRight")
    is_at(talk, "wall", slide="2")
    talk.keyboard.press("ArrowRight")  # λ's, here
    until(lambda: query(talk)["lam"] == "0.3", "λ doesn't move")
    assert query(talk)["slide"] == "2"
    talk.keyboard.press("PageDown")
    is_at(talk, "dream", slide="3")
    talk.wait_for_selector(".plane.talk[data-settled=true]", timeout=WAIT_MS)
    talk.keyboard.press("ArrowRight")
    assert place(talk) == "0.50 0.50"
    until(lambda: query(talk)["lam"] == "0.5", "λ doesn't move")
    assert query(talk)["slide"] == "3"


SIGHTS = {
    "night": ("dream", {"sight": "night"}),
    "plane": ("dream", {"sight": "plane"}),
    "many": ("dream", {"sight": "wall"}),
    "wall": ("wall", {"wall": "rem"}),
    "map": ("map", {}),
    "storyboard": ("storyboard", {}),
    "curves": ("curves", {"curves": "losses"}),
    "epochs": ("curves", {"curves": "epochs"}),
    "lab": ("lab", {"lab": "recall"}),
}


@pytest.mark.parametrize("sight", SIGHTS)
def test_each_sight_can_be_presented_in_type_of_16_px_or_more(address, visit, sight):
    path, choices = SIGHTS[sight]
    page = visit(at(address, path, **choices))
    before = page.get_by_role("button", name="Present").bounding_box()
    assert before["x"] + before["width"] > 1280 - 40  # the last at the right, on each page
    page.keyboard.press("p")
    until(lambda: query(page).get("present") == "sight", "P doesn't present")
    settle(page)
    assert not page.evaluate(SMALL)
    assert not page.locator(part("sidebar")).is_visible()
    assert page.locator(part("main")).evaluate("e => e.scrollHeight") <= 720
    after = page.get_by_role("button", name="End the talk").bounding_box()
    assert after["x"] + after["width"] > 1280 - 45 and after["y"] < 60


def test_a_click_on_empty_ground_leaves_no_frame(address, visit):
    page = visit(at(address, "dream", sight="wall", present="sight"))
    page.mouse.click(60, 650)
    page.keyboard.press("Shift")  # from the keyboard on, a browser marks what has the focus
    style = "getComputedStyle(document.activeElement)"
    assert page.evaluate(f"{style}.outlineStyle") == "none"
    assert page.evaluate(f"{style}.boxShadow") == "none"
