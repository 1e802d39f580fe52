"""For tests that drive the explorer in a real browser, as a person would.

Fixtures (see conftest.py) start one server and one browser for all of them. A module whose tests
use them sets ``pytestmark = browser_only``.
"""

import base64
import importlib.util
import io
import re
import shutil
from urllib.parse import parse_qsl

import numpy as np
import pytest
from PIL import Image

from explorer.session.streamlit_internals import IDLE, part

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)

PLAYWRIGHT = importlib.util.find_spec("playwright") is not None
browser_only = [
    pytest.mark.browser,
    pytest.mark.skipif(not PLAYWRIGHT, reason="playwright is not installed"),
    pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is installed"),
]


def settle(page):
    """Wait until the server has said all and the browser has drawn it: keys act from then on.

    What a key does is told to the browser only after its button was drawn.
    """
    page.wait_for_selector(IDLE, timeout=120_000)
    page.wait_for_selector(part("skeleton"), state="detached", timeout=120_000)
    page.evaluate("new Promise((idle) => requestIdleCallback(idle))")


def press(page, key):
    """A key, as a person would press it who sees the page."""
    settle(page)
    page.keyboard.press(key)


def go_to(page, name, group=""):
    """To another page by the menu at the top, where most stand in groups."""
    menu = page.locator(part("top-navigation"))
    if group:
        menu.get_by_text(group, exact=True).click()
    page.get_by_role("menuitem" if group else "link", name=name, exact=True).click()


def query(page):
    """What the page's address says."""
    return dict(parse_qsl(page.evaluate("location.search.slice(1)")))


def place(page):
    """Where the dream plane's point is, as the browser has it: 'λ λ′'."""
    return page.locator(".plane").get_attribute("data-at")


def atlas(page, panel):
    """A panel's atlas as it reached the browser: uint8 (rows, columns, 3)."""
    style = page.locator(f".pad-{panel}").get_attribute("style")
    png = base64.b64decode(re.search(r"base64,([\w+/=]+)", style)[1])
    return np.asarray(Image.open(io.BytesIO(png)))


_SMALLER = """(main, least) => {
  const found = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const element = node.parentElement, range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const size = element && parseFloat(getComputedStyle(element).fontSize);
      const seen = node.data.trim() && box.width > 1 && box.height > 1;
      if (seen && size < least && element.checkVisibility({ visibilityProperty: true }))
        found.push(`${size} px: ${node.data.trim().slice(0, 40)}`);
    } else if (!["STYLE", "SCRIPT"].includes(node.tagName)) {
      for (const child of (node.shadowRoot ?? node).childNodes) walk(child);
    }
  };
  walk(main);
  return found;
}"""


def smaller_type(page, least=16):
    """All text of the page that is seen, charts' too, in type of fewer pixels than ``least``."""
    return page.locator(part("main")).first.evaluate(_SMALLER, least)
