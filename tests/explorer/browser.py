"""A running explorer and a real browser, for tests that drive it as a person would.

A plugin of the tests (see conftest.py); its fixtures start one server and one browser for
all of them. A module whose tests use it sets ``pytestmark = browser_only``.
"""

import base64
import contextlib
import importlib.util
import io
import re
import shutil
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
from PIL import Image

from bench.browser import FLAGS, Server
from tests.explorer.pages import write_checkpoint

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"

PLAYWRIGHT = importlib.util.find_spec("playwright") is not None
browser_only = [
    pytest.mark.browser,
    pytest.mark.skipif(not PLAYWRIGHT, reason="playwright is not installed"),
    pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is installed"),
]


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """A running explorer's address that shows a checkpoint in a folder of its own."""
    path = write_checkpoint(tmp_path_factory.mktemp("browser") / "pad.safetensors")
    env = {"OMP_NUM_THREADS": "1", "PAD_JOURNAL": str(path.with_name("j.jsonl"))}
    with contextlib.closing(Server(env, stderr=None, patience_s=30)) as server:
        yield f"{server.address}?{urlencode({'folder': path.parent, 'checkpoint': path})}"


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open an address in a browser without a past, on a 1280×720 screen."""
    contexts = []

    def open_page(url):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 720}))
        page = contexts[-1].new_page()
        page.goto(url)
        page.wait_for_selector(".pad-footer", state="attached", timeout=120_000)
        # Real images come in the background and change the page once they are there.
        loading = "document.querySelector('.st-key-real-images [role=progressbar]')"
        page.wait_for_function(f"!{loading}", timeout=120_000)
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def settle(page):
    """Wait until the server has said all and the browser has drawn it: keys act from then on.

    What a key does is told to the browser only after its button was drawn.
    """
    page.wait_for_selector(IDLE, timeout=120_000)
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=120_000)
    page.evaluate("new Promise((idle) => requestIdleCallback(idle))")


def press(page, key):
    """A key, as a person would press it who sees the page."""
    settle(page)
    page.keyboard.press(key)


def until(condition, what, seconds=60):
    """Wait for what the server answers when it gets to it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


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
